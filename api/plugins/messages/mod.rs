//! Messages: what was said in the rooms that one is in, out of their logs. There is no other copy:
//! what is sent, edited or deleted here goes into the log, and comes to sockets like theirs.
//!
//! - this file: the resource; [`asked`]: what the parameters of a list mean
//! - [`found`]: the one way to a single message; [`list`]: pages of many
//! - [`send`], [`amend`]: what is written; [`row`]: a message as it is shown

mod amend;
mod asked;
mod found;
mod list;
mod row;
mod send;

use std::future::ready;

use futures_util::future::LocalBoxFuture;
use ihs_actors::{Username, protocol::MAX_KEY_CHARS, room::origin::Refused};
use ihs_store::{Collection, Document, Sort};
use serde_json::Value;

use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    fields::{
        Field,
        clean::Stage,
        kind::{Format, Kind, TextRule},
    },
    http::Call,
    viewset::{
        Declared, ViewSet,
        hooks::{Checked, Row},
        plugin::{Answer, Plugin},
        policy::{self, Policy, Rule},
        resource::{Action, Resource, up},
        show,
    },
};

/// The resource.
pub(crate) struct Messages;

impl ViewSet for Messages {
    type Record = Document;
    const NAME: &'static str = "messages";
    const MODEL: &'static str = "Message";
    const ABOUT: &'static str = "What was said in the rooms that one is in.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::reference("room", "rooms").null().create_only().filter(),
        Field::new("seq", Kind::Integer { min: None, max: None }).read_only(),
        Field::person("sender").read_only().filter(),
        Field::person("receiver").null().create_only().filter(),
        Field::text("text").required(),
        Field::formatted("key", Format::Exact).max(MAX_KEY_CHARS).null().write_only().create_only(),
        Field::text("senderUsername").stored_as("sender").read_only(),
        Field::shown("senderName", Kind::Text(TextRule::PLAIN)),
        Field::text("receiverUsername").stored_as("receiver").read_only(),
        Field::shown("receiverName", Kind::Text(TextRule::PLAIN)),
        Field::time("time_created").read_only().sort().filter(),
        Field::time("time_updated").read_only(),
        Field::boolean("deleted").read_only(),
    ];
    /// Any user has messages; which, the rooms decide that they are in.
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Users(policy::everything),
        change: Rule::Users(policy::everything),
        delete: Rule::Users(policy::everything),
    };
    const ORDER: &'static [Sort] = &[up("time_created")];

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        send::check(call, checked).await
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        row::name(ctx, rows).await
    }
}

impl Plugin for Messages {
    fn resource(&self) -> &'static Resource {
        Self::RESOURCE
    }

    fn stored(&self) -> Option<Collection> {
        None
    }

    /// A time is asked for by its bounds, and one receiver at a time.
    fn takes_filter(&self, name: &str) -> bool {
        !matches!(name, "time_created__in" | "receiver__in")
    }

    fn list<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(list::list(call))
    }

    fn create<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(send::send(call))
    }

    fn retrieve<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(async move {
            let reply = found::visible(call).await?.reply(call).await?;
            Ok(reply.unless_known(call.header(actix_web::http::header::IF_NONE_MATCH)))
        })
    }

    fn update<'call>(&self, call: &'call Call, stage: Stage) -> Answer<'call> {
        Box::pin(amend::update(call, stage))
    }

    fn delete<'call>(&self, call: &'call Call) -> Answer<'call> {
        Box::pin(amend::delete(call))
    }

    fn may_change<'call>(&self, call: &'call Call) -> LocalBoxFuture<'call, Result<(), ApiError>> {
        Box::pin(async move { found::own(call).await.map(drop) })
    }

    fn act<'call>(&self, _: &'call Call, _: &'static Action) -> Answer<'call> {
        Box::pin(ready(Err(ApiError::no_path())))
    }

    fn show<'call>(
        &self,
        ctx: &'call Ctx,
        caller: &'call Caller,
        document: Document,
    ) -> LocalBoxFuture<'call, Result<Value, ApiError>> {
        Box::pin(show::show::<Self>(ctx, caller, document))
    }

    fn normal_form(&self, _: Document) -> Result<Document, ApiError> {
        Err(ApiError::internal("messages are appended to logs"))
    }
}

/// The caller, by the name that the realtime core knows.
fn user(call: &Call) -> Result<Username, ApiError> {
    Username::try_from(call.principal()?.username.as_str()).map_err(ApiError::internal)
}

/// Counts one more message towards what the caller may send, on whichever way.
fn count(call: &Call, user: &Username) -> Result<(), ApiError> {
    call.ctx.hub.may_send(user).map_err(|wait| {
        let whole = u64::from(wait.subsec_nanos() > 0);
        ApiError::Throttled((wait.as_secs() + whole).max(1))
    })
}

/// What the realtime core refuses, to a client.
fn refused(refused: Refused) -> ApiError {
    match refused {
        Refused::NotFound => ApiError::no_match(Messages::MODEL),
        Refused::Forbidden => ApiError::Forbidden,
        Refused::KeyConflict => ApiError::KeyReused,
        Refused::Unavailable => ApiError::Unavailable(Box::new(refused)),
    }
}
