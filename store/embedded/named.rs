//! Documents that are asked for by a unique value, as users are by their names: where it is
//! remembered which document had the value, that one is looked at in memory.
//!
//! What is remembered may be old. It counts only if the document has the value now; then no other
//! has it, and the document alone decides what matches.

use rusqlite::Connection;
use serde_json::Value;

use super::{
    documents::{self, parse},
    fault::Fault,
    needles::searches,
    recent::{Look, Place, Recent},
    schema::{Schema, Table},
};
use crate::{
    document::{Document, id_of},
    filter::Filter,
    query::Query,
};

/// The field of which the value is the document's own name.
const ID: &str = "_id";

/// A value that one document has at most.
#[derive(Debug)]
pub(super) struct Name {
    collection: &'static str,
    field: &'static str,
    value: String,
}

impl Name {
    /// The one that a query asks for, if everything it means has it and memory can tell.
    pub(super) fn in_query(query: &Query, schema: &Schema) -> Option<Self> {
        let is_whole = query.after.is_none() && query.skip == 0 && query.limit > 0;
        if !is_whole || searches(&query.filter) {
            return None;
        }
        Self::in_filter(&query.filter, schema.known(query.collection)?)
    }

    fn in_filter(filter: &Filter, table: &Table) -> Option<Self> {
        let (field, value) = match filter {
            Filter::All(parts) => {
                return parts.iter().find_map(|part| Self::in_filter(part, table));
            }
            Filter::Eq(field, Value::String(value)) if table.is_unique(field) => (*field, value),
            Filter::In(field, values) if table.is_unique(field) => match values.as_slice() {
                [Value::String(value)] => (*field, value),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { collection: table.name, field, value: value.clone() })
    }

    /// What is known of the document that has it, or had it once; `None` when that is not
    /// remembered.
    pub(super) fn look(&self, recent: &Recent) -> Option<(String, Look)> {
        let id = if self.field == ID {
            self.value.clone()
        } else {
            recent.hint(self.collection, self.field, &self.value)?
        };
        let look = recent.look(self.collection, &id);
        Some((id, look))
    }

    /// What matches a filter that asks for it: this document or nothing. `None` when the document
    /// does not tell, because it has another name by now.
    pub(super) fn settle(&self, document: Document, filter: &Filter) -> Option<Vec<Document>> {
        let has = document.get(self.field).and_then(Value::as_str) == Some(self.value.as_str());
        has.then(|| Some(document).into_iter().filter(|it| filter.matches(it)).collect())
    }

    /// What matches, from the database: first the document that belongs into this place is looked
    /// at, and held.
    pub(super) fn find(
        &self,
        connection: &Connection,
        schema: &Schema,
        query: &Query,
        owner: Option<(String, Place)>,
        recent: &Recent,
    ) -> Result<Vec<Document>, Fault> {
        let table = schema.table(query.collection)?;
        if let Some((id, place)) = owner
            && let Some(text) = documents::get(connection, table, &id)?
        {
            recent.keep(place, &text);
            if let Some(found) = self.settle(parse(&text)?, &query.filter) {
                return Ok(found);
            }
        }
        let found = documents::find(connection, table, query)?;
        if let [document] = found.as_slice()
            && self.field != ID
        {
            recent.keep_hint(self.collection, self.field, &self.value, id_of(document)?);
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "named_tests.rs"]
mod tests;
