//! The audit log, to be read by staff; and the part of it that a patient may read of themself.

use ihs_store::{Document, Index, Sort};

use crate::{
    audit::{ENTRIES, entry::Action, indexes},
    error::ApiError,
    fields::{Field, kind::Kind},
    http::Call,
    viewset::{
        ViewSet,
        policy::{self, Policy, Rule},
        resource::down,
    },
};

/// The resource.
pub(crate) struct Audit;

/// What `GET /api/patients/{username}/access-log/` shows.
pub(crate) struct AccessLog;

impl ViewSet for Audit {
    type Record = Document;
    const NAME: &'static str = ENTRIES;
    const MODEL: &'static str = "Entry";
    const ABOUT: &'static str = "Who saw and changed the data of which patient, when and why.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::new("n", Kind::Integer { min: None, max: None }).read_only(),
        Field::time("time").read_only().filter(),
        Field::person("user").null().read_only().filter(),
        Field::text("role").null().read_only(),
        Field::choice("action", Action::NAMES).read_only().filter(),
        Field::person("patient").null().read_only().filter(),
        Field::text("resource").null().read_only().filter(),
        Field::text("record").null().read_only(),
        Field::text("reason").null().read_only(),
        Field::boolean("break_glass").read_only(),
        Field::text("address").null().read_only(),
        Field::text("session").null().read_only(),
        Field::text("prev").read_only(),
        Field::text("hash").read_only(),
    ];
    const POLICY: Policy = READ_BY_STAFF;
    const ORDER: &'static [Sort] = &[down("time")];

    fn indexes() -> Vec<Index> {
        indexes()
    }

    /// What was done before is to be seen.
    async fn before_list(call: &Call) -> Result<(), ApiError> {
        call.ctx.audit.settle().await
    }
}

/// What tells of the whole clinic is left out: how many entries there are, and where logins came from.
impl ViewSet for AccessLog {
    type Record = Document;
    const NAME: &'static str = "access-log";
    const MODEL: &'static str = "Entry";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::time("time").read_only().filter(),
        Field::person("user").null().read_only().filter(),
        Field::text("role").null().read_only(),
        Field::choice("action", Action::NAMES).read_only().filter(),
        Field::text("resource").null().read_only().filter(),
        Field::text("record").null().read_only(),
        Field::text("reason").null().read_only(),
        Field::boolean("break_glass").read_only(),
    ];
    const POLICY: Policy = READ_BY_STAFF;
    const ORDER: &'static [Sort] = &[down("time")];

    /// What was done before is to be seen.
    async fn before_list(call: &Call) -> Result<(), ApiError> {
        call.ctx.audit.settle().await
    }
}

/// Nobody writes it but the log itself.
const READ_BY_STAFF: Policy = Policy {
    read: Rule::Users(policy::staff),
    create: Rule::Unserved,
    change: Rule::Unserved,
    delete: Rule::Unserved,
};
