//! Streams of Server-Sent Events.

use futures_util::{future::ready, stream};
use ihs_actors::{
    Opening, Username,
    protocol::JoinFrom,
    session::{event_stream::EventStream, users::Crowded},
};
use ihs_store::{RoomId, Timestamp};

use super::{Call, Reply};
use crate::error::ApiError;

/// The type of such a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Answers with a stream for the caller, who may have it, fed from the room if there is one.
pub(crate) fn stream_to(call: &Call, room: Option<(RoomId, JoinFrom)>) -> Result<Reply, ApiError> {
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
        room,
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
