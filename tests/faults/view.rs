//! What one client has seen of one room, and what was wrong with it as it came.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::time::Instant;

/// An entry as it came.
pub(crate) struct Seen {
    pub(crate) entry: Value,
    pub(crate) at: DateTime<Utc>,
}

/// Everything that a client has of a room.
pub(crate) struct View {
    /// Who looks, and how: for people.
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) room: String,
    pub(crate) seen: Vec<Seen>,
    /// Since when the client has had it live.
    pub(crate) live_since: Option<Instant>,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) reordered: u64,
    /// What was wrong, in words.
    pub(crate) faults: Vec<String>,
}

impl View {
    /// Nothing yet.
    pub(crate) fn new(name: String, user: String, room: String) -> Self {
        Self {
            name,
            user,
            room,
            seen: Vec::new(),
            live_since: None,
            lost: 0,
            repeated: 0,
            reordered: 0,
            faults: Vec::new(),
        }
    }

    /// The last entry's seq; 0 when there is none.
    pub(crate) fn last(&self) -> u64 {
        self.seen.last().map_or(0, |seen| seq(&seen.entry))
    }

    /// The last entry's id.
    pub(crate) fn last_id(&self) -> Option<&Value> {
        self.seen.last().map(|seen| &seen.entry["id"])
    }

    /// Takes in an entry as it comes.
    pub(crate) fn take(&mut self, entry: Value) {
        let (last, now) = (self.last(), seq(&entry));
        if now > last + 1 {
            self.lost += now - last - 1;
            self.faults.push(format!("{last} was followed by {now}: {entry}"));
        } else if now <= last {
            let is_known = self.seen.iter().any(|seen| seq(&seen.entry) == now);
            if is_known {
                self.repeated += 1;
            } else {
                self.reordered += 1;
            }
            self.faults.push(format!("{now} came behind {last}: {entry}"));
            return;
        }
        self.seen.push(Seen { entry, at: now_utc() });
    }
}

/// An entry's place.
pub(crate) fn seq(entry: &Value) -> u64 {
    entry["seq"].as_u64().unwrap_or_default()
}

/// Whether a frame is an entry of a log.
pub(crate) fn is_entry(frame: &Value) -> bool {
    matches!(frame["type"].as_str(), Some("message" | "edited" | "deleted" | "members"))
}

#[expect(clippy::disallowed_methods, reason = "compared with the times that real nodes write")]
fn now_utc() -> DateTime<Utc> {
    Utc::now()
}
