//! The one way by which a request reaches a single message: not there outside of the rooms that one
//! is in, and nobody's but its sender's to change.

use ihs_actors::room::membership::ROOMS;
use ihs_store::{Document, EntryId, Filter, Message};
use serde_json::Value;

use super::{Messages, row};
use crate::{
    error::ApiError,
    http::{Call, Reply, etag::version_of},
    plugins::rooms::PAIR,
    viewset::{ViewSet, show::show},
};

/// A message that the caller may read.
pub(super) struct Found {
    /// The message.
    pub(super) message: Message,
    /// Whose direct room it is in.
    pair: Option<String>,
}

impl Found {
    /// A message of a room.
    pub(super) fn new(message: Message, room: &Document) -> Self {
        let pair = room.get(PAIR).and_then(Value::as_str).map(str::to_owned);
        Self { message, pair }
    }

    /// As a record.
    pub(super) fn document(&self) -> Document {
        row::document(&self.message, self.pair.as_deref())
    }

    /// As an answer.
    pub(super) async fn reply(&self, call: &Call) -> Result<Reply, ApiError> {
        let document = self.document();
        let version = version_of(&document);
        let shown = show::<Messages>(&call.ctx, &call.caller, document).await?;
        Ok(Reply::record(version, &shown))
    }
}

/// The message that the path names. Whether the caller is in its room is asked after it was read:
/// nobody sees what was said from their removal on.
pub(super) async fn visible(call: &Call) -> Result<Found, ApiError> {
    let not_there = || ApiError::no_match(Messages::MODEL);
    let id: EntryId = call.key().parse().map_err(|_| not_there())?;
    let store = &call.ctx.store;
    let message = store.message(id).await?.ok_or_else(not_there)?;
    let room = store.get(ROOMS, &message.room.to_string()).await?;
    let mine = Filter::Has("members", call.principal()?.username.clone().into());
    let room = room.filter(|room| mine.matches(room)).ok_or_else(not_there)?;
    Ok(Found::new(message, &room))
}

/// The same, to change it: what is deleted is nobody's any more.
pub(super) async fn own(call: &Call) -> Result<Found, ApiError> {
    let found = visible(call).await?;
    if found.message.deleted {
        return Err(ApiError::no_match(Messages::MODEL));
    }
    if found.message.sender != call.principal()?.username {
        return Err(ApiError::Forbidden);
    }
    Ok(found)
}
