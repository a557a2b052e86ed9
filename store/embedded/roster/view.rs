//! What a query means, by a roster and what was written to since it was made.

use std::sync::Arc;

use rusqlite::{Connection, Transaction, params_from_iter, types::Value as SqlValue};
use serde_json::Value;

use super::{Roster, base::Base, bits::Bits, maker::Want, order::Walk};
use crate::{
    embedded::{
        fault::Fault,
        schema::Table,
        translate::{Looking, Sql, condition},
    },
    filter::Filter,
    query::Query,
};

/// How often a roster may be replaced while a moment is being taken.
const TRIES: usize = 3;

/// A roster and the database, at one moment.
pub(in crate::embedded) struct View<'a> {
    connection: &'a Connection,
    table: &'a Table,
    base: Arc<Base>,
    touched: Vec<i64>,
    /// What the database sees stays the same as long as this lives.
    moment: Transaction<'a>,
}

/// The roster of a collection as it is now, if it has one. Sees to it that it gets one, when it
/// is large.
pub(in crate::embedded) fn view<'a>(
    connection: &'a Connection,
    table: &'a Arc<Table>,
) -> Result<Option<View<'a>>, Fault> {
    let Some(roster) = &table.roster else { return Ok(None) };
    for _ in 0..TRIES {
        let Some(base) = roster.base() else { break };
        let moment = connection.unchecked_transaction()?;
        // The moment is that of the first look, and comes after the base's.
        last_row(connection, table)?;
        if let Some(touched) = roster.touched(&base) {
            if touched.len() >= super::STALE {
                ask(table, roster);
            }
            return Ok(Some(View { connection, table, base, touched, moment }));
        }
    }
    enrol(connection, table)?;
    Ok(None)
}

/// Sees to it that a large collection gets a roster.
pub(in crate::embedded) fn enrol(connection: &Connection, table: &Arc<Table>) -> Result<(), Fault> {
    if let Some(roster) = &table.roster
        && last_row(connection, table)? >= roster.from
    {
        ask(table, roster);
    }
    Ok(())
}

/// About how many documents there are: rows are given away one after the other.
fn last_row(connection: &Connection, table: &Table) -> Result<u64, Fault> {
    let sql = format!("SELECT coalesce(max(row), 0) FROM {}", table.documents);
    let last: i64 = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(last).unwrap_or(0))
}

fn ask(table: &Arc<Table>, roster: &Arc<Roster>) {
    if roster.is_due() {
        let want = Want { table: Arc::clone(table), roster: Arc::clone(roster) };
        // When too many wait, the next reader asks again.
        let _ = roster.wanted.try_send(want);
    }
}

/// What matches a filter.
pub(in crate::embedded) struct Matching {
    /// The places of those that were not written to.
    untouched: Bits,
    /// The rows of those that were.
    touched: Vec<i64>,
}

impl Matching {
    /// How many there are.
    pub(in crate::embedded) fn count(&self) -> u64 {
        self.untouched.count() + self.touched.len() as u64
    }
}

impl<'a> View<'a> {
    /// The moment alone.
    pub(in crate::embedded) fn into_moment(self) -> Transaction<'a> {
        self.moment
    }

    /// What matches.
    pub(in crate::embedded) fn matching(&self, filter: &Filter) -> Result<Matching, Fault> {
        let matching = self.base.matching(self.connection, self.table, filter)?;
        let mut untouched = Bits::clone(&matching);
        for place in self.places_touched() {
            untouched.remove(place);
        }
        Ok(Matching { untouched, touched: self.among(&self.touched, filter)? })
    }

    /// The rows of a page, and how many of them, in their order, are to be passed over.
    pub(in crate::embedded) fn page(
        &self,
        query: &Query,
        matching: &Matching,
    ) -> Result<(Vec<i64>, u64), Fault> {
        let keys = query.keys();
        let walk = self.base.orders.walk(self.connection, self.table, &self.base, &keys)?;
        let (start, mut rows) = if query.after.is_some() {
            let behind = Filter::Any(query.steps());
            (self.start(&walk, &behind)?, self.among(&matching.touched, &behind)?)
        } else {
            (0, matching.touched.clone())
        };
        // Each of the touched may come before the page, or within it.
        let reach = (rows.len() as u64).min(query.skip);
        let skip = usize::try_from(query.skip - reach).unwrap_or(usize::MAX);
        let limit = usize::try_from(query.limit.saturating_add(reach)).unwrap_or(usize::MAX);
        let places = (start..walk.len()).filter_map(|n| walk.at(n));
        let found = places.filter(|place| matching.untouched.has(*place)).skip(skip).take(limit);
        rows.extend(found.filter_map(|place| self.base.row(place)));
        Ok((rows, reach))
    }

    fn places_touched(&self) -> impl Iterator<Item = usize> {
        self.touched.iter().filter_map(|row| self.base.place(*row))
    }

    /// Those of these rows that match.
    fn among(&self, rows: &[i64], filter: &Filter) -> Result<Vec<i64>, Fault> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = one_of(rows);
        sql.and(condition(filter, self.table, Looking::Here)?);
        let text = format!("SELECT row FROM {} WHERE {}", self.table.documents, sql.text);
        let mut statement = self.connection.prepare_cached(&text)?;
        let rows = statement.query_map(params_from_iter(sql.params), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Where in the walk comes what is behind a position: found by halves, among those that were
    /// not written to.
    fn start(&self, walk: &Walk, behind: &Filter) -> Result<usize, Fault> {
        let behind = condition(behind, self.table, Looking::Here)?;
        let text =
            format!("SELECT 1 FROM {} WHERE row = ? AND {}", self.table.documents, behind.text);
        let mut statement = self.connection.prepare_cached(&text)?;
        let passed = Bits::of(self.base.len(), self.places_touched());
        let (mut low, mut high) = (0, walk.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let known =
                (middle..high).find(|n| walk.at(*n).is_some_and(|place| !passed.has(place)));
            let row = known.and_then(|n| self.base.row(walk.at(n)?));
            let (Some(known), Some(row)) = (known, row) else {
                high = middle;
                continue;
            };
            let params =
                std::iter::once(SqlValue::Integer(row)).chain(behind.params.iter().cloned());
            if statement.exists(params_from_iter(params))? {
                high = middle;
            } else {
                low = known + 1;
            }
        }
        Ok(low)
    }
}

/// One of these rows.
pub(in crate::embedded) fn one_of(rows: &[i64]) -> Sql {
    Sql {
        text: "row IN (SELECT value FROM json_each(?))".to_owned(),
        params: vec![Value::from(rows).to_string().into()],
    }
}
