//! Which users are online, on whichever node, and when they were seen last, as the store keeps it.
//!
//! Nodes write who came and went now and then, many at once. What a node wrote counts for as long
//! as it lives; what is left of a dead one is put right by the others.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use ihs_store::{
    Change, Collection, Document, Filter, Index, Query, StoreError, Timestamp, Write,
    document::text,
};
use serde_json::Value;

use crate::{hub::Hub, peers::NODES, username::Username};

/// The collection of who is connected where: `_id` is `{node}:{user}`.
pub const CONNECTIONS: &str = "connections";

/// The collection of when users were seen last: `_id` is the user, `seen` when.
pub const LAST_SEEN: &str = "last_seen";

/// Shortest time between two writes.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// Users that are written at a time.
const CHUNK: usize = 250;

/// Inserts at the same time.
const AT_ONCE: usize = 32;

/// Nodes on which one user may be connected.
const MOST_NODES: u64 = 100;

/// When somebody was online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sighting {
    /// Whether they have a socket just now.
    pub online: bool,
    /// When they came or left last.
    pub last_seen: Option<Timestamp>,
}

/// Both collections as the store needs to know them.
#[must_use]
pub fn collections() -> [Collection; 2] {
    let indexes = vec![Index::plain("user", &["user"]), Index::plain("node", &["node"])];
    [
        Collection { name: CONNECTIONS, indexes, searched: Vec::new() },
        Collection { name: LAST_SEEN, indexes: Vec::new(), searched: Vec::new() },
    ]
}

/// Who of these users is online, and when each was seen last.
pub(crate) async fn sightings(
    hub: &Hub,
    users: &[&str],
) -> Result<HashMap<String, Sighting>, StoreError> {
    let store = hub.store();
    let names: Vec<Value> = users.iter().map(|user| Value::from(*user)).collect();
    let count = names.len() as u64;
    let seen = Query::new(LAST_SEEN, Filter::In("_id", names.clone()), count);
    let mut sightings: HashMap<String, Sighting> = HashMap::with_capacity(users.len());
    for document in store.find(seen).await? {
        let last_seen = Timestamp::parse(text(&document, "seen"));
        let sighting = Sighting { online: false, last_seen };
        sightings.insert(text(&document, "_id").to_owned(), sighting);
    }
    let connected = Filter::In("user", names);
    for document in store.find(Query::new(CONNECTIONS, connected, count * MOST_NODES)).await? {
        // Of itself a node knows better.
        let node = text(&document, "node");
        if node != hub.node().to_string() && hub.peers().lives_by_name(node) {
            sightings.entry(text(&document, "user").to_owned()).or_default().online = true;
        }
    }
    for user in users.iter().filter(|user| hub.is_online(user)) {
        sightings.entry((*user).to_owned()).or_default().online = true;
    }
    Ok(sightings)
}

/// Writes who came to and left this node since the last time.
pub(crate) async fn write(hub: &Hub) {
    loop {
        let moves = hub.users().take_moves(CHUNK);
        if moves.is_empty() {
            return;
        }
        if let Err(error) = write_some(hub, &moves).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "who is online not written");
            return hub.users().put_back(moves);
        }
    }
}

/// Each step may be done again, and none needs the others: no transaction is held for them.
async fn write_some(hub: &Hub, moves: &[(Username, bool)]) -> Result<(), StoreError> {
    let node = hub.node();
    let id = |user: &Username| format!("{node}:{}", user.as_str());
    let left = moves.iter().filter(|(_, online)| !online).map(|(user, _)| id(user).into());
    let filter = Filter::In("_id", left.collect());
    let gone = Write::DeleteEvery { collection: CONNECTIONS, filter };
    hub.store().commit(vec![gone]).await?;
    let came = moves.iter().filter(|(_, online)| *online).map(|(user, _)| {
        insert(
            CONNECTIONS,
            [
                ("_id", id(user).into()),
                ("node", node.to_string().into()),
                ("user", user.as_str().into()),
            ],
        )
    });
    insert_all(hub, came.collect()).await?;
    let users: Vec<&str> = moves.iter().map(|(user, _)| user.as_str()).collect();
    see(hub, &users, hub.clock().now()).await
}

/// Notes when these users were seen last.
async fn see(hub: &Hub, users: &[&str], at: Timestamp) -> Result<(), StoreError> {
    let ids: Vec<Value> = users.iter().map(|user| Value::from(*user)).collect();
    let known = Query::new(LAST_SEEN, Filter::In("_id", ids.clone()), users.len() as u64);
    let known = hub.store().find(known).await?;
    let is_known = |user: &str| known.iter().any(|one| text(one, "_id") == user);
    let new = users.iter().filter(|user| !is_known(user));
    let new = new.map(|user| insert(LAST_SEEN, [("_id", (*user).into()), ("seen", at.into())]));
    insert_all(hub, new.collect()).await?;
    let earlier = Filter::In("_id", ids).and(Filter::Lt("seen", at.into()));
    let change = Change::set("seen", at);
    let seen = Write::UpdateEvery { collection: LAST_SEEN, filter: earlier, change };
    hub.store().commit(vec![seen]).await.map(drop)
}

/// Inserts what is not there.
async fn insert_all(hub: &Hub, inserts: Vec<Write>) -> Result<(), StoreError> {
    let inserted =
        inserts.into_iter().map(async |insert| match hub.store().commit(vec![insert]).await {
            Ok(_) | Err(StoreError::Taken { .. }) => Ok(()),
            Err(error) => Err(error),
        });
    stream::iter(inserted).buffer_unordered(AT_ONCE).try_collect().await
}

fn insert<const N: usize>(collection: &'static str, fields: [(&str, Value); N]) -> Write {
    let document = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Write::Insert { collection, document }
}

/// Puts right what dead nodes have left: who was on them was seen last when they were.
pub(crate) async fn bury(hub: &Hub) -> Result<(), StoreError> {
    let nodes = hub.store().find(Query::new(NODES, Filter::everything(), MOST_NODES)).await?;
    for node in nodes.iter().filter(|node| !hub.peers().lives_by_name(text(node, "_id"))) {
        bury_one(hub, node).await?;
    }
    Ok(())
}

async fn bury_one(hub: &Hub, node: &Document) -> Result<(), StoreError> {
    let (name, at) = (text(node, "_id"), Timestamp::parse(text(node, "seen")).unwrap_or_default());
    let theirs = Filter::eq("node", name);
    let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
    loop {
        let left = hub.store().find(Query::new(CONNECTIONS, theirs.clone(), chunk)).await?;
        if left.is_empty() {
            let filter = Filter::id(name);
            let buried = Write::DeleteEvery { collection: NODES, filter };
            return hub.store().commit(vec![buried]).await.map(drop);
        }
        let users: Vec<&str> = left.iter().map(|one| text(one, "user")).collect();
        see(hub, &users, at).await?;
        let ids = left.iter().map(|one| Value::from(text(one, "_id"))).collect();
        let filter = Filter::In("_id", ids);
        let gone = Write::DeleteEvery { collection: CONNECTIONS, filter };
        hub.store().commit(vec![gone]).await?;
    }
}
