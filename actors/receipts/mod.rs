//! Receipts: who has got which entries of a room's log, and who has read them, since when.
//!
//! Delivered is what was handed to the connection of one of a user's sockets or event streams; it
//! is asked for now and then and not noted for each message, so that it may be late, but it is
//! never ahead of the truth. Read is what a user said. Times are those at which a node learned of
//! it: nothing was later, and of long ago they are coarse.
//!
//! - [`moves`]: what somebody has, since when; [`budget`]: how much is written
//! - this file: how it is stored

pub mod budget;
pub mod moves;

use std::collections::{BTreeMap, HashMap};

use ihs_store::{
    Change, Collection, Document, Filter, Index, Query, RoomId, Seq, Store, StoreError, Timestamp,
    Write, document::text,
};
use serde_json::Value;

use self::moves::Moves;
use crate::username::Username;

/// The collection: `_id` is `{room}:{username}`; `delivered` and `read` are [`Moves`].
pub const RECEIPTS: &str = "receipts";

/// Users in one commit.
const CHUNK: usize = 100;

/// How often a commit is tried again that another node was in the way of.
const TRIES: usize = 4;

/// Users of one room whose receipts are read.
const MOST: u64 = 10_000;

/// What was done with a part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// It was handed to a socket.
    Delivered,
    /// The user has read it.
    Read,
}

/// Somebody has got further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who.
    pub user: Username,
    /// In what.
    pub deed: Deed,
    /// Behind this entry,
    pub after: Seq,
    /// up to this one.
    pub to: Seq,
    /// When it was so.
    pub time: Timestamp,
}

/// What a user has of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What they were handed.
    pub delivered: Moves,
    /// What they have read.
    pub read: Moves,
}

impl Receipt {
    /// Takes a step; says whether it is news.
    pub fn take(&mut self, step: &Step) -> bool {
        let moves = match step.deed {
            Deed::Delivered => &mut self.delivered,
            Deed::Read => &mut self.read,
        };
        moves.reach(step.after, step.to, step.time)
    }

    /// Since when they have read an entry.
    #[must_use]
    pub fn read(&self, seq: Seq) -> Option<Timestamp> {
        self.read.since(seq)
    }

    /// Since when they have it. Whoever has read it has it.
    #[must_use]
    pub fn delivered(&self, seq: Seq) -> Option<Timestamp> {
        let both = [self.delivered.since(seq), self.read.since(seq)];
        both.into_iter().flatten().min()
    }

    fn of(document: &Document) -> Self {
        Self {
            delivered: Moves::from_value(document.get("delivered")),
            read: Moves::from_value(document.get("read")),
        }
    }
}

/// The collection as the store needs to know it.
#[must_use]
pub fn collection() -> Collection {
    let indexes = vec![Index::plain("room", &["room"])];
    Collection { name: RECEIPTS, indexes, searched: Vec::new() }
}

/// Writes down how far people have got.
///
/// # Errors
/// Those of the store; some may then be written.
pub async fn write(store: &dyn Store, room: RoomId, steps: &[Step]) -> Result<(), StoreError> {
    let mut by_user: BTreeMap<&Username, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        by_user.entry(&step.user).or_default().push(step);
    }
    let users: Vec<(&Username, Vec<&Step>)> = by_user.into_iter().collect();
    for some in users.chunks(CHUNK) {
        write_some(store, room, some).await?;
    }
    Ok(())
}

/// The receipts of a room, by user.
///
/// # Errors
/// Those of the store.
pub async fn of_room(
    store: &dyn Store,
    room: RoomId,
) -> Result<HashMap<Username, Receipt>, StoreError> {
    let theirs = Query::new(RECEIPTS, Filter::eq("room", room.to_string()), MOST);
    let found = store.find(theirs).await?;
    let receipts = found.iter().filter_map(|document| {
        let user = Username::try_from(text(document, "user")).ok()?;
        Some((user, Receipt::of(document)))
    });
    Ok(receipts.collect())
}

async fn write_some(
    store: &dyn Store,
    room: RoomId,
    users: &[(&Username, Vec<&Step>)],
) -> Result<(), StoreError> {
    let ids: Vec<Value> = users.iter().map(|(user, _)| id(room, user).into()).collect();
    let mut tries = 0;
    loop {
        let known = Query::new(RECEIPTS, Filter::In("_id", ids.clone()), CHUNK as u64);
        let known = store.find(known).await?;
        let known: HashMap<&str, &Document> =
            known.iter().map(|document| (text(document, "_id"), document)).collect();
        let writes: Vec<Write> = users
            .iter()
            .filter_map(|(user, steps)| {
                let id = id(room, user);
                let document = known.get(id.as_str()).copied();
                writing(room, user, id, document, steps)
            })
            .collect();
        tries += 1;
        if writes.is_empty() {
            return Ok(());
        }
        match store.commit(writes).await {
            Err(StoreError::Unmatched { .. } | StoreError::Taken { .. }) if tries < TRIES => {}
            other => return other.map(drop),
        }
    }
}

/// The write that notes these steps of a user; none when they are no news.
fn writing(
    room: RoomId,
    user: &Username,
    id: String,
    known: Option<&Document>,
    steps: &[&Step],
) -> Option<Write> {
    let mut receipt = known.map(Receipt::of).unwrap_or_default();
    let news = steps.iter().filter(|step| receipt.take(step)).count();
    if news == 0 {
        return None;
    }
    let (delivered, read) = (receipt.delivered.to_value(), receipt.read.to_value());
    let Some(known) = known else {
        let fields = [
            ("_id", Value::from(id)),
            ("room", room.to_string().into()),
            ("user", user.as_str().into()),
            ("version", 1.into()),
            ("delivered", delivered),
            ("read", read),
        ];
        let document = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        return Some(Write::Insert { collection: RECEIPTS, document });
    };
    let version = known.get("version").cloned().unwrap_or_default();
    Some(Write::Update {
        collection: RECEIPTS,
        filter: Filter::id(id).and(Filter::Eq("version", version)),
        change: Change::set("delivered", delivered).and_set("read", read).and_add("version", 1),
    })
}

fn id(room: RoomId, user: &Username) -> String {
    format!("{room}:{}", user.as_str())
}
