//! What nodes tell each other.

use std::{fmt, sync::Arc};

use actix::Message;
use ihs_store::{LogEntry, RoomId, Seq};
use serde::{Deserialize, Serialize};

use crate::{fan_out::Logins, protocol::Notification, username::Username};

/// Names a node on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub [u8; 12]);

/// What an announcement is about, and so who hears it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// One room: nodes that have its actor.
    Room(RoomId),
    /// One user's inbox: nodes on which it is open.
    Inbox(Username),
    /// All nodes.
    Nodes,
}

/// Something that other nodes may want to know.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Announcement {
    /// Who says so.
    pub node: NodeId,
    /// What it is about.
    pub topic: Topic,
    /// What is new.
    pub news: News,
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Consecutive entries, appended to a room's log.
    Entries(Arc<Vec<LogEntry>>),
    /// A log, or what is kept of an inbox, has changed: look.
    Changed,
    /// Somebody is writing.
    Typing(Username),
    /// Somebody has read so far.
    Read(Username, Seq),
    /// A notification is new, or says something else.
    Notified(Notification),
    /// Notifications that were viewed, or are gone.
    Viewed(Vec<String>),
    /// A node is there.
    Beat,
    /// All users with a socket in the room on this node.
    Present(Vec<Username>),
    /// Who came to, and who left, the room on this node.
    Moved {
        /// Who came.
        came: Vec<Username>,
        /// Who left.
        left: Vec<Username>,
    },
    /// A node has just opened the room: who is there?
    WhoIsThere,
    /// Logins of a user that are no longer good.
    Revoked(Username, Logins),
}

impl News {
    /// Whether it is worth nothing later: it changes nothing that is kept, and is said again.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Typing(_)
            | Self::Read(..)
            | Self::Beat
            | Self::Present(_)
            | Self::Moved { .. }
            | Self::WhoIsThere => true,
            Self::Entries(_)
            | Self::Changed
            | Self::Notified(_)
            | Self::Viewed(_)
            | Self::Revoked(..) => false,
        }
    }
}

impl NodeId {
    /// From the name that it is shown by.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        // An ObjectId has the same form.
        name.parse::<RoomId>().ok().map(|id| Self(id.bytes()))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
