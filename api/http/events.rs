//! Streams of Server-Sent Events.

use futures_util::{future::ready, stream};
use ihs_actors::{
    Opening, Username,
    protocol::JoinFrom,
    session::{event_stream::EventStream, users::Crowded},
};
use ihs_config::UnknownParameters;
use ihs_store::{RoomId, Timestamp};

use super::{Call, Reply, params::Params};
use crate::{
    error::ApiError,
    faults::{Faults, unknown_parameter},
};

/// The type of such a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// What a stream tells of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    /// This room, from here on.
    Room(RoomId, JoinFrom),
    /// The caller's inbox.
    Inbox,
}

/// Answers with a stream for the caller, who may have it.
pub(crate) fn stream_to(call: &Call, source: Source) -> Result<Reply, ApiError> {
    if call.is_head() {
        return Ok(Reply::events(stream::empty()));
    }
    if call.ctx.is_draining() {
        // An error would end an EventSource for good; so it comes back.
        return Ok(Reply::events(stream::once(ready(Ok(EventStream::farewell())))));
    }
    let principal = call.principal()?;
    let user = Username::try_from(principal.username.as_str()).map_err(ApiError::internal)?;
    let opening = Opening {
        admission: call.ctx.hub.admit(&user).map_err(crowded)?,
        login: principal.session.clone(),
        expires: Timestamp::from_millis(principal.expires.saturating_mul(1_000)),
        room: match source {
            Source::Room(room, from) => Some((room, from)),
            Source::Inbox => None,
        },
        inbox: source == Source::Inbox,
    };
    Ok(Reply::events(EventStream::open(call.fan_out()?, opening)))
}

/// Names the parameters that are not known here.
pub(crate) fn unknown(params: &Params, known: &[&str], setting: UnknownParameters) -> Faults {
    let mut faults = Faults::default();
    for name in params.names() {
        if setting == UnknownParameters::Refuse && !known.contains(&name) {
            faults.add(name, unknown_parameter(name));
        }
    }
    faults
}

/// Why there is no place for one more socket or stream.
pub(crate) fn crowded(crowded: Crowded) -> ApiError {
    match crowded {
        Crowded::User => ApiError::Throttled(1),
        Crowded::Node => ApiError::Unavailable(Box::new(crowded)),
    }
}
