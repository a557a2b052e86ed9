//! Endpoints that answer with a stream of Server-Sent Events.

use actix_web::http::{Method, header};
use futures_util::{
    future::{LocalBoxFuture, ready},
    stream,
};
use ihs_actors::{
    Opening, Username, protocol::JoinFrom, session::event_stream::EventStream,
    session::users::Crowded,
};
use ihs_store::{RoomId, Timestamp};
use serde_json::{Map, Value, json};

use super::{Call, Endpoint, Reply, accept, edge::Door};
use crate::{error::ApiError, viewset::options::metadata_of};

/// The type of what is answered.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// An endpoint for GET that answers with events.
#[derive(Clone, Copy)]
pub(crate) struct Events {
    /// What OPTIONS calls it.
    pub(crate) name: &'static str,
    /// What it is, for OPTIONS.
    pub(crate) about: &'static str,
    /// Opens the stream, or says why not.
    pub(crate) open: for<'call> fn(&'call Call) -> LocalBoxFuture<'call, Result<Reply, ApiError>>,
}

impl Endpoint for Events {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, method: &Method) -> Door {
        // A browser's EventSource cannot set headers.
        if method == Method::GET { Door::Ticketed } else { Door::Users }
    }

    fn takes(&self, accepted: Option<&str>) -> bool {
        accept::takes(accepted, EVENT_STREAM)
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        if call.method() == Method::OPTIONS {
            return Box::pin(async { Ok(self.describe()) });
        }
        if !self.takes(call.header(header::ACCEPT)) {
            return Box::pin(async { Err(ApiError::NotAcceptable) });
        }
        (self.open)(call)
    }
}

impl Events {
    fn describe(&self) -> Reply {
        let mut said = metadata_of(self.name, self.about, &[], Map::new());
        if let Value::Object(said) = &mut said {
            said.insert("renders".to_owned(), json!([EVENT_STREAM]));
        }
        Reply::ok(&said)
    }
}

/// What a stream is fed from.
pub(crate) enum Source {
    /// A room, from there on.
    Room(RoomId, JoinFrom),
    /// The caller's inbox.
    Inbox,
}

/// Answers with a stream for the caller, who may have it.
pub(crate) fn stream_to(call: &Call, source: &Source) -> Result<Reply, ApiError> {
    if call.is_head() {
        return Ok(Reply::events(stream::empty()));
    }
    if call.ctx.is_draining() {
        // An error would end an EventSource for good; so it comes back.
        return Ok(Reply::events(stream::once(ready(Ok(EventStream::farewell())))));
    }
    let principal = call.principal()?;
    let user = Username::try_from(principal.username.as_str()).map_err(ApiError::internal)?;
    let (room, inbox) = match *source {
        Source::Room(room, from) => (Some((room, from)), false),
        Source::Inbox => (None, true),
    };
    let opening = Opening {
        admission: call.ctx.hub.admit(&user).map_err(crowded)?,
        login: principal.session.clone(),
        expires: Timestamp::from_millis(principal.expires.saturating_mul(1_000)),
        room,
        inbox,
    };
    Ok(Reply::events(EventStream::open(call.fan_out()?, opening)))
}

/// Why there is no place for one more socket or stream.
pub(crate) fn crowded(crowded: Crowded) -> ApiError {
    match crowded {
        Crowded::User => ApiError::Throttled(1),
        Crowded::Node => ApiError::Unavailable(Box::new(crowded)),
    }
}
