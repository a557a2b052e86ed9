//! A resource behind one object-safe face, so that all of them stand in one list.

use std::marker::PhantomData;

use futures_util::future::LocalBoxFuture;
use ihs_store::{Collection, Document};
use serde_json::Value;

use super::{
    Declared, ViewSet, create, delete, hooks, list,
    object::{Right, object},
    resource::{Action, Resource},
    show, update,
};
use crate::{
    Ctx,
    audit::trace,
    auth::Caller,
    error::ApiError,
    fields::clean::Stage,
    http::{Call, Reply, etag::version_of},
};

/// What a request to a resource comes to.
pub(crate) type Answer<'call> = LocalBoxFuture<'call, Result<Reply, ApiError>>;

/// A resource, whatever its records are.
pub(crate) trait Plugin: Sync {
    /// What it declares.
    fn resource(&self) -> &'static Resource;

    /// The collection of its records; `None` when they are kept elsewhere.
    fn stored(&self) -> Option<Collection> {
        Some(self.resource().stored())
    }

    /// Whether a filter that follows from the fields can be asked here.
    fn takes_filter(&self, _: &str) -> bool {
        true
    }

    /// GET on the resource.
    fn list<'call>(&self, call: &'call Call) -> Answer<'call>;

    /// POST on the resource.
    fn create<'call>(&self, call: &'call Call) -> Answer<'call>;

    /// GET on a record.
    fn retrieve<'call>(&self, call: &'call Call) -> Answer<'call>;

    /// PUT and PATCH on a record.
    fn update<'call>(&self, call: &'call Call, stage: Stage) -> Answer<'call>;

    /// DELETE on a record.
    fn delete<'call>(&self, call: &'call Call) -> Answer<'call>;

    /// Whether the caller may change a record; the error says why not.
    fn may_change<'call>(&self, call: &'call Call) -> LocalBoxFuture<'call, Result<(), ApiError>>;

    /// Something else with a record.
    fn act<'call>(&self, call: &'call Call, action: &'static Action) -> Answer<'call>;

    /// A record as the caller sees it.
    fn show<'call>(
        &self,
        ctx: &'call Ctx,
        caller: &'call Caller,
        document: Document,
    ) -> LocalBoxFuture<'call, Result<Value, ApiError>>;

    /// These values as a record is stored, without its envelope.
    fn normal_form(&self, values: Document) -> Result<Document, ApiError>;
}

/// Makes a plugin of a viewset.
pub(crate) struct Served<V>(PhantomData<fn() -> V>);

impl<V: ViewSet> Served<V> {
    /// The one of its kind.
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<V: ViewSet> Plugin for Served<V> {
    fn resource(&self) -> &'static Resource {
        V::RESOURCE
    }

    fn list<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(list::list::<V>(call))
    }

    fn create<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(create::create::<V>(call))
    }

    fn retrieve<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(retrieve::<V>(call))
    }

    fn update<'call>(&self, call: &'call Call, stage: Stage) -> Answer<'call> {
        Box::pin(update::update::<V>(call, stage))
    }

    fn delete<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(delete::delete::<V>(call))
    }

    fn may_change<'call>(&self, call: &'call Call) -> LocalBoxFuture<'call, Result<(), ApiError>> {
        Box::pin(async move { object(call, V::RESOURCE, Right::Change).await.map(drop) })
    }

    fn act<'call>(&self, call: &'call Call, action: &'static Action) -> Answer<'call> {
        Box::pin(async move {
            let document = V::subject(call, action.name).await?;
            V::act(call, action.name, document).await
        })
    }

    fn show<'call>(
        &self,
        ctx: &'call Ctx,
        caller: &'call Caller,
        document: Document,
    ) -> LocalBoxFuture<'call, Result<Value, ApiError>> {
        Box::pin(show::show::<V>(ctx, caller, document))
    }

    fn normal_form(&self, values: Document) -> Result<Document, ApiError> {
        let mut record = hooks::record::<V::Record>(values)?;
        V::complete(&mut record);
        hooks::document(&record)
    }
}

async fn retrieve<V: ViewSet>(call: &Call) -> Result<Reply, ApiError> {
    let document = object(call, V::RESOURCE, Right::Read).await?;
    let version = version_of(&document);
    if !call.precondition().matches(version) {
        return Err(ApiError::PreconditionFailed);
    }
    trace::shown(call, V::RESOURCE, std::slice::from_ref(&document)).await?;
    let shown = show::show::<V>(&call.ctx, &call.caller, document).await?;
    let known = call.header(actix_web::http::header::IF_NONE_MATCH);
    Ok(Reply::record(version, &shown).unless_known(known))
}
