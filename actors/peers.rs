//! The other nodes: which of them live, and what concerns all of them.
//!
//! Each node says on the bus that it is there, and leaves a mark in a shared store, so that others
//! know it while the bus is away. A mark is alive while it changes, by the clock of who looks:
//! nodes' clocks may differ.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use ihs_store::{
    Change, Collection, Document, Filter, Index, Query, Store, StoreError, Timestamp, Write,
    document::text,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    bus::{Announcement, News, NodeId, Topic},
    hub::Hub,
    inbox::watch,
    online,
    room::due,
};

/// The collection of nodes: `_id` is the node, `seen` when it left its last mark.
pub const NODES: &str = "nodes";

/// How often a node says that it is there.
const BEAT: Duration = Duration::from_secs(5);

/// How long after its last sign of life a node counts as gone: with a beat more, its presence ends
/// within 30 s.
const SILENCE: Duration = Duration::from_secs(20);

/// News from other nodes that may wait.
const MAILBOX: usize = 4_096;

/// Nodes that are looked at.
const MOST_NODES: u64 = 10_000;

/// The collection of nodes as the store needs to know it.
#[must_use]
pub fn nodes() -> Collection {
    Collection { name: NODES, indexes: vec![Index::plain("seen", &["seen"])], searched: Vec::new() }
}

/// What is known of the other nodes.
#[derive(Debug, Default)]
pub struct Peers {
    heard: Mutex<HashMap<NodeId, Instant>>,
    marks: Mutex<Marks>,
    /// Nodes that live by their marks alone.
    unheard: AtomicUsize,
}

/// Marks in the store, each with when it was seen to change.
#[derive(Debug, Default)]
struct Marks {
    seen: HashMap<NodeId, (String, Instant)>,
    looked: Option<Instant>,
}

impl Peers {
    /// Whether a node lives.
    #[must_use]
    pub fn lives(&self, node: NodeId) -> bool {
        let is_new = |at: &Instant| at.elapsed() < SILENCE;
        self.heard.lock().get(&node).is_some_and(is_new)
            || self.marks.lock().seen.get(&node).is_some_and(|(_, changed)| is_new(changed))
    }

    /// Whether the node of this name lives.
    #[must_use]
    pub fn lives_by_name(&self, name: &str) -> bool {
        NodeId::parse(name).is_some_and(|node| self.lives(node))
    }

    /// Whether all nodes that live could be heard lately, as far as was seen.
    #[must_use]
    pub fn are_all_heard(&self) -> bool {
        self.unheard.load(Ordering::Relaxed) == 0
    }

    /// Notes a sign of life.
    pub(crate) fn hear(&self, node: NodeId) {
        let mut heard = self.heard.lock();
        heard.retain(|_, heard| heard.elapsed() < SILENCE);
        heard.insert(node, Instant::now());
    }

    /// Takes the marks as they are in the store. One that was never seen before lives for now.
    fn see(&self, me: NodeId, nodes: &[Document]) {
        let heard = self.heard.lock().clone();
        let mut marks = self.marks.lock();
        // After a time in which nothing could be seen, nobody is the older for it.
        let gap = marks.looked.is_none_or(|looked| looked.elapsed() > BEAT * 2);
        let mut seen = HashMap::with_capacity(nodes.len());
        for node in nodes {
            let (Some(id), mark) = (NodeId::parse(text(node, "_id")), text(node, "seen")) else {
                continue;
            };
            let changed = match marks.seen.remove(&id) {
                Some((old, changed)) if old == mark && !gap => changed,
                _ => Instant::now(),
            };
            seen.insert(id, (mark.to_owned(), changed));
        }
        let is_marked = |changed: &Instant| changed.elapsed() < BEAT * 2;
        let unheard = seen
            .iter()
            .filter(|(node, (_, changed))| **node != me && is_marked(changed))
            .filter(|(node, _)| heard.get(*node).is_none_or(|heard| heard.elapsed() >= BEAT * 2));
        self.unheard.store(unheard.count(), Ordering::Relaxed);
        *marks = Marks { seen, looked: Some(Instant::now()) };
    }
}

/// Says that this node is there, and hears the others.
pub struct PeersActor {
    hub: Hub,
    /// Who is online is being written.
    writing: bool,
    /// New notifications are being looked for.
    looking: bool,
}

impl PeersActor {
    /// Starts on this thread.
    pub fn open(hub: Hub) {
        Self { hub, writing: false, looking: false }.start();
    }

    fn beat(&mut self, ctx: &mut Context<Self>) {
        let (node, topic) = (self.hub.node(), Topic::Nodes);
        self.hub.bus().publish(Announcement { node, topic, news: News::Beat });
        let hub = self.hub.clone();
        let mark = async move {
            if leave_mark(hub.store().as_ref(), node, hub.clock().now()).await? == Mark::New {
                // Whoever buried this node has buried its users.
                hub.users().tell_all_again();
            }
            let all = Query::new(NODES, Filter::everything(), MOST_NODES);
            hub.peers().see(node, &hub.store().find(all).await?);
            due::look_after(&hub).await?;
            online::bury(&hub).await
        };
        let until_next = tokio::time::timeout(BEAT, mark);
        ctx.spawn(until_next.into_actor(self).map(|outcome, _, _| match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no mark left");
            }
            Err(_) => tracing::debug!("no mark left in time"),
        }));
    }

    fn look_for_notifications(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.looking, true) {
            let hub = self.hub.clone();
            let look = async move { watch::look(&hub).await };
            ctx.spawn(look.into_actor(self).map(|outcome, peers, _| {
                peers.looking = false;
                if let Err(error) = outcome {
                    let error = &error as &dyn std::error::Error;
                    tracing::debug!(error, "notifications not looked for");
                }
            }));
        }
    }

    fn write_online(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.writing, true) {
            let hub = self.hub.clone();
            let write = async move { online::write(&hub).await };
            ctx.spawn(write.into_actor(self).map(|(), peers, _| peers.writing = false));
        }
    }
}

/// Whether a node had a mark.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Old,
    New,
}

async fn leave_mark(store: &dyn Store, node: NodeId, now: Timestamp) -> Result<Mark, StoreError> {
    let id = node.to_string();
    let filter = Filter::id(id.clone());
    let update = Write::Update { collection: NODES, filter, change: Change::set("seen", now) };
    match store.commit(vec![update]).await {
        Err(StoreError::Unmatched { .. }) => {}
        other => return other.map(|_| Mark::Old),
    }
    let document = Document::from_iter([
        ("_id".to_owned(), Value::from(id)),
        ("seen".to_owned(), Value::from(now)),
    ]);
    store.commit(vec![Write::Insert { collection: NODES, document }]).await.map(|_| Mark::New)
}

impl Actor for PeersActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        let listener = ctx.address().recipient();
        self.hub.bus().subscribe(Topic::Nodes, self.hub.node(), listener);
        self.beat(ctx);
        ctx.run_interval(BEAT, Self::beat);
        ctx.run_interval(online::PAUSE, Self::write_online);
        ctx.run_interval(online::PAUSE, Self::look_for_notifications);
    }
}

impl Handler<Announcement> for PeersActor {
    type Result = ();

    fn handle(&mut self, announcement: Announcement, _: &mut Self::Context) {
        self.hub.peers().hear(announcement.node);
        match announcement.news {
            News::Revoked(user, logins) => self.hub.revoke_here(&user, &logins),
            // A revocation may have been missed.
            News::Changed => self.hub.ask_for_logins(),
            _ => {}
        }
    }
}
