//! The log of a room: what is in it, and how it grows.

use serde::{Deserialize, Serialize};

use crate::{
    id::{EntryId, Seq},
    time::Timestamp,
};

/// One entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place.
    pub seq: Seq,
    /// Made once, by the node that took it in: tells whether an append of unknown outcome is ours.
    pub id: EntryId,
    /// When the node took it in.
    pub time: Timestamp,
    /// Username of who caused it.
    pub sender: String,
    /// Idempotency key: unique together with room and sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it says.
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// A message.
    Message {
        /// Its text as it now is; empty once deleted.
        text: String,
        /// Whether the text was edited since.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        edited: bool,
        /// Whether the message was deleted since.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    },
    /// A message got another text.
    Edited {
        /// The message.
        target: Seq,
        /// Its new text; empty once the message was deleted.
        text: String,
    },
    /// A message was deleted.
    Deleted {
        /// The message.
        target: Seq,
    },
    /// Members came or went.
    Members {
        /// Usernames.
        added: Vec<String>,
        /// Usernames; they see nothing from this seq on.
        removed: Vec<String>,
    },
}

impl Body {
    /// A new message.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message { text: text.into(), edited: false, deleted: false }
    }
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// So many entries, from the first, are durably in the log.
    pub stored: usize,
    /// Why the entry behind them is not; `None` when all are.
    pub stop: Option<Stop>,
}

/// Why an append stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Another writer has this seq: read the tail, renumber, try again.
    SeqTaken,
    /// The sender has already sent this key to the room: here is that entry.
    KeyTaken(Box<LogEntry>),
    /// The message that the entry would change is deleted, and not by an entry with this seq.
    TargetGone,
}
