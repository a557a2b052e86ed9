//! Marks in the store that say that a room owes notifications. Each is of one room on one node,
//! which takes it back when everybody is told; those of a node that died another node has its room
//! see to.

use std::{collections::BTreeMap, time::Duration};

use actix::{ActorFutureExt, AsyncContext, Handler, Message, WrapFuture};
use ihs_store::{
    Collection, Document, Filter, Index, Query, RoomId, Sort, StoreError, Timestamp, Write,
    document::text,
};
use serde_json::Value;

use super::{Room, door::Door};
use crate::hub::Hub;

/// The collection of marks: `room` on `node` owes notifications since `since`.
const DUE: &str = "notices_due";

/// How old a mark is when a node looks after it that did not leave it.
const OVERDUE: Duration = Duration::from_secs(20);

/// Marks that are looked after at a time.
const MOST: usize = 100;

/// Marks that are looked at for it.
const MOST_SEEN: u64 = 5_000;

/// The collection of marks as the store needs to know it.
#[must_use]
pub fn collection() -> Collection {
    Collection { name: DUE, indexes: vec![Index::plain("since", &["since"])], searched: Vec::new() }
}

/// A room owes what these marks say, and nobody seems to see to it.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Overdue(Vec<String>);

/// Leaves a mark, and gives its name.
pub(super) async fn mark(hub: &Hub, room: RoomId, since: Timestamp) -> Result<String, StoreError> {
    let id = hub.ids().record();
    let document = Document::from_iter([
        ("_id".to_owned(), Value::from(id.clone())),
        ("room".to_owned(), Value::from(room.to_string())),
        ("node".to_owned(), Value::from(hub.node().to_string())),
        ("since".to_owned(), Value::from(since)),
    ]);
    hub.store().commit(vec![Write::Insert { collection: DUE, document }]).await?;
    Ok(id)
}

/// Takes marks back.
pub(super) async fn unmark(hub: &Hub, marks: Vec<String>) -> Result<(), StoreError> {
    if marks.is_empty() {
        return Ok(());
    }
    let filter = Filter::In("_id", marks.into_iter().map(Value::from).collect());
    hub.store().commit(vec![Write::DeleteEvery { collection: DUE, filter }]).await.map(drop)
}

/// Has rooms see to old marks of nodes that are gone.
pub(crate) async fn look_after(hub: &Hub) -> Result<(), StoreError> {
    let age = i64::try_from(OVERDUE.as_millis()).unwrap_or(i64::MAX);
    let now = hub.clock().now();
    let overdue = now.plus_millis(-age);
    // Of an embedded store this node is the only one: marks of others are an earlier run's.
    let alone = hub.settings().store.is_embedded();
    let since = if alone { now } else { overdue };
    let oldest = Query::new(DUE, Filter::Lt("since", since.into()), MOST_SEEN);
    let me = hub.node().to_string();
    let is_left = |mark: &Document| match text(mark, "node") {
        // A room of this node may have ended without.
        node if node == me => Timestamp::parse(text(mark, "since")) < Some(overdue),
        node => alone || !hub.peers().lives_by_name(node),
    };
    let mut marks: BTreeMap<RoomId, Vec<String>> = BTreeMap::new();
    let found = hub.store().find(oldest.sorted(vec![Sort::ascending("since")])).await?;
    for mark in found.into_iter().filter(is_left).take(MOST) {
        let id = text(&mark, "_id").to_owned();
        if let Ok(room) = text(&mark, "room").parse() {
            marks.entry(room).or_default().push(id);
        }
    }
    for (room, marks) in marks {
        // One that is busy is told again with the next look.
        if hub.room(room).try_send(Overdue(marks)).is_err() {
            tracing::debug!(%room, "the room is busy");
        }
    }
    Ok(())
}

impl Handler<Overdue> for Room {
    type Result = ();

    fn handle(&mut self, Overdue(marks): Overdue, ctx: &mut Self::Context) {
        match self.door {
            Door::Open => self.notices.adopt(marks, &self.members),
            Door::NoSuchRoom => {
                let hub = self.hub.clone();
                let unmark = async move { unmark(&hub, marks).await };
                // What stays is found again.
                ctx.spawn(unmark.into_actor(self).map(|_, _, _| ()));
            }
            Door::StoreAway => {}
        }
    }
}
