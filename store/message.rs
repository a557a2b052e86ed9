//! Messages out of the logs of many rooms: what is asked for, and how it comes.

use std::cmp::Ordering;

use crate::{
    id::{EntryId, RoomId, Seq},
    query::Direction,
    time::Timestamp,
};

/// A message as it now is, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its room.
    pub room: RoomId,
    /// Its place in the room's log.
    pub seq: Seq,
    /// The id of its entry.
    pub id: EntryId,
    /// When the node took it in.
    pub time: Timestamp,
    /// Username of who sent it.
    pub sender: String,
    /// Its text; empty once deleted.
    pub text: String,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The last entry that changed it: itself, an edit, or its deletion.
    pub version: Seq,
    /// When that was taken in.
    pub updated: Timestamp,
}

impl Message {
    /// Where it stands among the messages of all rooms.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place { time: self.time, room: self.room, seq: self.seq }
    }
}

/// Where a message stands among those of all rooms: by time, then by room, then by seq. Times in a
/// log never go back, so that this is the order of each log, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was taken in.
    pub time: Timestamp,
    /// Its room.
    pub room: RoomId,
    /// Its place in the room's log.
    pub seq: Seq,
}

impl Place {
    /// Which of two comes first when places go in this direction.
    #[must_use]
    pub fn compare(&self, other: &Self, direction: Direction) -> Ordering {
        match direction {
            Direction::Ascending => self.cmp(other),
            Direction::Descending => other.cmp(self),
        }
    }
}

/// Whose messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Everybody's.
    Anyone,
    /// Theirs.
    These(Vec<String>),
    /// Everybody's but theirs.
    Others(String),
}

/// Which messages, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageQuery {
    /// Of these rooms, each named once.
    pub rooms: Vec<RoomId>,
    /// Whose.
    pub by: By,
    /// Taken in at this time or later.
    pub from: Option<Timestamp>,
    /// Taken in at this time or earlier.
    pub until: Option<Timestamp>,
    /// Oldest first, or newest first.
    pub direction: Direction,
    /// Keyset paging: only what comes behind the message at this place.
    pub after: Option<Place>,
    /// How many to pass over first. Costs time in proportion; `after` does not.
    pub skip: u64,
    /// How many at most.
    pub limit: u64,
}

impl MessageQuery {
    /// All messages of these rooms, oldest first, at most `limit`.
    #[must_use]
    pub const fn new(rooms: Vec<RoomId>, limit: u64) -> Self {
        Self {
            rooms,
            by: By::Anyone,
            from: None,
            until: None,
            direction: Direction::Ascending,
            after: None,
            skip: 0,
            limit,
        }
    }
}
