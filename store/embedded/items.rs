//! The tables of items, kept in step with the lists.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::translate::item_key;

/// A document has this list.
pub(super) fn add(
    connection: &Connection,
    table: &str,
    row: i64,
    list: Option<&Value>,
) -> rusqlite::Result<()> {
    // A list may hold an item twice.
    let sql = format!("INSERT OR IGNORE INTO {table} (value, owner) VALUES (?, ?)");
    each(connection, &sql, row, list)
}

/// A document no longer has this list.
pub(super) fn remove(
    connection: &Connection,
    table: &str,
    row: i64,
    list: Option<&Value>,
) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM {table} WHERE value = ? AND owner = ?");
    each(connection, &sql, row, list)
}

fn each(
    connection: &Connection,
    sql: &str,
    row: i64,
    list: Option<&Value>,
) -> rusqlite::Result<()> {
    let Some(Value::Array(items)) = list else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(sql)?;
    for item in items {
        if !item.is_array() && !item.is_object() {
            statement.execute(params![item_key(item), row])?;
        }
    }
    Ok(())
}
