//! Answers and passing events as frames.

use std::collections::BTreeMap;

use ihs_store::{EntryId, LogEntry, RoomId, Seq, Timestamp};
use serde::Serialize;

use super::{
    code::ErrorCode, entry::EntryView, notice::Notification, reference::Reference,
    request::FrameError,
};

/// Seconds after which it is worth trying again.
const RETRY_SECONDS: u64 = 1;

/// A frame from the server that is not an entry of a log.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Answer<'a> {
    /// The socket is fed from the room.
    Joined(Joined<'a>),
    /// The message is in the log.
    Ack {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// The room.
        room: RoomId,
        /// The entry that it became.
        seq: Seq,
        /// Its id.
        id: EntryId,
        /// Its time.
        time: Timestamp,
    },
    /// Messages before a point, ascending.
    History {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// The room.
        room: RoomId,
        /// The messages.
        messages: Vec<EntryView<'a>>,
        /// Whether there are earlier ones.
        more: bool,
    },
    /// To a ping.
    Pong {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
    },
    /// It is done.
    Ok {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
    },
    /// It was not done.
    Error {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        detail: &'a str,
        /// Seconds after which it is worth trying again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// What is unseen.
    Notifications {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// The newest of them, newest first.
        unseen: Vec<Notification>,
        /// How many there are.
        count: u64,
    },
    /// The notification is stored.
    Notified {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// Its id.
        id: &'a str,
    },
    /// One's rooms.
    Synced {
        /// The client's reference.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Reference>,
        /// Each of them.
        rooms: Vec<SyncedRoom<'a>>,
    },
    /// Something new in the inbox.
    Notification(&'a Notification),
    /// Another socket of the user has viewed these.
    Viewed {
        /// Their ids.
        notifications: &'a [String],
    },
    /// Somebody is writing.
    Typing {
        /// The room.
        room: RoomId,
        /// Who.
        user: &'a str,
    },
    /// Somebody has read.
    Read {
        /// The room.
        room: RoomId,
        /// Who.
        user: &'a str,
        /// Up to here.
        seq: Seq,
    },
    /// Somebody has come or gone.
    Presence {
        /// The room.
        room: RoomId,
        /// Who.
        user: &'a str,
        /// Whether they have a socket in the room.
        online: bool,
    },
    /// The feed from the room has ended.
    Left {
        /// The room.
        room: RoomId,
        /// Why.
        reason: &'static str,
    },
}

/// The answer to a join.
#[derive(Debug, Serialize)]
pub struct Joined<'a> {
    /// The client's reference.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a Reference>,
    /// The room.
    pub room: RoomId,
    /// Its last entry.
    pub seq: Seq,
    /// Messages of others behind the reader's mark.
    pub unread: u64,
    /// Usernames with a socket in the room.
    pub online: Vec<&'a str>,
    /// How far members have read.
    pub read: BTreeMap<&'a str, Seq>,
    /// The client's last entry is not in this log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub diverged: bool,
}

/// One room in the answer to a sync.
#[derive(Debug, Serialize)]
pub struct SyncedRoom<'a> {
    /// The room.
    pub room: RoomId,
    /// Its name.
    pub name: &'a str,
    /// Direct or group.
    pub kind: &'a str,
    /// Its last entry.
    pub seq: Seq,
    /// Messages of others behind the reader's mark.
    pub unread: u64,
    /// The newest messages, ascending.
    pub newest: Vec<EntryView<'a>>,
    /// What the client has is not in this log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub diverged: bool,
}

impl<'a> Answer<'a> {
    /// The acknowledgement of an entry.
    #[must_use]
    pub fn ack(reference: Option<&'a Reference>, room: RoomId, entry: &LogEntry) -> Self {
        Self::Ack { reference, room, seq: entry.seq, id: entry.id, time: entry.time }
    }

    /// An error without a time to try again.
    #[must_use]
    pub fn error(reference: Option<&'a Reference>, code: ErrorCode, detail: &'a str) -> Self {
        Self::Error { reference, code, detail, retry_after: None }
    }

    /// The answer to a frame that is not a request.
    #[must_use]
    pub fn refusal(error: &'a FrameError) -> Self {
        Self::error(error.reference.as_ref(), error.code, &error.detail)
    }

    /// What was asked for has not been done, and may be soon.
    #[must_use]
    pub fn unavailable(reference: Option<&'a Reference>) -> Self {
        Self::retry(reference, ErrorCode::Unavailable, "it cannot be done just now", RETRY_SECONDS)
    }

    /// Something that may succeed in `seconds`.
    #[must_use]
    pub fn retry(
        reference: Option<&'a Reference>,
        code: ErrorCode,
        detail: &'a str,
        seconds: u64,
    ) -> Self {
        Self::Error { reference, code, detail, retry_after: Some(seconds) }
    }

    /// The frame.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }
}

/// Serialises a frame. The types here cannot fail to: maps have string keys, and nothing else can.
pub(super) fn encode(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_default()
}
