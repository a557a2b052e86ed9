//! The search tables, kept in step with the documents.
//!
//! What changes is collected and written once, at the end of the transaction (or before a filter
//! looks): FTS5 writes out its memory at every savepoint, and each commit of a group has one.

use std::sync::Arc;

use rusqlite::{Connection, params_from_iter, types::Value as SqlValue};
use serde_json::Value;

use super::schema::{Table, search_column};
use crate::{document::Document, fold::fold};

/// A document's row and what the search table is to say of it; `None` once it is removed.
#[derive(Debug)]
struct Entry {
    table: Arc<Table>,
    row: i64,
    texts: Option<Vec<SqlValue>>,
    known: bool,
}

/// Changes of the search tables that are not yet written.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<Entry>);

impl Pending {
    /// A new document.
    pub(super) fn insert(&mut self, table: &Arc<Table>, row: i64, document: &Document) {
        if table.searched.iter().any(|field| is_text(document, field)) {
            self.push(table, row, Some(texts(table, document)), false);
        }
    }

    /// A document that was changed.
    pub(super) fn update(
        &mut self,
        table: &Arc<Table>,
        row: i64,
        before: &Document,
        after: &Document,
    ) {
        if table.searched.iter().any(|field| before.get(*field) != after.get(*field)) {
            self.push(table, row, Some(texts(table, after)), true);
        }
    }

    /// A document that was removed.
    pub(super) fn delete(&mut self, table: &Arc<Table>, row: i64) {
        if !table.searched.is_empty() {
            self.push(table, row, None, true);
        }
    }

    fn push(&mut self, table: &Arc<Table>, row: i64, texts: Option<Vec<SqlValue>>, known: bool) {
        self.0.push(Entry { table: Arc::clone(table), row, texts, known });
    }

    /// How many changes there are: a mark for [`Pending::forget_behind`].
    pub(super) fn mark(&self) -> usize {
        self.0.len()
    }

    /// Forgets the changes behind a mark, because what they follow was undone.
    pub(super) fn forget_behind(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// Writes the changes.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for entry in self.0.drain(..) {
            let table = &entry.table;
            if entry.known {
                let sql = format!("DELETE FROM {} WHERE rowid = ?", table.search);
                connection.prepare_cached(&sql)?.execute([entry.row])?;
            }
            if let Some(texts) = entry.texts {
                put(connection, table, entry.row, texts)?;
            }
        }
        Ok(())
    }
}

/// Writes what the search table says of a document that it does not know.
pub(super) fn put(
    connection: &Connection,
    table: &Table,
    row: i64,
    texts: Vec<SqlValue>,
) -> rusqlite::Result<()> {
    let marks = ", ?".repeat(texts.len());
    let columns: Vec<String> = table.searched.iter().map(|field| search_column(field)).collect();
    let sql =
        format!("INSERT INTO {} (rowid, {}) VALUES (?{marks})", table.search, columns.join(", "));
    let params = std::iter::once(SqlValue::Integer(row)).chain(texts);
    connection.prepare_cached(&sql)?.execute(params_from_iter(params))?;
    Ok(())
}

/// The folded texts of a document, in the order of the columns.
pub(super) fn texts(table: &Table, document: &Document) -> Vec<SqlValue> {
    let text = |field: &&str| match document.get(*field) {
        Some(Value::String(text)) => SqlValue::Text(fold(text)),
        _ => SqlValue::Null,
    };
    table.searched.iter().map(text).collect()
}

fn is_text(document: &Document, field: &str) -> bool {
    document.get(field).is_some_and(Value::is_string)
}
