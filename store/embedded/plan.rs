//! How a filter that looks for texts is best asked.
//!
//! When few texts have the needles, their rows are found first and all else is compared. When
//! many have, documents are taken in the order or by the index that the rest of the query gives,
//! and each one's text is looked at: a page is soon full.

use rusqlite::{Connection, params_from_iter, types::Value as SqlValue};
use serde_json::Value;

use super::{
    fault::Fault,
    needles::{Expression, expression},
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
        let condition = without_search(connection, table, &others)?;
        return Ok(Plan { condition, search: None });
    };
    let rows = few_found(connection, table, &search)?;
    let mut sql = condition(&Filter::All(others.clone()), table, Looking::Everywhere)?;
    if let Some(rows) = &rows {
        sql.and(one_of(rows));
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
/// here, unless there is nothing else to go by and few texts have them.
fn without_search(connection: &Connection, table: &Table, parts: &[Filter]) -> Result<Sql, Fault> {
    let mut sql = Sql { text: "1".to_owned(), params: Vec::new() };
    if let [needle @ Filter::Contains(..)] = parts {
        let everywhere = condition(needle, table, Looking::Everywhere)?;
        if let Some(rows) = few_that(connection, table, &everywhere)? {
            sql.and(one_of(&rows));
            return Ok(sql);
        }
    }
    for part in parts {
        let is_needle = matches!(part, Filter::Contains(..));
        let looking = if is_needle { Looking::Here } else { Looking::Everywhere };
        sql.and(condition(part, table, looking)?);
    }
    Ok(sql)
}

fn one_of(rows: &[i64]) -> Sql {
    Sql {
        text: "row IN (SELECT value FROM json_each(?))".to_owned(),
        params: vec![Value::from(rows).to_string().into()],
    }
}

/// The rows that a condition means; `None` when they are many.
fn few_that(
    connection: &Connection,
    table: &Table,
    condition: &Sql,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let limit = FEW + 1;
    let sql = format!("SELECT row FROM {} WHERE {} LIMIT {limit}", table.documents, condition.text);
    few(connection, &sql, &condition.params)
}

/// The rows that a search finds; `None` when they are many.
fn few_found(
    connection: &Connection,
    table: &Table,
    search: &Expression,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let sql = format!("SELECT rowid FROM {0} WHERE {0} MATCH ? LIMIT {1}", table.search, FEW + 1);
    few(connection, &sql, &[search.text.clone().into()])
}

fn few(
    connection: &Connection,
    sql: &str,
    params: &[SqlValue],
) -> rusqlite::Result<Option<Vec<i64>>> {
    let rows: Vec<i64> = connection
        .prepare_cached(sql)?
        .query_map(params_from_iter(params), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows.len() <= FEW).then_some(rows))
}
