//! What can go wrong in a store, by meaning.

use std::path::PathBuf;

use crate::document::InvalidDocument;

/// The cause below a [`StoreError`], as the backend gave it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What [`StoreError::Taken`] calls the room logs.
pub const LOG: &str = "log";

/// What [`StoreError::Taken`] calls the uniqueness of (room, sender, key).
pub const LOG_KEY: &str = "key";

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A write would break a unique index (when it would break several, one of them is named);
    /// nothing of the commit was done. For an idempotency key
    /// of a room's log this is collection [`LOG`], index [`LOG_KEY`].
    #[error("unique index {index} of {collection} is taken")]
    Taken {
        /// Position of the write in the commit.
        write: usize,
        /// The collection.
        collection: String,
        /// Name of the index, as declared; `_id` for the identity.
        index: String,
    },
    /// A conditional update or delete found nothing that matches; nothing of the commit was done.
    #[error("nothing matches write {write}")]
    Unmatched {
        /// Position of the write in the commit.
        write: usize,
    },
    /// Another writer has already appended at this seq; nothing of the commit was done.
    #[error("the room's log has moved on")]
    SeqTaken,
    /// The message that an entry would change is deleted; nothing of the commit was done.
    #[error("the message is deleted")]
    TargetGone,
    /// The document breaks a rule of the port; nothing was done.
    #[error("the document is not valid")]
    Invalid(#[from] InvalidDocument),
    /// The store cannot be reached or is overloaded; nothing was done. Worth trying again.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// The connection was lost half way: the write may or may not have been done.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown(#[source] Cause),
    /// Another process has the data folder; found when opening.
    #[error("the data folder {} is in use by another process", .folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The data folder cannot be made, read or written; found when opening.
    #[error("the data folder {} cannot be used", .folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database is no database, or is damaged; found when opening, and left as it is.
    #[error("the database {} is damaged", .file.display())]
    Damaged {
        /// The database file.
        file: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
    /// The database was written by a newer version; found when opening, and left as it is.
    #[error("the database {} has format {found}, this version knows {known}", .file.display())]
    TooNew {
        /// The database file.
        file: PathBuf,
        /// The format that it has.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// What is stored cannot be read, or the backend refused a well-formed call: a fault to report.
    #[error("the store failed")]
    Failed(#[source] Cause),
}

impl StoreError {
    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_))
    }
}
