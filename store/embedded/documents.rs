//! Documents: how they are read and written.

use std::sync::Arc;

use rusqlite::{
    Connection, OptionalExtension, Row, ToSql, Transaction, params, params_from_iter,
    types::Value as SqlValue,
};

use super::{
    fault::{Fault, failed, violated_index},
    items,
    needles::searches,
    plan::{Plan, among_very_few, in_order, is_named, plan},
    recent::Changing,
    roster::{Matching, View, one_of, view},
    schema::Table,
    search::Pending,
    translate::{Looking, Sql, condition, order},
};
use crate::{
    document::{self, Document, id_of},
    error::StoreError,
    filter::Filter,
    query::Query,
    write::Change,
};

/// The document with this id, as text.
pub(super) fn get(
    connection: &Connection,
    table: &Table,
    id: &str,
) -> Result<Option<String>, Fault> {
    let sql = format!("SELECT json(doc) FROM {} WHERE id = ?", table.documents);
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// What the query means, in its order.
pub(super) fn find(
    connection: &Connection,
    table: &Arc<Table>,
    query: &Query,
) -> Result<Vec<Document>, Fault> {
    let reads = if query.after.is_none() { Reads::One } else { Reads::Several };
    Way::to(connection, table, &query.filter, reads)?.find(connection, table, query)
}

/// How many documents match.
pub(super) fn count(
    connection: &Connection,
    table: &Arc<Table>,
    filter: &Filter,
) -> Result<u64, Fault> {
    Way::to(connection, table, filter, Reads::One)?.count(connection, table)
}

/// What the query means, and how many documents match its filter.
pub(super) fn page(
    connection: &Connection,
    table: &Arc<Table>,
    query: &Query,
) -> Result<(Vec<Document>, u64), Fault> {
    let way = Way::to(connection, table, &query.filter, Reads::Several)?;
    Ok((way.find(connection, table, query)?, way.count(connection, table)?))
}

/// How many statements must see the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    One,
    Several,
}

/// How what matches a filter is found, at one moment.
enum Way<'a> {
    /// By what is held in memory.
    Enrolled(View<'a>, Matching),
    /// By the database alone.
    Planned { plan: Plan, _moment: Option<Transaction<'a>> },
}

impl<'a> Way<'a> {
    fn to(
        connection: &'a Connection,
        table: &'a Arc<Table>,
        filter: &Filter,
        reads: Reads,
    ) -> Result<Self, Fault> {
        if is_named(filter, table) {
            let plan = Plan { condition: in_order(table, filter)?, count: None };
            let several = reads == Reads::Several;
            let moment = several.then(|| connection.unchecked_transaction()).transpose()?;
            return Ok(Self::Planned { plan, _moment: moment });
        }
        if let Some(view) = view(connection, table)? {
            return Self::beside(connection, table, filter, view);
        }
        let moment = connection.unchecked_transaction()?;
        let plan = plan(connection, table, filter)?;
        Ok(Self::Planned { plan, _moment: Some(moment) })
    }

    /// What concerns next to nobody is not worth a look at everybody.
    fn beside(
        connection: &'a Connection,
        table: &'a Arc<Table>,
        filter: &Filter,
        view: View<'a>,
    ) -> Result<Self, Fault> {
        if let Some(condition) = among_very_few(connection, table, filter)? {
            let plan = Plan { condition, count: None };
            return Ok(Self::Planned { plan, _moment: Some(view.into_moment()) });
        }
        let matching = view.matching(filter)?;
        Ok(Self::Enrolled(view, matching))
    }

    fn find(
        &self,
        connection: &Connection,
        table: &Table,
        query: &Query,
    ) -> Result<Vec<Document>, Fault> {
        match self {
            Self::Enrolled(view, matching) => {
                let (rows, skip) = view.page(query, matching)?;
                select(connection, table, one_of(&rows), &order(&query.keys()), query.limit, skip)
            }
            Self::Planned { plan, .. } => step_by_step(connection, table, query, plan),
        }
    }

    fn count(&self, connection: &Connection, table: &Table) -> Result<u64, Fault> {
        match self {
            Self::Enrolled(_, matching) => Ok(matching.count()),
            Self::Planned { plan, .. } => match &plan.count {
                Some(count) => number(connection, count),
                None => number(connection, &counting(table, &plan.condition)),
            },
        }
    }
}

/// Step after step, until there is enough.
fn step_by_step(
    connection: &Connection,
    table: &Table,
    query: &Query,
    plan: &Plan,
) -> Result<Vec<Document>, Fault> {
    let order = order(&query.keys());
    let mut skip = query.skip;
    let mut found = Vec::new();
    for step in query.steps() {
        let wanted = query.limit.saturating_sub(found.len() as u64);
        if wanted == 0 {
            break;
        }
        let offset = if query.after.is_none() { std::mem::take(&mut skip) } else { 0 };
        let limit = wanted.saturating_add(skip);
        let mut sql = plan.condition.clone();
        sql.and(condition(&step, table, Looking::Everywhere)?);
        let mut documents = select(connection, table, sql, &order, limit, offset)?;
        let passed = usize::try_from(skip).unwrap_or(usize::MAX).min(documents.len());
        skip -= passed as u64;
        found.extend(documents.drain(passed..));
    }
    Ok(found)
}

fn select(
    connection: &Connection,
    table: &Table,
    mut condition: Sql,
    order: &str,
    limit: u64,
    offset: u64,
) -> Result<Vec<Document>, Fault> {
    let sql = format!(
        "SELECT json(doc) FROM {} WHERE {} ORDER BY {order} LIMIT ? OFFSET ?",
        table.documents, condition.text
    );
    let bounds = [limit, offset].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
    condition.params.extend(bounds.map(SqlValue::Integer));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(condition.params))?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next()? {
        documents.push(parse_column(row, 0)?);
    }
    Ok(documents)
}

/// Without a condition, SQLite looks at no document.
fn counting(table: &Table, condition: &Sql) -> Sql {
    let Sql { text, params } = condition;
    let bounds = if text == "1" { String::new() } else { format!(" WHERE {text}") };
    let text = format!("SELECT count(*) FROM {}{bounds}", table.documents);
    Sql { text, params: params.clone() }
}

fn number(connection: &Connection, sql: &Sql) -> Result<u64, Fault> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    let count = statement.query_row(params_from_iter(&sql.params), |row| row.get(0));
    Ok(count.map(i64::unsigned_abs)?)
}

/// What writes documents: the writer's connection, and the search tables' changes.
pub(super) struct Writing<'a> {
    /// The connection, in a transaction.
    pub(super) connection: &'a Connection,
    /// What the search tables lack.
    pub(super) pending: &'a mut Pending,
    /// What others must not hold.
    pub(super) changing: &'a mut Changing,
    /// Position of the write in its commit.
    pub(super) write: usize,
}

impl Writing<'_> {
    /// Stores a new document.
    pub(super) fn insert(&mut self, table: &Arc<Table>, document: &Document) -> Result<(), Fault> {
        let sql = format!("INSERT INTO {} (id, doc) VALUES (?, jsonb(?))", table.documents);
        let text = serde_json::to_string(document).map_err(failed)?;
        self.execute(table, &sql, params![id_of(document)?, text])?;
        let row = self.connection.last_insert_rowid();
        table.touch(row);
        for items in &table.items {
            items::add(self.connection, &items.table, row, document.get(items.field))?;
        }
        self.pending.insert(table, row, document);
        Ok(())
    }

    /// Changes one document that matches.
    pub(super) fn update(
        &mut self,
        table: &Arc<Table>,
        filter: &Filter,
        change: &Change,
    ) -> Result<Document, Fault> {
        let (row, before) = self.one(table, filter)?;
        self.change(table, row, &before, change)
    }

    /// Changes every document that matches.
    pub(super) fn update_every(
        &mut self,
        table: &Arc<Table>,
        filter: &Filter,
        change: &Change,
    ) -> Result<u64, Fault> {
        let rows = self.rows(table, filter)?;
        for row in &rows {
            let before = self.read(table, *row)?;
            self.change(table, *row, &before, change)?;
        }
        Ok(rows.len() as u64)
    }

    /// Removes one document that matches.
    pub(super) fn delete(
        &mut self,
        table: &Arc<Table>,
        filter: &Filter,
    ) -> Result<Document, Fault> {
        let (row, document) = self.one(table, filter)?;
        self.remove(table, row, &document)?;
        Ok(document)
    }

    /// Removes every document that matches.
    pub(super) fn delete_every(
        &mut self,
        table: &Arc<Table>,
        filter: &Filter,
    ) -> Result<u64, Fault> {
        let rows = self.rows(table, filter)?;
        for row in &rows {
            let document = self.read(table, *row)?;
            self.remove(table, *row, &document)?;
        }
        Ok(rows.len() as u64)
    }

    fn change(
        &mut self,
        table: &Arc<Table>,
        row: i64,
        before: &Document,
        change: &Change,
    ) -> Result<Document, Fault> {
        self.changing.change(table.name, id_of(before)?);
        let mut after = before.clone();
        change.apply(&mut after)?;
        document::check(&after)?;
        let sql = format!("UPDATE {} SET doc = jsonb(?) WHERE row = ?", table.documents);
        let text = serde_json::to_string(&after).map_err(failed)?;
        table.touch(row);
        self.execute(table, &sql, params![text, row])?;
        for items in &table.items {
            let (old, new) = (before.get(items.field), after.get(items.field));
            if old != new {
                items::remove(self.connection, &items.table, row, old)?;
                items::add(self.connection, &items.table, row, new)?;
            }
        }
        self.pending.update(table, row, before, &after);
        Ok(after)
    }

    fn remove(&mut self, table: &Arc<Table>, row: i64, document: &Document) -> Result<(), Fault> {
        self.changing.change(table.name, id_of(document)?);
        table.touch(row);
        let sql = format!("DELETE FROM {} WHERE row = ?", table.documents);
        self.connection.prepare_cached(&sql)?.execute([row])?;
        for items in &table.items {
            items::remove(self.connection, &items.table, row, document.get(items.field))?;
        }
        self.pending.delete(table, row);
        Ok(())
    }

    /// One document that matches.
    fn one(&mut self, table: &Table, filter: &Filter) -> Result<(i64, Document), Fault> {
        let condition = self.condition(table, filter)?;
        let sql = format!(
            "SELECT row, json(doc) FROM {} WHERE {} LIMIT 1",
            table.documents, condition.text
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(condition.params))?;
        match rows.next()? {
            Some(row) => Ok((row.get(0)?, parse_column(row, 1)?)),
            None => Err(StoreError::Unmatched { write: self.write }.into()),
        }
    }

    /// The rows of all that match: found before any is changed, since a change could move one
    /// behind the place where the search for more goes on.
    fn rows(&mut self, table: &Table, filter: &Filter) -> Result<Vec<i64>, Fault> {
        let condition = self.condition(table, filter)?;
        let sql = format!("SELECT row FROM {} WHERE {}", table.documents, condition.text);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(condition.params), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn read(&self, table: &Table, row: i64) -> Result<Document, Fault> {
        let sql = format!("SELECT json(doc) FROM {} WHERE row = ?", table.documents);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let text: String = statement.query_row([row], |row| row.get(0))?;
        parse(&text)
    }

    fn condition(&mut self, table: &Table, filter: &Filter) -> Result<Sql, Fault> {
        if searches(filter) {
            self.pending.write(self.connection)?;
        }
        Ok(condition(filter, table, Looking::Everywhere)?)
    }

    /// Executes what a unique index may forbid.
    fn execute(&self, table: &Table, sql: &str, params: &[&dyn ToSql]) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(sql)?;
        match statement.execute(params) {
            Ok(_) => Ok(()),
            Err(error) => match violated_index(&error) {
                Some(index) => Err(self.taken(table, index).into()),
                None => Err(error.into()),
            },
        }
    }

    fn taken(&self, table: &Table, index: &str) -> StoreError {
        let index = index.rsplit('.').next().unwrap_or(index);
        StoreError::Taken {
            write: self.write,
            collection: table.name.to_owned(),
            index: index.to_owned(),
        }
    }
}

fn parse_column(row: &Row<'_>, column: usize) -> Result<Document, Fault> {
    parse(row.get_ref(column)?.as_str().map_err(failed)?)
}

/// Reads a stored document.
pub(super) fn parse(text: &str) -> Result<Document, Fault> {
    Ok(serde_json::from_str(text).map_err(failed)?)
}
