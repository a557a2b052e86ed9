//! The bus between nodes: a fast path, never the truth. What it loses, repeats or reorders is
//! put right from the log.
//!
//! - [`local`]: within one process

pub mod local;

use std::sync::Arc;

use actix::{Message, Recipient};
use ihs_store::{LogEntry, RoomId};

pub use local::LocalBus;

/// Names a node on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub [u8; 12]);

/// Entries that a node has appended to a room's log.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Announcement {
    /// Who appended them.
    pub node: NodeId,
    /// The room.
    pub room: RoomId,
    /// Consecutive entries.
    pub entries: Arc<Vec<LogEntry>>,
}

/// Carries announcements between the nodes that are interested in a room.
pub trait Bus: Send + Sync + 'static {
    /// Tells every other node that subscribes to the room. Returns at once; what cannot be sent is
    /// dropped.
    fn publish(&self, announcement: Announcement);

    /// Wants announcements of other nodes about a room, until [`Bus::unsubscribe`].
    fn subscribe(&self, room: RoomId, node: NodeId, listener: Recipient<Announcement>);

    /// Wants none any more.
    fn unsubscribe(&self, room: RoomId, node: NodeId);
}
