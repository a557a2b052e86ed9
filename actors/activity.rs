//! When rooms were last active, as far as this node knows better than their documents: what stands
//! there is written a little later, so that a busy room does not write twice for every message.
//! Whoever lists rooms by their activity has it written first. Of what is appended by other nodes
//! the documents tell, as soon as those have written it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use ihs_store::{
    Change, Document, EntryId, Filter, LogEntry, Query, RoomId, Sort, StoreError, Timestamp, Write,
    document::text,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{sync::Mutex as Turn, time::timeout};

use crate::{hub::Hub, room::membership::ROOMS};

/// The field of a room's document with the time of what was last appended to its log.
const TIME: &str = "last_activity";

/// The field with the id of that: of two in one millisecond, the node took in the lower one first.
const ENTRY: &str = "last_entry";

/// Rooms that are written at the same time.
const AT_ONCE: usize = 16;

/// Rooms of which one query asks whether somebody is in them.
const ASKED: usize = 100;

/// Longest wait of whoever lists rooms.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was appended last, in the order in which rooms are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Last(Timestamp, EntryId);

impl From<&LogEntry> for Last {
    fn from(entry: &LogEntry) -> Self {
        Self(entry.time, entry.id)
    }
}

/// The rooms whose documents are behind.
#[derive(Debug, Default)]
pub(crate) struct Activity(Mutex<HashMap<RoomId, Behind>>);

/// How far a document is behind.
#[derive(Debug)]
struct Behind {
    /// What should stand in it.
    last: Last,
    /// What does, as far as this node has written it.
    written: Option<Last>,
    /// Whoever writes it. Those who wait for the same have it written once.
    turn: Arc<Turn<()>>,
}

impl Activity {
    /// Something was appended to a room.
    pub(crate) fn note(&self, room: RoomId, last: Last) {
        let mut behind = self.0.lock();
        let fresh = || Behind { last, written: None, turn: Arc::default() };
        let known = behind.entry(room).or_insert_with(fresh);
        known.last = known.last.max(last);
    }

    /// Whether the document of a room is behind.
    pub(crate) fn is_due(&self, room: RoomId) -> bool {
        self.0.lock().contains_key(&room)
    }

    fn due(&self, room: RoomId) -> Option<(Last, Arc<Turn<()>>)> {
        self.0.lock().get(&room).map(|behind| (behind.last, Arc::clone(&behind.turn)))
    }

    /// What has to be written so that this is; `None` when it is.
    fn missing(&self, room: RoomId, wanted: Last) -> Option<Last> {
        let behind = self.0.lock();
        behind.get(&room).filter(|behind| behind.written < Some(wanted)).map(|behind| behind.last)
    }

    fn written(&self, room: RoomId, last: Last) {
        let mut behind = self.0.lock();
        match behind.get_mut(&room) {
            Some(known) if known.last <= last => drop(behind.remove(&room)),
            Some(known) => known.written = Some(last),
            None => {}
        }
    }

    fn all(&self) -> Vec<RoomId> {
        self.0.lock().keys().copied().collect()
    }
}

/// When the document of a room says that it was active last.
pub(crate) fn stored(room: &Document) -> Timestamp {
    Timestamp::parse(text(room, TIME)).unwrap_or_default()
}

/// Rooms by what happened in them last, the latest first.
pub(crate) fn latest_first() -> Vec<Sort> {
    [TIME, ENTRY, "_id"].map(Sort::descending).into()
}

/// Brings the document of a room up to date, unless another node knows better. What could not be
/// written is due still.
pub(crate) async fn write(hub: &Hub, room: RoomId) {
    let activity = hub.activity();
    let Some((wanted, turn)) = activity.due(room) else { return };
    let _turn = turn.lock().await;
    let Some(last) = activity.missing(room, wanted) else { return };
    match hub.store().commit(vec![update(room, last)]).await {
        Ok(_) | Err(StoreError::Unmatched { .. }) => activity.written(room, last),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(%room, error, "last activity not written");
        }
    }
}

/// Brings the documents of a user's rooms up to date, or of all. Should that fail, or take too long,
/// they are listed as they are: only their order is at stake.
pub(crate) async fn settle(hub: &Hub, user: Option<&str>) {
    let behind = hub.activity().all();
    let all = async {
        let rooms = match user {
            None => behind,
            Some(user) => of_user(hub, &behind, user).await,
        };
        stream::iter(rooms).for_each_concurrent(AT_ONCE, |room| write(hub, room)).await;
    };
    if timeout(PATIENCE, all).await.is_err() {
        tracing::debug!("the last activity of some rooms not written in time");
    }
}

async fn of_user(hub: &Hub, rooms: &[RoomId], user: &str) -> Vec<RoomId> {
    let mut theirs = Vec::new();
    for rooms in rooms.chunks(ASKED) {
        let ids = rooms.iter().map(|room| Value::String(room.to_string())).collect();
        let mine = Filter::In("_id", ids).and(Filter::Has("members", user.into()));
        match hub.store().find(Query::new(ROOMS, mine, rooms.len() as u64)).await {
            Ok(found) => {
                let ids = found.iter().filter_map(|room| text(room, "_id").parse::<RoomId>().ok());
                theirs.extend(ids);
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "rooms not found whose last activity is to be written");
                break;
            }
        }
    }
    theirs
}

fn update(room: RoomId, Last(time, entry): Last) -> Write {
    let (time, entry) = (Value::from(time), Value::from(entry.to_string()));
    let same_time = Filter::Eq(TIME, time.clone()).and(before(ENTRY, entry.clone()));
    let older = Filter::Any(vec![before(TIME, time.clone()), same_time]);
    Write::Update {
        collection: ROOMS,
        filter: Filter::id(room.to_string()).and(older),
        change: Change::set(TIME, time).and_set(ENTRY, entry),
    }
}

/// A field with nothing in it, or with less.
fn before(field: &'static str, value: Value) -> Filter {
    Filter::Any(vec![Filter::Lt(field, value), Filter::Eq(field, Value::Null)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn last(time: i64, entry: u8) -> Last {
        Last(Timestamp::from_millis(time), EntryId::from_bytes([entry; 12]))
    }

    const ROOM: RoomId = RoomId::from_bytes([7; 12]);

    #[test]
    fn what_is_noted_while_something_is_written_is_due_still() {
        let activity = Activity::default();
        activity.note(ROOM, last(1, 1));
        activity.note(ROOM, last(2, 2));
        activity.written(ROOM, last(1, 1));
        assert_eq!(activity.missing(ROOM, last(1, 1)), None, "whoever waited for that has it");
        assert_eq!(activity.missing(ROOM, last(2, 2)), Some(last(2, 2)));
        activity.note(ROOM, last(1, 9));
        activity.written(ROOM, last(2, 2));
        assert!(!activity.is_due(ROOM));
        assert_eq!(activity.missing(ROOM, last(2, 2)), None);
    }

    #[test]
    fn only_what_is_later_is_written() {
        let Write::Update { filter, .. } = update(ROOM, last(2_000, 5)) else {
            panic!("no update")
        };
        let stored = |time: i64, entry: Value| {
            let time = Value::from(Timestamp::from_millis(time));
            let room = json!({"_id": ROOM.to_string(), TIME: time, ENTRY: entry});
            filter.matches(room.as_object().unwrap())
        };
        let entry = |byte: u8| Value::from(EntryId::from_bytes([byte; 12]).to_string());
        assert!(stored(1_999, entry(9)) && stored(2_000, entry(4)) && stored(2_000, Value::Null));
        assert!(!stored(2_000, entry(5)) && !stored(2_000, entry(6)) && !stored(2_001, entry(1)));
        let never = json!({"_id": ROOM.to_string()});
        assert!(filter.matches(never.as_object().unwrap()));
    }
}
