//! What a fan-out is told: by rooms, which reach it by address, and by the node.

use std::{sync::Arc, time::Duration};

use actix::Message;
use bytestring::ByteString;
use ihs_store::{RoomId, Seq};
use serde::{Deserialize, Serialize};

use super::frames::Frames;
use crate::{
    room::asker::Reply,
    session::socket::{SessionId, Socket},
    username::Username,
};

/// What a room has for the sockets of one thread.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// The room.
    pub room: RoomId,
    /// Entries for everybody in it.
    pub frames: Option<Arc<Frames>>,
    /// Answers for single sockets.
    pub replies: Vec<Reply>,
    /// Who is fed no longer from which seq on.
    pub removed: Vec<(Username, Seq)>,
    /// Remembered entries up to here have changed.
    pub rewritten: Option<Seq>,
}

impl Deliver {
    /// Nothing yet, from this room.
    #[must_use]
    pub fn from(room: RoomId) -> Self {
        Self { room, frames: None, replies: Vec::new(), removed: Vec::new(), rewritten: None }
    }
}

/// An answer for a single socket.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Hand {
    /// The room that was asked, if it was one.
    pub room: Option<RoomId>,
    /// The answer.
    pub reply: Reply,
}

/// The inbox is open on a socket.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Opened {
    /// What it is told first.
    pub reply: Reply,
}

/// News of the inbox for a socket on which it is open.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Mail {
    /// The socket.
    pub to: SessionId,
    /// The news.
    pub frame: ByteString,
}

/// A passing event for the sockets that a room feeds.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Pass {
    /// The room.
    pub room: RoomId,
    /// The event.
    pub frame: ByteString,
    /// Whom it is not for.
    pub except: Except,
}

/// Who does not hear of what they caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Except {
    /// Everybody hears of it.
    Nobody,
    /// This socket.
    Socket(SessionId),
    /// All sockets of this user.
    User(Username),
}

impl Except {
    pub(super) fn is(&self, socket: &Socket) -> bool {
        match self {
            Self::Nobody => false,
            Self::Socket(id) => *id == socket.id,
            Self::User(user) => *user == socket.user,
        }
    }
}

/// Feed a socket from a room.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Attach {
    /// The room.
    pub room: RoomId,
    /// Its head, as of everything delivered before this message.
    pub head: Seq,
    /// The last entry that the socket has.
    pub cursor: Seq,
    /// A feed that it has already goes on where it is.
    pub goes_on: bool,
    /// What it is told first.
    pub reply: Reply,
}

/// Feed a socket from a room no longer, or not at all.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Detach {
    /// The room.
    pub room: RoomId,
    /// What the socket is told.
    pub reply: Reply,
    /// Whether it ends a socket that was opened for this room only.
    pub ends: bool,
}

/// End every socket that is fed from a room: what it was given is not what the log says now. When
/// it comes back it is told so.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Restart(pub RoomId);

/// End sockets whose logins are no longer good.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Revoke {
    /// Whose.
    pub user: Username,
    /// Which.
    pub logins: Logins,
}

/// Some logins of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Logins {
    /// All of them.
    All,
    /// This one.
    Only(String),
    /// All but this one.
    AllBut(String),
}

impl Logins {
    pub(super) fn have(&self, login: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(one) => one == login,
            Self::AllBut(one) => one != login,
        }
    }
}

/// End every socket, spread over so much time.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Drain(pub Duration);
