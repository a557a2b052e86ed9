//! What a notification says.

use ihs_store::Timestamp;
use serde::{Deserialize, Serialize};

/// Most characters of a notification's title.
pub const MAX_TITLE: usize = 200;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Messages in a room.
    Message,
    /// An appointment.
    Appointment,
    /// A treatment.
    Treatment,
    /// A review.
    Review,
    /// A follower.
    Follow,
    /// Anything else.
    System,
}

/// What somebody is notified of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What about, at most [`MAX_TITLE`] characters.
    pub title: String,
    /// What.
    pub text: String,
    /// Of which kind.
    pub category: Category,
}

/// A notification that is stored, as its user's sockets see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: String,
    /// What it says.
    #[serde(flatten)]
    pub notice: Notice,
    /// When it was made.
    pub time_created: Timestamp,
}

impl Category {
    /// All of them, by their names on the wire.
    pub const NAMES: &'static [&'static str] =
        &["message", "appointment", "treatment", "review", "follow", "system"];
}
