//! A roster as it was made.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use rusqlite::{Connection, params_from_iter};

use super::{bits::Bits, order::Orders, texts::Texts};
use crate::{
    embedded::{
        fault::Fault,
        schema::Table,
        translate::{Looking, condition},
    },
    filter::Filter,
    fold::fold,
};

/// So many sets are remembered: of each word that was searched for, each filter, each policy.
const SETS: usize = 64;

/// Which documents there were, and their texts.
#[derive(Debug)]
pub(super) struct Base {
    /// The rows, ascending. The place of a document is the place of its row among them.
    rows: Vec<i64>,
    /// By the order of the table's searched fields.
    texts: Vec<Texts>,
    /// Where the documents are in the orders that were asked for.
    pub(super) orders: Orders,
    /// What parts of filters meant. True for what was not written to since the base was made,
    /// whenever it was found out.
    sets: Mutex<VecDeque<(Filter, Arc<Bits>)>>,
}

impl Base {
    /// Reads all documents' texts; `None` when they are too much to hold.
    pub(super) fn read(connection: &Connection, table: &Table) -> Result<Option<Self>, Fault> {
        let sql = format!("SELECT row FROM {}", table.documents);
        let mut rows: Vec<i64> = connection
            .prepare_cached(&sql)?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        rows.sort_unstable();
        let texts = texts(connection, table, &rows)?;
        Ok(texts.map(|texts| Self {
            rows,
            texts,
            orders: Orders::default(),
            sets: Mutex::default(),
        }))
    }

    /// How many documents there were.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at a place.
    pub(super) fn row(&self, place: usize) -> Option<i64> {
        self.rows.get(place).copied()
    }

    /// The place of a row. Rows mostly follow one another.
    pub(super) fn place(&self, row: i64) -> Option<usize> {
        let guess = self.rows.first().and_then(|first| usize::try_from(row - first).ok())?;
        let hit = self.rows.get(guess) == Some(&row);
        if hit { Some(guess) } else { self.rows.binary_search(&row).ok() }
    }

    /// The places of those that match, as far as they were not written to.
    pub(super) fn matching(
        &self,
        connection: &Connection,
        table: &Table,
        filter: &Filter,
    ) -> Result<Arc<Bits>, Fault> {
        let each = |filters: &[Filter], start: Bits, join: fn(Bits, &Bits) -> Bits| {
            filters.iter().try_fold(start, |bits, filter| {
                Ok::<_, Fault>(join(bits, &*self.matching(connection, table, filter)?))
            })
        };
        Ok(match filter {
            Filter::All(filters) => Arc::new(each(filters, Bits::all(self.len()), Bits::and)?),
            Filter::Any(filters) => Arc::new(each(filters, Bits::none(self.len()), Bits::or)?),
            // What is not null is mostly less.
            Filter::Eq(field, value) if value.is_null() && *field != "_id" => {
                let present = self.matching(connection, table, &Filter::Present(field))?;
                Arc::new(Bits::clone(&present).not())
            }
            filter => self.set(connection, table, filter)?,
        })
    }

    /// What one comparison means.
    fn set(
        &self,
        connection: &Connection,
        table: &Table,
        filter: &Filter,
    ) -> Result<Arc<Bits>, Fault> {
        if let Some(bits) = self.known(filter) {
            return Ok(bits);
        }
        let found = Arc::new(match self.in_texts(table, filter) {
            Some(bits) => bits,
            None => self.in_database(connection, table, filter)?,
        });
        let mut sets = self.sets.lock();
        sets.push_front((filter.clone(), Arc::clone(&found)));
        sets.truncate(SETS);
        Ok(found)
    }

    /// What is remembered of it. What is asked for often is remembered longest.
    fn known(&self, filter: &Filter) -> Option<Arc<Bits>> {
        let mut sets = self.sets.lock();
        let place = sets.iter().position(|(known, _)| known == filter)?;
        let (known, bits) = sets.remove(place)?;
        sets.push_front((known, Arc::clone(&bits)));
        Some(bits)
    }

    fn in_texts(&self, table: &Table, filter: &Filter) -> Option<Bits> {
        let Filter::Contains(field, needle) = filter else { return None };
        let column = table.searched.iter().position(|searched| searched == field)?;
        Some(self.texts.get(column)?.with(&fold(needle)))
    }

    fn in_database(
        &self,
        connection: &Connection,
        table: &Table,
        filter: &Filter,
    ) -> Result<Bits, Fault> {
        let condition = condition(filter, table, Looking::Everywhere)?;
        let sql = format!("SELECT row FROM {} WHERE {}", table.documents, condition.text);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(condition.params))?;
        let mut bits = Bits::none(self.len());
        while let Some(row) = rows.next()? {
            if let Some(place) = self.place(row.get(0)?) {
                bits.add(place);
            }
        }
        Ok(bits)
    }
}

/// The texts of these rows, field by field. The table of texts lacks documents without any.
fn texts(
    connection: &Connection,
    table: &Table,
    rows: &[i64],
) -> Result<Option<Vec<Texts>>, Fault> {
    let columns = table.searched.len();
    let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    let sql = format!("SELECT id, {} FROM {} ORDER BY id", names.join(", "), table.texts);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([])?;
    let mut texts: Vec<Texts> = names.iter().map(|_| Texts::default()).collect();
    let mut place = 0;
    while let Some(row) = found.next()? {
        let id: i64 = row.get(0)?;
        let missing = rows[place..].iter().take_while(|row| **row < id).count();
        for (column, texts) in texts.iter_mut().enumerate() {
            let text = row.get_ref(column + 1)?.as_str_or_null();
            let room = (0..missing).all(|_| texts.push(None)) && texts.push(text.ok().flatten());
            if !room {
                return Ok(None);
            }
        }
        place += missing + 1;
    }
    let missing = rows.len().saturating_sub(place);
    let room = texts.iter_mut().all(|texts| (0..missing).all(|_| texts.push(None)));
    Ok(room.then_some(texts))
}
