//! Writes: what one commit does, all or nothing.

use serde_json::Value;

use crate::{document::Document, filter::Filter, id::RoomId, log::LogEntry};

/// One write of a commit.
#[derive(Debug, Clone)]
pub enum Write {
    /// Stores a new document.
    Insert {
        /// The collection.
        collection: &'static str,
        /// The document, with `_id`.
        document: Document,
    },
    /// Changes one document that matches. The match and the change are one atomic step.
    Update {
        /// The collection.
        collection: &'static str,
        /// Which; when several match, one of them.
        filter: Filter,
        /// What changes.
        change: Change,
    },
    /// Changes every document that matches, none included.
    UpdateEvery {
        /// The collection.
        collection: &'static str,
        /// Which.
        filter: Filter,
        /// What changes.
        change: Change,
    },
    /// Removes one document that matches.
    Delete {
        /// The collection.
        collection: &'static str,
        /// Which; when several match, one of them.
        filter: Filter,
    },
    /// Removes every document that matches, none included.
    DeleteEvery {
        /// The collection.
        collection: &'static str,
        /// Which.
        filter: Filter,
    },
    /// Appends to a room's log, as [`crate::Store::append`] does, but all entries or none.
    Append {
        /// The room.
        room: RoomId,
        /// Consecutive entries.
        entries: Vec<LogEntry>,
    },
}

/// How fields of a document change. `_id` cannot. Each field is named once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Top-level fields that get a new value.
    pub set: Document,
    /// Integer fields that grow by so much; a missing one counts as 0.
    pub add: Vec<(&'static str, i64)>,
    /// List fields that get an item unless they have it; a missing one counts as empty.
    pub include: Vec<(&'static str, Value)>,
    /// List fields that lose every item equal to the value.
    pub exclude: Vec<(&'static str, Value)>,
}

impl Change {
    /// Sets one field.
    #[must_use]
    pub fn set(field: &'static str, value: impl Into<Value>) -> Self {
        Self {
            set: Document::from_iter([(field.to_owned(), value.into())]),
            ..Self::default()
        }
    }

    /// Sets one field more.
    #[must_use]
    pub fn and_set(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.set.insert(field.to_owned(), value.into());
        self
    }

    /// Adds to an integer field.
    #[must_use]
    pub fn and_add(mut self, field: &'static str, amount: i64) -> Self {
        self.add.push((field, amount));
        self
    }

    /// Adds an item to a list field unless it is there.
    #[must_use]
    pub fn and_include(mut self, field: &'static str, item: impl Into<Value>) -> Self {
        self.include.push((field, item.into()));
        self
    }

    /// Takes an item out of a list field.
    #[must_use]
    pub fn and_exclude(mut self, field: &'static str, item: impl Into<Value>) -> Self {
        self.exclude.push((field, item.into()));
        self
    }
}

/// What a write of a commit did.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// The document was stored.
    Inserted,
    /// The document as it is after the change.
    Updated(Document),
    /// So many documents were changed or removed.
    Count(u64),
    /// The document as it was before it was removed.
    Deleted(Document),
    /// The entries were appended.
    Appended,
}
