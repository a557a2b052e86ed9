//! What a node sends over the socket, as far as this client shows it.

use std::time::Duration;

use serde::Deserialize;

/// One frame.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Frame {
    /// A room was joined; what was missed follows.
    Joined {
        /// The room.
        room: String,
        /// Its last seq.
        seq: u64,
    },
    /// A message is stored.
    Ack {
        /// Which of ours.
        #[serde(rename = "ref")]
        reference: String,
        /// Its seq.
        seq: u64,
    },
    /// Earlier messages.
    History {
        /// Ascending.
        messages: Vec<Entry>,
    },
    /// A request was not carried out.
    Error(Refusal),
    /// A message.
    Message(Entry),
    /// A message got another text.
    Edited(Entry),
    /// A message was deleted.
    Deleted(Entry),
    /// Members came or went.
    Members(Entry),
    /// This user is not a member any more.
    Left {
        /// The room.
        room: String,
    },
    /// What this client does not show.
    #[serde(other)]
    Other,
}

/// One entry of a room's log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The room; left out in a history.
    pub(crate) room: String,
    pub(crate) seq: u64,
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) target: u64,
    pub(crate) deleted: bool,
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// Why a request was not carried out.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    /// Which request; none when the frame could not be read.
    #[serde(rename = "ref", default)]
    pub(crate) reference: Option<String>,
    code: String,
    pub(crate) detail: String,
    #[serde(default)]
    retry_after: Option<f64>,
}

impl Refusal {
    /// How long to wait before the same request may succeed; none when it never will.
    pub(crate) fn retry(&self) -> Option<Duration> {
        let passing = matches!(self.code.as_str(), "unavailable" | "rate_limited");
        let seconds = self.retry_after.unwrap_or(1.0).clamp(0.05, 30.0);
        passing.then(|| Duration::from_secs_f64(seconds))
    }
}

impl Frame {
    /// Reads a frame; whatever cannot be read is not for this client.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or(Self::Other)
    }
}
