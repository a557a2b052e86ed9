//! What the hooks of a resource get to work with.

use ihs_store::{Change, Document, Write};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::notices::Notice;
use crate::{error::ApiError, faults::Faults, fields::clean::Stage};

/// The values of a body, checked field by field.
pub(crate) struct Checked<'check> {
    /// What the body is for.
    pub(crate) stage: Stage,
    /// The values, by stored name.
    pub(crate) values: &'check mut Document,
    /// The record as it is; `None` for a new one.
    pub(crate) before: Option<&'check Document>,
    /// What is wrong.
    pub(crate) faults: &'check mut Faults,
}

impl Checked<'_> {
    /// The text that a field will have, unless something is wrong with it.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        let stored = || self.before.and_then(|before| before.get(field));
        self.values.get(field).or_else(stored).and_then(Value::as_str)
    }
}

/// A record that is about to be made.
pub(crate) struct Draft<R> {
    /// Its id.
    pub(crate) id: String,
    /// The record.
    pub(crate) record: R,
    /// Username of its owner.
    pub(crate) owner: String,
    /// What the body said, fields that are not stored included.
    pub(crate) input: Document,
    /// What is written together with it.
    pub(crate) writes: Vec<Write>,
    /// Who is told of it: stored together with it, and brought to their inboxes afterwards.
    pub(crate) notices: Vec<Notice>,
}

/// A record that is about to be changed.
pub(crate) struct Edit<R> {
    /// Its id.
    pub(crate) id: String,
    /// As it was.
    pub(crate) before: R,
    /// As it will be.
    pub(crate) after: R,
    /// What the body said, fields that are not stored included.
    pub(crate) input: Document,
    /// What is written together with it.
    pub(crate) writes: Vec<Write>,
    /// Who is told of it: stored together with it, and brought to their inboxes afterwards.
    pub(crate) notices: Vec<Notice>,
}

/// A record that is about to be deleted.
pub(crate) struct Removal<R> {
    /// Its id.
    pub(crate) id: String,
    /// The record.
    pub(crate) record: R,
    /// What is written together with it.
    pub(crate) writes: Vec<Write>,
    /// Who is told of it: stored together with it, and brought to their inboxes afterwards.
    pub(crate) notices: Vec<Notice>,
    /// What is left in its place; `None` for nothing.
    pub(crate) remains: Option<Change>,
}

/// A stored record on its way into an answer.
pub(crate) struct Row {
    /// As it is stored.
    pub(crate) document: Document,
    /// The values of derived fields, by name.
    pub(crate) derived: Map<String, Value>,
}

impl Row {
    /// Without derived values as yet.
    pub(crate) fn new(document: Document) -> Self {
        Self { document, derived: Map::new() }
    }

    /// The stored text in a field; empty when there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.document.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a derived field.
    pub(crate) fn derive(&mut self, field: &str, value: impl Into<Value>) {
        self.derived.insert(field.to_owned(), value.into());
    }
}

/// The record in a document.
pub(crate) fn record<R: DeserializeOwned>(document: Document) -> Result<R, ApiError> {
    serde_json::from_value(Value::Object(document)).map_err(ApiError::internal)
}

/// A record as it is stored, without its envelope.
pub(crate) fn document<R: Serialize>(record: &R) -> Result<Document, ApiError> {
    match serde_json::to_value(record).map_err(ApiError::internal)? {
        Value::Object(document) => Ok(document),
        _ => Err(ApiError::internal("a record that is no object")),
    }
}
