//! Which users are online, on whichever node, and when they were seen last, as the store keeps it.
//!
//! Nodes write who came and went now and then, many at once. What a node wrote counts for as long
//! as it lives; what is left of a dead one is put right by the others.

use std::{collections::HashMap, time::Duration};

use ihs_store::{
    Collection, Document, Filter, Index, Query, StoreError, Timestamp, Write, document::text,
};
use serde_json::Value;

use crate::{bus::NodeId, hub::Hub, peers::NODES, username::Username};

/// The collection of who is connected where: `_id` is `{node}:{user}`.
pub const CONNECTIONS: &str = "connections";

/// The collection of when users were seen last: `_id` is the user, `seen` when.
pub const LAST_SEEN: &str = "last_seen";

/// Shortest time between two writes.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// Users in one commit.
const CHUNK: usize = 250;

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
        if node != hub.node().to_string() && hub.peers().marks_alive(node) {
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
        let writes = records(hub.node(), &moves, hub.clock().now());
        if let Err(error) = hub.store().commit(writes).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "who is online not written");
            return hub.users().put_back(moves);
        }
    }
}

fn records(node: NodeId, moves: &[(Username, bool)], now: Timestamp) -> Vec<Write> {
    let users: Vec<&str> = moves.iter().map(|(user, _)| user.as_str()).collect();
    let ids = users.iter().map(|user| Value::from(format!("{node}:{user}"))).collect();
    let mut writes =
        vec![Write::DeleteEvery { collection: CONNECTIONS, filter: Filter::In("_id", ids) }];
    writes.extend(moves.iter().filter(|(_, online)| *online).map(|(user, _)| {
        insert(
            CONNECTIONS,
            [
                ("_id", format!("{node}:{}", user.as_str()).into()),
                ("node", node.to_string().into()),
                ("user", user.as_str().into()),
            ],
        )
    }));
    writes.extend(seen(&users, now));
    writes
}

fn seen(users: &[&str], at: Timestamp) -> Vec<Write> {
    let ids = users.iter().map(|user| Value::from(*user)).collect();
    let mut writes =
        vec![Write::DeleteEvery { collection: LAST_SEEN, filter: Filter::In("_id", ids) }];
    let fields = |user: &str| [("_id", Value::from(user)), ("seen", Value::from(at))];
    writes.extend(users.iter().map(|user| insert(LAST_SEEN, fields(user))));
    writes
}

fn insert<const N: usize>(collection: &'static str, fields: [(&str, Value); N]) -> Write {
    let document = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Write::Insert { collection, document }
}

/// Puts right what dead nodes have left: who was on them was seen last when they were.
pub(crate) async fn bury(hub: &Hub) -> Result<(), StoreError> {
    let nodes = hub.store().find(Query::new(NODES, Filter::everything(), MOST_NODES)).await?;
    for node in nodes.iter().filter(|node| !hub.peers().marks_alive(text(node, "_id"))) {
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
        let ids = left.iter().map(|one| Value::from(text(one, "_id"))).collect();
        let filter = Filter::In("_id", ids);
        let mut writes = vec![Write::DeleteEvery { collection: CONNECTIONS, filter }];
        let users: Vec<&str> = left.iter().map(|one| text(one, "user")).collect();
        writes.extend(seen(&users, at));
        hub.store().commit(writes).await?;
    }
}
