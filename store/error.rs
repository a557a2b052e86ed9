//! What can go wrong in a store, by meaning.

use crate::document::InvalidDocument;

/// The cause below a [`StoreError`], as the backend gave it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A write would break a unique index; nothing of the commit was done.
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
    /// The document breaks a rule of the port; nothing was done.
    #[error("the document is not valid")]
    Invalid(#[from] InvalidDocument),
    /// The store cannot be reached or is overloaded; nothing was done. Worth trying again.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// The connection was lost half way: the write may or may not have been done.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown(#[source] Cause),
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
