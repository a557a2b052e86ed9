//! How a filter is best asked.
//!
//! It begins with what is rare. When few documents match what indexes tell (those whom a doctor
//! treats, say), or few texts have the needles, their rows are found first and all else is
//! compared. When many do, documents are taken in the order or by the index that the rest of the
//! query gives, and each one's text is looked at: a page is soon full.

use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

use super::{
    fault::Fault,
    needles::{expression, searches},
    roster::one_of,
    schema::Table,
    translate::{Looking, Sql, condition},
};
use crate::{filter::Filter, fold::fold};

/// So many rows are few.
const FEW: usize = 2_000;

/// So many are hardly worth a thought.
const VERY_FEW: usize = 200;

/// A condition, and, when it means no more than a search that many texts answer, that search.
#[derive(Debug)]
pub(super) struct Plan {
    /// The condition.
    pub(super) condition: Sql,
    /// How many match, asked of the texts alone: a whole statement.
    pub(super) count: Option<Sql>,
}

/// A search of the texts alone: the end of a statement, from `FROM` on.
struct Search {
    from: Sql,
    row: &'static str,
    is_exact: bool,
}

/// Plans a filter. What a plan found is true only within the transaction that it was made in.
pub(super) fn plan(connection: &Connection, table: &Table, filter: &Filter) -> Result<Plan, Fault> {
    if let Some(condition) = among_few(connection, table, filter)? {
        return Ok(Plan { condition, count: None });
    }
    let parts = parts(filter);
    let is_search = |part: &Filter| expression(part, &table.searched).is_some();
    let (needles, others): (Vec<Filter>, Vec<Filter>) = parts.into_iter().partition(is_search);
    let search = by_trigrams(&needles, table).or_else(|| by_short_needle(&others, table));
    let mut sql = all_of(&others, table)?;
    let Some(search) = search else {
        return Ok(Plan { condition: sql, count: None });
    };
    for needle in &needles {
        sql.and(condition(needle, table, Looking::Here)?);
    }
    let is_whole = search.is_exact && (others.is_empty() || needles.is_empty());
    match few(connection, &search, FEW)? {
        Some(rows) => {
            sql.and(one_of(&rows));
            Ok(Plan { condition: sql, count: None })
        }
        None => Ok(Plan { condition: sql, count: is_whole.then(|| count(search)) }),
    }
}

/// The condition of a filter of which indexes tell that few documents match; `None` when they are
/// many, and where SQLite finds them as well by itself.
fn among_few(
    connection: &Connection,
    table: &Table,
    filter: &Filter,
) -> Result<Option<Sql>, Fault> {
    match narrowing(table, filter)? {
        Some(from) => among(connection, table, filter, from, FEW),
        None => Ok(None),
    }
}

/// The condition of a filter of which an index tells that next to no documents match.
pub(super) fn among_very_few(
    connection: &Connection,
    table: &Table,
    filter: &Filter,
) -> Result<Option<Sql>, Fault> {
    match by_index(table, filter)? {
        Some(from) => among(connection, table, filter, from, VERY_FEW),
        None => Ok(None),
    }
}

/// The condition of a filter, among the rows of its part without texts, if they are so few.
fn among(
    connection: &Connection,
    table: &Table,
    filter: &Filter,
    from: Sql,
    most: usize,
) -> Result<Option<Sql>, Fault> {
    let search = Search { from, row: "row", is_exact: true };
    let Some(rows) = few(connection, &search, most)? else { return Ok(None) };
    let mut sql = one_of(&rows);
    for needle in parts(filter).iter().filter(|part| searches(part)) {
        sql.and(condition(needle, table, Looking::Here)?);
    }
    Ok(Some(sql))
}

/// The end of a statement, from `FROM` on, that finds what matches all parts of a filter but those
/// that look for texts; `None` where it is of no use to begin so.
pub(super) fn narrowing(table: &Table, filter: &Filter) -> Result<Option<Sql>, Fault> {
    let is_list = |part: &Filter| matches!(part, Filter::Any(_) | Filter::Has(..));
    let is_of_use = parts(filter).iter().any(|part| searches(part) || is_list(part));
    if is_of_use { by_index(table, filter) } else { Ok(None) }
}

fn by_index(table: &Table, filter: &Filter) -> Result<Option<Sql>, Fault> {
    let mut others = parts(filter);
    others.retain(|part| !searches(part));
    if is_named(filter, table) || !others.iter().any(|part| is_indexed(part, table)) {
        return Ok(None);
    }
    let Sql { text, params } = all_of(&others, table)?;
    Ok(Some(Sql { text: format!("FROM {} WHERE {text}", table.documents), params }))
}

/// The condition of a filter for documents that come in the order of the query.
pub(super) fn in_order(table: &Table, filter: &Filter) -> Result<Sql, Fault> {
    let mut sql = Sql { text: "1".to_owned(), params: Vec::new() };
    for part in parts(filter) {
        let looking = if searches(&part) { Looking::Here } else { Looking::Everywhere };
        sql.and(condition(&part, table, looking)?);
    }
    Ok(sql)
}

/// Whether a filter names the few documents that match at most, each by a unique value.
pub(super) fn is_named(filter: &Filter, table: &Table) -> bool {
    names(filter, table).is_some_and(|count| count <= VERY_FEW)
}

/// How many documents match at most, as far as unique values tell.
fn names(filter: &Filter, table: &Table) -> Option<usize> {
    match filter {
        Filter::All(filters) => filters.iter().filter_map(|part| names(part, table)).min(),
        Filter::Any(filters) => filters.iter().map(|part| names(part, table)).sum(),
        Filter::Eq(field, value) => (table.is_unique(field) && !value.is_null()).then_some(1),
        Filter::In(field, values) => {
            (table.is_unique(field) && !values.iter().any(Value::is_null)).then_some(values.len())
        }
        _ => None,
    }
}

/// Whether an index finds what matches.
fn is_indexed(filter: &Filter, table: &Table) -> bool {
    let leads = |field: &&str| *field == "_id" || table.leading.contains(field);
    match filter {
        Filter::All(filters) => filters.iter().any(|part| is_indexed(part, table)),
        Filter::Any(filters) => filters.iter().all(|part| is_indexed(part, table)),
        Filter::Eq(field, value) => !value.is_null() && leads(field),
        Filter::In(field, _)
        | Filter::Gt(field, _)
        | Filter::Gte(field, _)
        | Filter::Lt(field, _)
        | Filter::Lte(field, _) => leads(field),
        Filter::Has(field, _) => table.items.iter().any(|items| items.field == *field),
        Filter::Present(_) | Filter::Contains(..) => false,
    }
}

fn parts(filter: &Filter) -> Vec<Filter> {
    let mut parts = Vec::new();
    flatten(filter, &mut parts);
    parts
}

/// The parts that must all hold.
fn flatten(filter: &Filter, parts: &mut Vec<Filter>) {
    match filter {
        Filter::All(filters) => filters.iter().for_each(|filter| flatten(filter, parts)),
        filter => parts.push(filter.clone()),
    }
}

/// All of these. A needle that stands alone among them is looked for here; of several ways to
/// match, each is looked up.
fn all_of(parts: &[Filter], table: &Table) -> Result<Sql, Fault> {
    let mut sql = Sql { text: "1".to_owned(), params: Vec::new() };
    for part in parts {
        let is_needle = matches!(part, Filter::Contains(..));
        let looking = if is_needle { Looking::Here } else { Looking::Everywhere };
        sql.and(condition(part, table, looking)?);
    }
    Ok(sql)
}

fn by_trigrams(needles: &[Filter], table: &Table) -> Option<Search> {
    let expression = expression(&Filter::All(needles.to_vec()), &table.searched)?;
    let text = format!("FROM {0} WHERE {0} MATCH ?", table.search);
    Some(Search {
        from: Sql { text, params: vec![expression.text.into()] },
        row: "rowid",
        is_exact: expression.is_exact,
    })
}

/// A needle without a trigram, when there is nothing else to go by.
fn by_short_needle(parts: &[Filter], table: &Table) -> Option<Search> {
    let [Filter::Contains(field, needle)] = parts else {
        return None;
    };
    let column = table.searched.iter().position(|searched| searched == field)?;
    let needle = fold(needle);
    let is_usual = !needle.is_empty() && !needle.contains('\0');
    is_usual.then(|| Search {
        from: Sql {
            text: format!("FROM {} WHERE instr(c{column}, ?)", table.texts),
            params: vec![needle.into()],
        },
        row: "id",
        is_exact: true,
    })
}

/// The rows that a search finds; `None` when they are more than that.
fn few(
    connection: &Connection,
    search: &Search,
    most: usize,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let sql = format!("SELECT {} {} LIMIT {}", search.row, search.from.text, most + 1);
    let rows: Vec<i64> = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(&search.from.params), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows.len() <= most).then_some(rows))
}

fn count(search: Search) -> Sql {
    let Sql { text, params } = search.from;
    Sql { text: format!("SELECT count(*) {text}"), params }
}
