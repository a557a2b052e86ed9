//! Who is in a room, as the room's document in the store says.

use std::collections::{HashMap, HashSet};

use ihs_store::{
    Body, Change, Collection, Document, Filter, Index, LogEntry, Query, RoomId, Seq, Store,
    StoreError, Timestamp, Write,
};
use serde_json::Value;

use crate::{activity, hub::Hub, username::Username};

/// The collection of rooms: documents with at least the list field `members` and, kept up to date
/// by the room's actor, `last_activity` and `last_entry`.
pub const ROOMS: &str = "rooms";

/// The collection of read markers: `_id` is `{room}:{username}`, field `seq` how far they have read.
pub const READ_MARKERS: &str = "read_markers";

/// Read markers that a room knows of.
const MAX_MARKS: u64 = 10_000;

/// The collection of read markers as the store needs to know it.
#[must_use]
pub fn read_markers() -> Collection {
    let indexes = vec![Index::plain("room", &["room"])];
    Collection { name: READ_MARKERS, indexes, searched: Vec::new() }
}

/// What a room starts from.
#[derive(Debug)]
pub struct Loaded {
    /// The last entry of its log.
    pub last: Option<LogEntry>,
    /// Its members, as of `last` or later.
    pub members: HashSet<Username>,
    /// How far members have read.
    pub read: HashMap<Username, Seq>,
    /// When its document says that it was active last.
    pub active: Timestamp,
}

/// Loads a room; `None` when there is none.
///
/// # Errors
/// Those of the store.
pub async fn load(store: &dyn Store, room: RoomId) -> Result<Option<Loaded>, StoreError> {
    // The head first: members who change between the two reads then come again with the log,
    // where they would be missed the other way round.
    let last = store.log_head(room).await?;
    let document = store.get(ROOMS, &room.to_string()).await?;
    let Some(document) = document else { return Ok(None) };
    let (members, active) = (members_of(&document), activity::stored(&document));
    let filter = Filter::eq("room", room.to_string());
    let marks = store.find(Query::new(READ_MARKERS, filter, MAX_MARKS)).await?;
    let read = marks.iter().filter_map(|mark| {
        let user = Username::try_from(mark.get("user")?.as_str()?).ok()?;
        Some((user, Seq::new(mark.get("seq")?.as_u64()?)))
    });
    Ok(Some(Loaded { last, read: read.collect(), members, active }))
}

/// Whether somebody is a member just now.
///
/// # Errors
/// Those of the store.
pub async fn is_member(
    store: &dyn Store,
    room: RoomId,
    user: &Username,
) -> Result<bool, StoreError> {
    let mine = Filter::id(room.to_string()).and(Filter::Has("members", user.as_str().into()));
    Ok(store.count(ROOMS, mine).await? > 0)
}

/// The last entry of a room's log just now.
pub(crate) async fn head(hub: &Hub, room: RoomId) -> Result<Seq, StoreError> {
    Ok(hub.store().log_head(room).await?.map_or(Seq::ZERO, |entry| entry.seq))
}

/// Notes how far a member has read; a mark never moves back.
///
/// # Errors
/// Those of the store.
pub async fn mark_read(
    store: &dyn Store,
    room: RoomId,
    member: &Username,
    seq: Seq,
) -> Result<(), StoreError> {
    let id = format!("{room}:{}", member.as_str());
    let update = Write::Update {
        collection: READ_MARKERS,
        filter: Filter::id(id.clone()).and(Filter::Lt("seq", seq.get().into())),
        change: Change::set("seq", seq.get()),
    };
    match store.commit(vec![update.clone()]).await {
        Err(StoreError::Unmatched { .. }) => {}
        other => return other.map(drop),
    }
    let fields = [
        ("_id", Value::from(id)),
        ("room", Value::from(room.to_string())),
        ("user", Value::from(member.as_str())),
        ("seq", Value::from(seq.get())),
    ];
    let document = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    match store.commit(vec![Write::Insert { collection: READ_MARKERS, document }]).await {
        Err(StoreError::Taken { .. }) => {}
        other => return other.map(drop),
    }
    // There is one, perhaps made just now by another device.
    match store.commit(vec![update]).await {
        Err(StoreError::Unmatched { .. }) => Ok(()),
        other => other.map(drop),
    }
}

/// How many messages of others the member has not read, counted up to `limit`.
///
/// # Errors
/// Those of the store.
pub async fn unread(
    store: &dyn Store,
    room: RoomId,
    member: &str,
    limit: u64,
) -> Result<u64, StoreError> {
    let mark = store.get(READ_MARKERS, &format!("{room}:{member}")).await?;
    let seq = mark.and_then(|mark| mark.get("seq").and_then(Value::as_u64)).unwrap_or(0);
    store.log_unread(room, Seq::new(seq), member, limit).await
}

/// Carries the changes of membership among `entries` over to `members`, and says who is out from
/// which seq on.
pub(crate) fn follow(
    members: &mut HashSet<Username>,
    entries: &[LogEntry],
) -> Vec<(Username, Seq)> {
    let mut gone = Vec::new();
    for entry in entries {
        if let Body::Members { added, removed } = &entry.body {
            for user in removed.iter().filter_map(|user| Username::try_from(user.as_str()).ok()) {
                members.remove(&user);
                gone.push((user, entry.seq));
            }
            members.extend(added.iter().filter_map(|user| Username::try_from(user.as_str()).ok()));
        }
    }
    gone
}

fn members_of(document: &Document) -> HashSet<Username> {
    let names = document.get("members").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| Username::try_from(name.as_str()?).ok()).collect()
}
