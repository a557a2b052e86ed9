//! Who is in a room, as the room's document in the store says.

use std::collections::HashSet;

use ihs_store::{Body, Document, LogEntry, RoomId, Seq, Store, StoreError};
use serde_json::Value;

use crate::username::Username;

/// The collection of rooms: documents with at least the list field `members` and, kept up to date
/// by the room's actor, `last_activity`.
pub const ROOMS: &str = "rooms";

/// The collection of read marks: `_id` is `{room}:{username}`, field `seq` how far they have read.
pub const READ_MARKS: &str = "read_marks";

/// What a room starts from.
#[derive(Debug)]
pub struct Loaded {
    /// The last entry of its log.
    pub head: Seq,
    /// Its members, as of `head` or later.
    pub members: HashSet<Username>,
}

/// Loads a room; `None` when there is none.
///
/// # Errors
/// Those of the store.
pub async fn load(store: &dyn Store, room: RoomId) -> Result<Option<Loaded>, StoreError> {
    // The head first: members who change between the two reads then come again with the log,
    // where they would be missed the other way round.
    let head = store
        .log_head(room)
        .await?
        .map_or(Seq::ZERO, |entry| entry.seq);
    let document = store.get(ROOMS, &room.to_string()).await?;
    Ok(document.map(|document| Loaded {
        head,
        members: members_of(&document),
    }))
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
    let mark = store.get(READ_MARKS, &format!("{room}:{member}")).await?;
    let seq = mark
        .and_then(|mark| mark.get("seq").and_then(Value::as_u64))
        .unwrap_or(0);
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
            for user in removed
                .iter()
                .filter_map(|user| Username::try_from(user.as_str()).ok())
            {
                members.remove(&user);
                gone.push((user, entry.seq));
            }
            members.extend(
                added
                    .iter()
                    .filter_map(|user| Username::try_from(user.as_str()).ok()),
            );
        }
    }
    gone
}

fn members_of(document: &Document) -> HashSet<Username> {
    let names = document
        .get("members")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    names
        .filter_map(|name| Username::try_from(name.as_str()?).ok())
        .collect()
}
