//! How a filter that looks for texts is best asked.
//!
//! When few texts have the needles, their rows are found first and all else is compared. When
//! many have, documents are taken in the order or by the index that the rest of the query gives,
//! and each one's text is looked at: a page is soon full.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::{
    fault::Fault,
    needles::{Expression, expression, searches},
    schema::Table,
    translate::{Looking, Sql, condition},
};
use crate::filter::Filter;

/// So many rows are few.
const FEW: usize = 2_000;

/// A condition, and, when it means no more than a search that many texts answer, that search.
#[derive(Debug)]
pub(super) struct Plan {
    /// The condition.
    pub(super) condition: Sql,
    /// What FTS5 alone can count.
    pub(super) search: Option<Expression>,
}

/// Plans a filter. What a plan found is true only within the transaction that it was made in.
pub(super) fn plan(connection: &Connection, table: &Table, filter: &Filter) -> Result<Plan, Fault> {
    let mut parts = Vec::new();
    flatten(filter, &mut parts);
    let is_search = |part: &Filter| expression(part, &table.searched).is_some();
    let (needles, others): (Vec<Filter>, Vec<Filter>) = parts.into_iter().partition(is_search);
    let Some(search) = expression(&Filter::All(needles.clone()), &table.searched) else {
        return Ok(Plan { condition: without_search(&others, table)?, search: None });
    };
    let rows = few_rows(connection, table, &search)?;
    let mut sql = condition(&Filter::All(others.clone()), table, Looking::Everywhere)?;
    if let Some(rows) = &rows {
        sql.text.push_str(" AND row IN (SELECT value FROM json_each(?))");
        sql.params.push(Value::from(rows.clone()).to_string().into());
    }
    sql.and(condition(&Filter::All(needles), table, Looking::Here)?);
    let is_alone = rows.is_none() && others.is_empty() && search.is_exact;
    Ok(Plan { condition: sql, search: is_alone.then_some(search) })
}

/// The parts that must all hold.
fn flatten(filter: &Filter, parts: &mut Vec<Filter>) {
    match filter {
        Filter::All(filters) => filters.iter().for_each(|filter| flatten(filter, parts)),
        filter => parts.push(filter.clone()),
    }
}

/// Short needles, and those that are one of several ways to match. The former are looked for
/// here, unless there is nothing else to go by.
fn without_search(parts: &[Filter], table: &Table) -> Result<Sql, Fault> {
    let is_plain_search = |part: &&Filter| matches!(part, Filter::Contains(..));
    let looking = if parts.len() > 1 && parts.iter().filter(is_plain_search).count() > 0 {
        Looking::Here
    } else {
        Looking::Everywhere
    };
    let mut sql = Sql { text: "1".to_owned(), params: Vec::new() };
    for part in parts {
        let looking = if searches(part) { looking } else { Looking::Everywhere };
        sql.and(condition(part, table, looking)?);
    }
    Ok(sql)
}

/// The rows that a search finds; `None` when they are many.
fn few_rows(
    connection: &Connection,
    table: &Table,
    search: &Expression,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let sql = format!("SELECT rowid FROM {0} WHERE {0} MATCH ? LIMIT {1}", table.search, FEW + 1);
    let rows: Vec<i64> = connection
        .prepare_cached(&sql)?
        .query_map(params![search.text], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows.len() <= FEW).then_some(rows))
}
