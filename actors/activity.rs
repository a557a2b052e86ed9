//! When rooms were last active, as far as this node knows better than their documents: what stands
//! there is written a little later, so that a busy room does not write twice for every message.
//! Whoever lists rooms by their activity has it written first.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use ihs_store::{
    Change, Document, Filter, Query, RoomId, StoreError, Timestamp, Write, document::text,
};
use parking_lot::Mutex;
use serde_json::Value;

use crate::{hub::Hub, room::membership::ROOMS};

/// The field of a room's document with the time of what was last appended to its log.
const LAST: &str = "last_activity";

/// Rooms that are written at the same time.
const AT_ONCE: usize = 16;

/// The rooms whose documents are behind, and since when they should not be.
#[derive(Debug, Default)]
pub(crate) struct Activity(Mutex<HashMap<RoomId, Timestamp>>);

impl Activity {
    /// A room was active.
    pub(crate) fn note(&self, room: RoomId, time: Timestamp) {
        let mut behind = self.0.lock();
        let known = behind.entry(room).or_default();
        *known = time.max(*known);
    }

    /// Whether the document of a room is behind.
    pub(crate) fn is_due(&self, room: RoomId) -> bool {
        self.0.lock().contains_key(&room)
    }

    fn due(&self, room: RoomId) -> Option<Timestamp> {
        self.0.lock().get(&room).copied()
    }

    fn all(&self) -> Vec<RoomId> {
        self.0.lock().keys().copied().collect()
    }

    fn written(&self, room: RoomId, time: Timestamp) {
        let mut behind = self.0.lock();
        if behind.get(&room).is_some_and(|known| *known <= time) {
            behind.remove(&room);
        }
    }
}

/// Brings the document of a room up to date, unless another node knows better.
pub(crate) async fn write(hub: &Hub, room: RoomId) -> Result<(), StoreError> {
    let Some(time) = hub.activity().due(room) else { return Ok(()) };
    let older = Filter::Any(vec![Filter::Lt(LAST, time.into()), Filter::Eq(LAST, Value::Null)]);
    let write = Write::Update {
        collection: ROOMS,
        filter: Filter::id(room.to_string()).and(older),
        change: Change::set(LAST, time),
    };
    match hub.store().commit(vec![write]).await {
        Ok(_) | Err(StoreError::Unmatched { .. }) => hub.activity().written(room, time),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Brings the documents of a user's rooms up to date.
pub(crate) async fn settle(hub: &Hub, user: &str) -> Result<(), StoreError> {
    let behind = hub.activity().all();
    if behind.is_empty() {
        return Ok(());
    }
    let limit = behind.len() as u64;
    let ids = behind.iter().map(|room| Value::String(room.to_string())).collect();
    let theirs = Filter::In("_id", ids).and(Filter::Has("members", user.into()));
    let theirs = hub.store().find(Query::new(ROOMS, theirs, limit)).await?;
    let rooms = theirs.iter().filter_map(|room: &Document| text(room, "_id").parse().ok());
    stream::iter(rooms).map(|room| write(hub, room)).buffer_unordered(AT_ONCE).try_collect().await
}
