//! Brings a collection's tables and indexes in line with its declaration.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{
    documents::parse,
    fault::Fault,
    items,
    schema::{Items, Table, quoted, search_column, value},
    search,
    translate::index_condition,
};
use crate::{
    collection::{Collection, Index, IndexKind},
    document::Document,
    fold::FOLDING,
};

/// How many documents are looked at in one go while a table is filled.
const BATCH: usize = 256;

/// Makes, drops and fills what the declaration asks for.
pub(super) fn collection(connection: &Connection, collection: &Collection) -> Result<Table, Fault> {
    let table = Table::new(collection);
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {} (
            row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc BLOB NOT NULL)",
        table.documents
    ))?;
    indexes(connection, collection, &table)?;
    item_tables(connection, &table)?;
    search_table(connection, &table)?;
    Ok(table)
}

fn indexes(connection: &Connection, collection: &Collection, table: &Table) -> Result<(), Fault> {
    let prefix = format!("x_{}.", table.name);
    let wanted: BTreeMap<String, String> = collection
        .indexes
        .iter()
        .filter(|index| index.kind != IndexKind::Items)
        .map(|index| {
            let name = format!("{prefix}{}", index.name);
            let sql = create_index(&name, index, table);
            (name, sql)
        })
        .collect();
    let present = made(connection, "index", &prefix)?;
    for (name, sql) in &present {
        if wanted.get(name) != Some(sql) {
            connection.execute_batch(&format!("DROP INDEX {}", quoted(name)))?;
        }
    }
    for (name, sql) in &wanted {
        if present.get(name) != Some(sql) {
            connection.execute_batch(sql)?;
        }
    }
    Ok(())
}

/// The statement that makes an index. One that is not unique ends with the id, so that it gives
/// the whole order of a query.
fn create_index(name: &str, index: &Index, table: &Table) -> String {
    let column = |field: &&'static str| {
        let down = if index.descending.contains(field) { " DESC" } else { "" };
        format!("{}{down}", value(field))
    };
    let mut columns: Vec<String> = index.fields.iter().map(column).collect();
    let unique = match index.kind {
        IndexKind::Unique => "UNIQUE ",
        IndexKind::Plain | IndexKind::Items => {
            columns.push(if index.ends_down() { "id DESC" } else { "id" }.to_owned());
            ""
        }
    };
    let condition = index
        .only
        .as_ref()
        .map(|only| format!(" WHERE {}", index_condition(only)))
        .unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {} ON {} ({}){condition}",
        quoted(name),
        table.documents,
        columns.join(", ")
    )
}

fn item_tables(connection: &Connection, table: &Table) -> Result<(), Fault> {
    let present = made(connection, "table", &format!("i_{}.", table.name))?;
    for name in present.keys().map(|name| quoted(name)) {
        if !table.items.iter().any(|items| items.table == name) {
            connection.execute_batch(&format!("DROP TABLE {name}"))?;
        }
    }
    for items in &table.items {
        if !present.keys().any(|name| quoted(name) == items.table) {
            make_item_table(connection, table, items)?;
        }
    }
    Ok(())
}

fn make_item_table(connection: &Connection, table: &Table, items: &Items) -> Result<(), Fault> {
    connection.execute_batch(&format!(
        "CREATE TABLE {} (value NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (value, owner))
         WITHOUT ROWID",
        items.table
    ))?;
    each_document(connection, table, |row, document| {
        items::add(connection, &items.table, row, document.get(items.field))
    })
}

/// The search table's columns are named after the fields, so that another declaration is noticed.
fn search_table(connection: &Connection, table: &Table) -> Result<(), Fault> {
    let name = format!("s_{}", table.name);
    let columns: Vec<String> = table.searched.iter().map(|field| search_column(field)).collect();
    let sql = format!(
        "CREATE VIRTUAL TABLE {} USING fts5({}, tokenize = 'trigram case_sensitive 1')",
        table.search,
        columns.join(", ")
    );
    let present = made(connection, "table", &name)?.remove(&name);
    let wanted = (!table.searched.is_empty()).then_some(&sql);
    if present.as_ref() == wanted && (wanted.is_none() || is_folded_so(connection, table)?) {
        return Ok(());
    }
    if present.is_some() {
        connection.execute_batch(&format!("DROP TABLE {}", table.search))?;
    }
    if let Some(sql) = wanted {
        connection.execute_batch(sql)?;
        each_document(connection, table, |row, document| {
            search::put(connection, table, row, search::texts(table, document))
        })?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO search_folding VALUES (?, ?)")?
            .execute(params![table.name, FOLDING])?;
    }
    Ok(())
}

/// Whether a search table's texts are folded as texts are now.
fn is_folded_so(connection: &Connection, table: &Table) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM search_folding WHERE collection = ? AND version = ?")?
        .exists(params![table.name, FOLDING])
}

/// What there is of a type whose name starts so: names and the statements that made them.
fn made(
    connection: &Connection,
    kind: &str,
    prefix: &str,
) -> rusqlite::Result<BTreeMap<String, String>> {
    connection
        .prepare_cached(
            "SELECT name, sql FROM sqlite_schema
             WHERE type = ?1 AND substr(name, 1, length(?2)) = ?2 AND sql IS NOT NULL",
        )?
        .query_map([kind, prefix], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn each_document(
    connection: &Connection,
    table: &Table,
    mut visit: impl FnMut(i64, &Document) -> rusqlite::Result<()>,
) -> Result<(), Fault> {
    let sql = format!(
        "SELECT row, json(doc) FROM {} WHERE row > ? ORDER BY row LIMIT {BATCH}",
        table.documents
    );
    let mut last = i64::MIN;
    loop {
        let batch: Vec<(i64, String)> = connection
            .prepare_cached(&sql)?
            .query_map([last], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (row, text) in &batch {
            visit(*row, &parse(text)?)?;
            last = *row;
        }
        if batch.len() < BATCH {
            return Ok(());
        }
    }
}
