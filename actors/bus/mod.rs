//! The bus between nodes: a fast path, never the truth. What it loses, repeats or reorders is
//! put right from the log.
//!
//! - [`news`]: what nodes tell each other
//! - [`local`]: within one process
//! - [`redis`]: between processes

pub mod local;
pub mod news;
pub mod redis;

use actix::Recipient;

pub use self::{
    local::LocalBus,
    news::{Announcement, News, NodeId, Topic},
    redis::{BusError, RedisBus},
};

/// Whether the bus carries anything to other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It reaches this process only: other nodes, if there are any, are heard of from the store.
    Alone,
    /// What is published arrives, as far as is known.
    Up,
    /// Nothing arrives: the log must be looked at.
    Away,
}

/// Carries announcements between the nodes that are interested in a topic.
pub trait Bus: Send + Sync + 'static {
    /// Tells every other node that subscribes to the topic. Returns at once; what cannot be sent is
    /// dropped.
    fn publish(&self, announcement: Announcement);

    /// Wants announcements of other nodes on a topic, until [`Bus::unsubscribe`]. A listener whose
    /// mailbox is full misses them.
    ///
    /// A bus that may have missed some itself, because the subscription took its time or the
    /// connection was lost, says so with [`News::Changed`] in the name of the listener's own node.
    fn subscribe(&self, topic: Topic, node: NodeId, listener: Recipient<Announcement>);

    /// Wants none any more.
    fn unsubscribe(&self, topic: &Topic, node: NodeId);

    /// How it is just now.
    fn health(&self) -> Health;
}
