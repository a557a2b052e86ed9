//! Documents that are asked for by a unique value, as users are by their names: where it is
//! remembered which document had the value, that one is looked at in memory.
//!
//! What is remembered may be old. It counts only if the document has the value now; then no other
//! has it, and the document alone decides what matches.

use serde_json::Value;

use super::{recent::Recent, schema::Table};
use crate::{
    document::{Document, id_of},
    filter::Filter,
};

/// The field of which the value is the document's own name.
const ID: &str = "_id";

/// A value that one document has at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    collection: &'static str,
    field: &'static str,
    value: String,
}

impl Name {
    /// The one that a filter asks for, if everything it means has it.
    pub(super) fn in_filter(filter: &Filter, table: &Table) -> Option<Self> {
        let unique = |field: &str| field == ID || table.unique.contains(&field);
        let (field, value) = match filter {
            Filter::All(parts) => {
                return parts.iter().find_map(|part| Self::in_filter(part, table));
            }
            Filter::Eq(field, Value::String(value)) if unique(field) => (*field, value),
            Filter::In(field, values) if unique(field) => match values.as_slice() {
                [Value::String(value)] => (*field, value),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { collection: table.name, field, value: value.clone() })
    }

    /// Where it is looked for.
    pub(super) const fn collection(&self) -> &'static str {
        self.collection
    }

    /// The id of the document that has it, or had it once, as far as that is remembered.
    pub(super) fn owner(&self, recent: &Recent) -> Option<String> {
        if self.is_id() {
            return Some(self.value.clone());
        }
        recent.hint(self.collection, self.field, &self.value)
    }

    /// What matches a filter that asks for it: the document with the id of [`Name::owner`], or
    /// nothing. `None` when that document does not tell, because it has another name by now.
    pub(super) fn settle(&self, owner: Option<Document>, filter: &Filter) -> Option<Vec<Document>> {
        let decides = match &owner {
            Some(document) => {
                document.get(self.field).and_then(Value::as_str) == Some(self.value.as_str())
            }
            None => self.is_id(),
        };
        decides.then(|| owner.into_iter().filter(|document| filter.matches(document)).collect())
    }

    /// Remembers who was found by it.
    pub(super) fn remember(&self, recent: &Recent, found: &[Document]) {
        if let [document] = found
            && !self.is_id()
            && let Ok(id) = id_of(document)
        {
            recent.keep_hint(self.collection, self.field, &self.value, id);
        }
    }

    fn is_id(&self) -> bool {
        self.field == ID
    }
}

#[cfg(test)]
#[path = "named_tests.rs"]
mod tests;
