//! Changes of who is in a room. Each stands in the room's log too, appended in the same commit as
//! the record changes, so that every node cuts at the same place.

use std::collections::HashSet;

use ihs_store::{
    Body, Change, Document, EntryId, Filter, InvalidDocument, LogEntry, Query, RoomId, StoreError,
    Write, Written, document::id_of,
};
use serde_json::Value;

use super::{PAIR, room::Room};
use crate::{
    Ctx,
    error::ApiError,
    viewset::{hooks, references, update::at_version},
};

/// How often a change is tried while messages keep coming in.
const ATTEMPTS: usize = 64;

/// Which of these rooms a user is in just now. What was read of a log may be shown when this is
/// asked after the read: nobody sees what was said from their removal on.
pub(super) async fn still_in(
    ctx: &Ctx,
    reader: &str,
    rooms: Vec<String>,
) -> Result<HashSet<String>, StoreError> {
    let most = rooms.len() as u64;
    let rooms = rooms.into_iter().map(Value::String).collect();
    let theirs = Filter::In("_id", rooms).and(Filter::Has("members", reader.into()));
    let found = ctx.store.find(Query::new("rooms", theirs, most)).await?;
    let ids = found.iter().map(|room| id_of(room).map(str::to_owned));
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The log entry that belongs to a change; none when nobody comes or goes.
pub(super) async fn entry(
    ctx: &Ctx,
    room: &str,
    by: &str,
    before: &Room,
    after: &Room,
) -> Result<Option<Write>, ApiError> {
    let (added, removed) = before.changes(after);
    if added.is_empty() && removed.is_empty() {
        return Ok(None);
    }
    let room: RoomId = room.parse().map_err(ApiError::internal)?;
    let head = ctx.store.log_head(room).await?;
    let (head, time) = head.map(|entry| (entry.seq, entry.time)).unwrap_or_default();
    let entry = LogEntry {
        seq: head.next(),
        id: EntryId::from_bytes(ctx.ids.next()),
        // Times in a log never go back, whatever the clocks of the nodes say.
        time: ctx.clock.now().max(time),
        sender: by.to_owned(),
        key: None,
        body: Body::Members { added, removed },
    };
    Ok(Some(Write::Append { room, entries: vec![entry] }))
}

/// Tells the realtime core that the log of a room has grown.
pub(super) fn announce(ctx: &Ctx, room: &str) {
    if let Ok(room) = room.parse() {
        ctx.hub.log_changed(room);
    }
}

/// Changes who is in a room, however busy it is. `next` gives the room as it shall be, and `None`
/// where nothing is left to do; it is asked again when the room has moved on. What `with` gives is
/// written in the same commit, or by itself.
pub(super) async fn alter(
    ctx: &Ctx,
    id: &str,
    by: &str,
    next: impl Fn(&Room) -> Option<Room>,
    with: impl Fn() -> Vec<Write>,
) -> Result<Option<Document>, ApiError> {
    for _ in 0..ATTEMPTS {
        let Some(document) = ctx.store.get("rooms", id).await? else {
            return Ok(None);
        };
        let before: Room = hooks::record(document.clone())?;
        let Some(after) = next(&before) else {
            let rest = with();
            if !rest.is_empty() {
                ctx.store.commit(rest).await?;
            }
            return Ok(Some(document));
        };
        let mut writes = vec![writing(ctx, &document, &after)?];
        writes.extend(entry(ctx, id, by, &before, &after).await?);
        writes.extend(with());
        let outcome = ctx.store.commit(writes).await;
        // It may be so even when the store could not say so.
        announce(ctx, id);
        match outcome {
            Ok(done) => {
                return Ok(done.into_iter().find_map(Written::updated));
            }
            Err(StoreError::Unmatched { .. } | StoreError::SeqTaken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::Conflict("The room is too busy just now, try again.".to_owned()))
}

/// The direct room of a pair that has one already. Who has left it is let in again.
pub(super) async fn reunite(
    ctx: &Ctx,
    by: &str,
    room: &Room,
) -> Result<Option<Document>, ApiError> {
    let Some(pair) = &room.pair else {
        return Ok(None);
    };
    let query = Query::new("rooms", Filter::eq(PAIR, pair.clone()), 1);
    let Some(document) = ctx.store.find(query).await?.pop() else {
        return Ok(None);
    };
    let names: Vec<&str> = room.members.iter().map(String::as_str).collect();
    let there = references::users(ctx, &names).await?;
    let both: Vec<String> =
        room.members.iter().filter(|name| there.contains(*name)).cloned().collect();
    let missing = |room: &Room| both.iter().any(|name| !room.members.contains(name));
    let next = |room: &Room| missing(room).then(|| room.with(&both));
    alter(ctx, id_of(&document)?, by, next, Vec::new).await
}

fn writing(ctx: &Ctx, document: &Document, after: &Room) -> Result<Write, InvalidDocument> {
    let list = |names: &[String]| Value::from(names.to_vec());
    Ok(Write::Update {
        collection: "rooms",
        filter: at_version(document)?,
        change: Change::set("members", list(&after.members))
            .and_set("admins", list(&after.admins))
            .and_set("_updated", ctx.clock.now())
            .and_add("_version", 1),
    })
}
