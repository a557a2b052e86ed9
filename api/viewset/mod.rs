//! The generic viewset layer: what Django REST framework's `ModelViewSet` gave, declared instead of
//! inherited. A resource declares itself as a [`ViewSet`]; everything else follows from that.
//!
//! - this file: what a resource declares; [`hooks`]: what its hooks get to work with
//! - [`resource`]: the declaration as data; [`plugin`]: a resource behind one object-safe face
//! - [`policy`]: who may do what; [`object`]: the one way to a single record
//! - [`list`], [`filters`], [`search`], [`ordering`], [`paging`], [`cursor`]: reading many
//! - [`create`], [`update`], [`delete`]: writing; [`validate`], [`references`], [`unique`]: checks
//! - [`related`]: what the rows of a page name; [`notices`]: who is told of a write; [`idempotency`]: POST again; [`show`]: from record to answer; [`options`]: metadata
//! - [`envelope`]: what no body can reach
//! - [`endpoints`]: what is served at a resource's paths
//!
//! What holds for all: the policy is part of every query; no body reaches the envelope (`_id`,
//! `_owner`, `_version`, `_created`, `_updated`); a hook's further writes are done together with
//! the record's, or not at all.

pub(crate) mod create;
pub(crate) mod cursor;
pub(crate) mod delete;
pub(crate) mod endpoints;
pub(crate) mod envelope;
pub(crate) mod filters;
pub(crate) mod hooks;
pub(crate) mod idempotency;
pub(crate) mod list;
pub(crate) mod notices;
pub(crate) mod object;
pub(crate) mod options;
pub(crate) mod ordering;
pub(crate) mod paging;
#[cfg(test)]
mod plans_tests;
pub(crate) mod plugin;
pub(crate) mod policy;
pub(crate) mod references;
pub(crate) mod related;
pub(crate) mod resource;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod unique;
pub(crate) mod update;
pub(crate) mod validate;

use std::future::{Future, ready};

use ihs_store::{Document, Filter, Index, Sort};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    fields::{Field, input::Input},
    http::{Call, Reply},
};
use hooks::{Checked, Draft, Edit, Removal, Row};
use object::{Right, object};
use policy::Policy;
use resource::{Action, Described, Lookup, Resource, Together};

/// A resource. Only the first few items must be said; the rest have defaults that fit most.
pub(crate) trait ViewSet: Sized + 'static {
    /// What is stored and shown.
    type Record: Serialize + DeserializeOwned;
    /// The name in paths.
    const NAME: &'static str;
    /// What error messages call one record: `No Insurance matches the given query.`
    const MODEL: &'static str;
    /// Its fields, in the order in which they are shown.
    const FIELDS: &'static [Field];
    /// Who may do what.
    const POLICY: Policy;
    /// What it is, for OPTIONS.
    const ABOUT: &'static str = "";
    /// What names a record in a path.
    const LOOKUP: Lookup = Lookup::Id;
    /// The order of a list when the client does not say.
    const ORDER: &'static [Sort] = &[];
    /// Fields that are unique together.
    const UNIQUE_TOGETHER: &'static [Together] = &[];
    /// What else can be done with a record.
    const ACTIONS: &'static [Action] = &[];
    /// The stored field that names the patient whose data a record is, if it is somebody's: whoever
    /// sees or writes it is recorded. Null in a record means that it is nobody's.
    const PATIENT: Option<&'static str> = None;

    /// What the OpenAPI document says about those actions, and what else is below the resource.
    const DESCRIBED: &'static [Described] = &[];
    /// When [`ViewSet::existing`] finds something, for the OpenAPI document.
    const EXISTING: Option<&'static str> = None;

    /// Records that are there at all, whoever asks.
    fn base() -> Filter {
        Filter::everything()
    }

    /// Indexes that do not follow from the fields.
    fn indexes() -> Vec<Index> {
        Vec::new()
    }

    /// Checks what fields cannot check on their own, and may complete the values.
    fn check(_: &Call, _: &mut Checked<'_>) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// Works out what the store alone keeps of a new record, however it is made.
    fn complete(_: &mut Self::Record) {}

    /// Completes a new record, and adds writes that belong to it.
    fn before_create(
        _: &Call,
        _: &mut Draft<Self::Record>,
    ) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// The record that is there already instead of the new one: it is answered with 200.
    fn existing(
        _: &Call,
        _: &Self::Record,
    ) -> impl Future<Output = Result<Option<Document>, ApiError>> {
        ready(Ok(None))
    }

    /// What follows once a record is stored.
    fn after_create(_: &Call, _: &Draft<Self::Record>) {}

    /// What a change ends with when the record is not there, or not the caller's to see; `None`
    /// for the usual 404.
    fn unseen(_: &Call, _: &Input) -> impl Future<Output = Result<Option<ApiError>, ApiError>> {
        ready(Ok(None))
    }

    /// Completes a change, and adds writes that belong to it. Done again when the record moved on
    /// meanwhile.
    fn before_update(
        _: &Call,
        _: &mut Edit<Self::Record>,
    ) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// What follows once a change is stored.
    fn after_update(_: &Call, _: &Edit<Self::Record>) {}

    /// Adds writes that belong to a deletion, or puts something else in its place.
    fn before_delete(
        _: &Call,
        _: &mut Removal<Self::Record>,
    ) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// What follows once a record is gone.
    fn after_delete(
        _: &Call,
        _: &Removal<Self::Record>,
    ) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// What has to be there before a page is read.
    fn before_list(_: &Call) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// Works out the derived fields of all rows of a page at once.
    fn derive(_: &Ctx, _: &Caller, _: &mut [Row]) -> impl Future<Output = Result<(), ApiError>> {
        ready(Ok(()))
    }

    /// The record that one of [`ViewSet::ACTIONS`] is done with: one that the caller may read.
    fn subject(call: &Call, _: &'static str) -> impl Future<Output = Result<Document, ApiError>> {
        object(call, Self::RESOURCE, Right::Read)
    }

    /// Does one of [`ViewSet::ACTIONS`] with its record.
    fn act(
        _: &Call,
        _: &'static str,
        _: Document,
    ) -> impl Future<Output = Result<Reply, ApiError>> {
        ready(Err(ApiError::no_path()))
    }
}

/// The declaration of a viewset as data.
pub(crate) trait Declared {
    /// The declaration.
    const RESOURCE: &'static Resource;
}

impl<V: ViewSet> Declared for V {
    const RESOURCE: &'static Resource = &Resource {
        name: V::NAME,
        model: V::MODEL,
        about: V::ABOUT,
        lookup: V::LOOKUP,
        fields: V::FIELDS,
        policy: V::POLICY,
        order: V::ORDER,
        unique_together: V::UNIQUE_TOGETHER,
        actions: V::ACTIONS,
        patient: V::PATIENT,
        described: V::DESCRIBED,
        existing: V::EXISTING,
        base: V::base,
        indexes: V::indexes,
    };
}
