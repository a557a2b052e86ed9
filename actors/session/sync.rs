//! All rooms of a user at once: where each stands, and its newest messages.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, stream};
use ihs_store::{Document, Filter, LogEntry, Query, RoomId, Seq, StoreError, document::text};

use crate::{
    activity,
    hub::Hub,
    protocol::{EntryView, JoinFrom, SyncedRoom},
    room::{
        admission::MAX_UNREAD,
        membership::{self, ROOMS},
    },
    username::Username,
};

/// Rooms that one request reads at the same time.
const AT_ONCE: usize = 4;

/// Characters of messages in one answer, about; the last rooms go without.
const MOST_TEXT: usize = 1_000_000;

/// A room of the user.
pub(super) struct Room {
    pub(super) id: RoomId,
    /// From where it is followed.
    pub(super) from: JoinFrom,
    name: String,
    kind: String,
    head: Seq,
    unread: u64,
    newest: Vec<LogEntry>,
    diverged: bool,
}

impl Room {
    /// As it is answered.
    pub(super) fn shown(&self) -> SyncedRoom<'_> {
        SyncedRoom {
            room: self.id,
            name: &self.name,
            kind: &self.kind,
            seq: self.head,
            unread: self.unread,
            newest: self.newest.iter().map(|entry| EntryView::new(self.id, entry)).collect(),
            diverged: self.diverged,
        }
    }
}

/// Rooms that one answer tells of.
const MOST_ROOMS: u64 = 2_000;

/// The user's rooms: those that the client knows, then the liveliest.
pub(super) async fn rooms(
    hub: &Hub,
    user: &Username,
    known: &BTreeMap<RoomId, Seq>,
    newest: u64,
) -> Result<Vec<Room>, StoreError> {
    hub.settle_activity_of(user.as_str()).await;
    let mut documents = documents(hub, user).await?;
    let is_known = |document: &Document| {
        text(document, "_id").parse::<RoomId>().is_ok_and(|id| known.contains_key(&id))
    };
    documents.sort_by_key(|document| !is_known(document));
    let read = documents.iter().map(|document| read(hub, user, document, known, newest));
    let rooms: Vec<Result<Option<Room>, StoreError>> =
        stream::iter(read).buffered(AT_ONCE).collect().await;
    // Nobody sees what was said from their removal on: who is a member is read again.
    let still: HashSet<String> =
        documents_ids(&self::documents(hub, user).await?).into_iter().collect();
    let mut text = 0;
    let mut all = Vec::with_capacity(rooms.len());
    for room in rooms {
        let Some(mut room) = room?.filter(|room| still.contains(&room.id.to_string())) else {
            continue;
        };
        text += room.newest.iter().map(length).sum::<usize>();
        if text > MOST_TEXT {
            room.newest.clear();
        }
        all.push(room);
    }
    Ok(all)
}

async fn documents(hub: &Hub, user: &Username) -> Result<Vec<Document>, StoreError> {
    let mine = Filter::Has("members", user.as_str().into());
    let query = Query::new(ROOMS, mine, MOST_ROOMS).sorted(activity::latest_first());
    hub.store().find(query).await
}

fn documents_ids(documents: &[Document]) -> Vec<String> {
    documents.iter().map(|document| text(document, "_id").to_owned()).collect()
}

async fn read(
    hub: &Hub,
    user: &Username,
    document: &Document,
    known: &BTreeMap<RoomId, Seq>,
    newest: u64,
) -> Result<Option<Room>, StoreError> {
    let Ok(id) = text(document, "_id").parse::<RoomId>() else { return Ok(None) };
    let store = hub.store();
    let _permit = hub.pages().permit().await?;
    // The head first: what is newer than it comes live.
    let head = store.log_head(id).await?.map_or(Seq::ZERO, |entry| entry.seq);
    let unread = membership::unread(&**store, id, user.as_str(), MAX_UNREAD).await?;
    let known = known.get(&id).copied();
    let newest = match known {
        None if newest > 0 => store.log_before(id, head.next(), newest).await?,
        _ => Vec::new(),
    };
    let diverged = known.is_some_and(|known| known > head);
    let from = match known {
        Some(known) if known <= head => JoinFrom::After { seq: known, last: None },
        Some(_) => JoinFrom::After { seq: Seq::ZERO, last: None },
        None => JoinFrom::GoOn(head),
    };
    let (name, kind) = (text(document, "name").to_owned(), text(document, "kind").to_owned());
    Ok(Some(Room { id, from, name, kind, head, unread, newest, diverged }))
}

fn length(entry: &LogEntry) -> usize {
    match &entry.body {
        ihs_store::Body::Message { text, .. } => text.len(),
        _ => 0,
    }
}
