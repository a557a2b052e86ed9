//! Writes: what one commit does, all or nothing.

use serde_json::Value;

use crate::{
    document::{self, Document, InvalidDocument},
    filter::{Filter, equals},
    id::RoomId,
    log::LogEntry,
};

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
    /// Appends to a room's log, as [`crate::Store::append`] does, but all entries or none: the
    /// commit ends with [`crate::StoreError::SeqTaken`], or for a taken key with
    /// [`crate::StoreError::Taken`].
    Append {
        /// The room.
        room: RoomId,
        /// Consecutive entries.
        entries: Vec<LogEntry>,
    },
    /// Appends to a room's log, all or none, what was read of the same room's log in another store
    /// and so is in its last state already. Only one thing is different from [`Write::Append`]:
    /// a change of a deleted message is stored, and leaves it as it is, since it was made before
    /// the deletion. Keys are known and messages changed as by the first append.
    Restore {
        /// The room.
        room: RoomId,
        /// Consecutive entries.
        entries: Vec<LogEntry>,
    },
}

/// How fields of a document change. `_id` cannot. Each field is named once. A null field counts
/// as a missing one.
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
        Self { set: Document::from_iter([(field.to_owned(), value.into())]), ..Self::default() }
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

impl Change {
    /// Checks a change before any backend sees it.
    ///
    /// # Errors
    /// The first rule of [`InvalidDocument`] that what it sets or includes breaks; a change of
    /// `_id` is [`InvalidDocument::Key`].
    pub fn check(&self) -> Result<(), InvalidDocument> {
        let fields = self.add.iter().map(|(field, _)| *field);
        let lists = self.include.iter().chain(&self.exclude);
        let mut named = fields.chain(lists.map(|(field, _)| *field));
        if self.set.contains_key("_id") || named.any(|field| field == "_id") {
            return Err(InvalidDocument::Key("_id".to_owned()));
        }
        document::check_fields(&self.set)?;
        for (field, item) in &self.include {
            document::check_fields(&Document::from_iter([((*field).to_owned(), item.clone())]))?;
        }
        Ok(())
    }

    /// Makes the change: what every backend must agree with.
    ///
    /// # Errors
    /// [`InvalidDocument::Field`]; the document may then be changed in part.
    pub fn apply(&self, document: &mut Document) -> Result<(), InvalidDocument> {
        for (field, value) in &self.set {
            document.insert(field.clone(), value.clone());
        }
        for (field, amount) in &self.add {
            add(document, field, *amount)?;
        }
        for (field, item) in &self.include {
            let items = list(document, field)?;
            if !items.iter().any(|other| same(other, item)) {
                items.push(item.clone());
            }
        }
        for (field, item) in &self.exclude {
            list(document, field)?.retain(|other| !same(other, item));
        }
        Ok(())
    }
}

fn add(document: &mut Document, field: &str, amount: i64) -> Result<(), InvalidDocument> {
    let sum = match document.get(field) {
        None | Some(Value::Null) => Some(amount),
        Some(value) => value.as_i64().and_then(|value| value.checked_add(amount)),
    };
    let sum = sum.ok_or_else(|| InvalidDocument::Field(field.to_owned()))?;
    document.insert(field.to_owned(), sum.into());
    Ok(())
}

/// The list in a field, made when there is none.
fn list<'a>(
    document: &'a mut Document,
    field: &str,
) -> Result<&'a mut Vec<Value>, InvalidDocument> {
    let value = document.entry(field).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(InvalidDocument::Field(field.to_owned())),
    }
}

/// Whether two items of a list are the same: 1 and 1.0 are, as everywhere.
fn same(left: &Value, right: &Value) -> bool {
    left == right || equals(left, right)
}

/// Checks the documents and changes of a commit before any backend sees it.
///
/// # Errors
/// The first rule of [`InvalidDocument`] that one of them breaks.
pub(crate) fn check(writes: &[Write]) -> Result<(), InvalidDocument> {
    for write in writes {
        match write {
            Write::Insert { document, .. } => document::check(document)?,
            Write::Update { change, .. } | Write::UpdateEvery { change, .. } => change.check()?,
            Write::Delete { .. }
            | Write::DeleteEvery { .. }
            | Write::Append { .. }
            | Write::Restore { .. } => {}
        }
    }
    Ok(())
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
    /// The entries were appended or restored.
    Appended,
}

impl Written {
    /// The document after a change, if that is what was written.
    #[must_use]
    pub fn updated(self) -> Option<Document> {
        match self {
            Self::Updated(document) => Some(document),
            _ => None,
        }
    }
}
