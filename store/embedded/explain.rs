//! How SQLite goes about a query, in its own words. For tests, and for people who wonder.

use rusqlite::{Connection, params_from_iter};

use super::{
    fault::Fault,
    plan::{in_order, narrowing},
    schema::Table,
    translate::{Looking, Sql, condition, order},
};
use crate::query::Query;

/// The steps of a query: what SQLite says of them in `EXPLAIN QUERY PLAN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// How it is found out whether few documents match what indexes tell; without such indexes
    /// `None`. When they are few, all else is asked of them alone.
    pub narrowing: Option<Vec<String>>,
    /// How a page is found when they are many.
    pub page: Vec<String>,
}

/// Explains a query.
pub(super) fn explain(
    connection: &Connection,
    table: &Table,
    query: &Query,
) -> Result<Explained, Fault> {
    let narrowing = match narrowing(table, &query.filter)? {
        Some(search) => Some(steps(connection, &format!("SELECT row {}", search.text), &search)?),
        None => None,
    };
    let order = order(&query.keys());
    let mut page = Vec::new();
    for step in query.steps() {
        let mut sql = in_order(table, &query.filter)?;
        sql.and(condition(&step, table, Looking::Everywhere)?);
        let text = format!(
            "SELECT json(doc) FROM {} WHERE {} ORDER BY {order} LIMIT 25",
            table.documents, sql.text
        );
        page.extend(steps(connection, &text, &sql)?);
    }
    Ok(Explained { narrowing, page })
}

fn steps(connection: &Connection, text: &str, sql: &Sql) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}"))?;
    let steps = statement.query_map(params_from_iter(&sql.params), |row| row.get("detail"))?;
    Ok(steps.collect::<rusqlite::Result<_>>()?)
}
