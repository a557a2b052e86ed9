//! Orders: where each document is in a list.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use rusqlite::Connection;

use super::base::Base;
use crate::{
    embedded::{fault::Fault, schema::Table, translate},
    query::{Direction, Sort},
};

/// So many orders are remembered.
const ORDERS: usize = 8;

/// The orders that were asked for, by their words in SQL.
#[derive(Debug, Default)]
pub(super) struct Orders(Mutex<HashMap<String, Order>>);

#[derive(Debug)]
struct Order {
    keys: Vec<Sort>,
    places: Arc<[u32]>,
}

/// The places of all documents in an order that is read from either end.
#[derive(Debug)]
pub(super) struct Walk {
    places: Arc<[u32]>,
    direction: Direction,
}

impl Walk {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of the n-th document.
    pub(super) fn at(&self, n: usize) -> Option<usize> {
        let index = match self.direction {
            Direction::Ascending => n,
            Direction::Descending => self.places.len().checked_sub(n + 1)?,
        };
        self.places.get(index).map(|place| *place as usize)
    }
}

impl Orders {
    /// The keys of those that were asked for.
    pub(super) fn keys(&self) -> Vec<Vec<Sort>> {
        self.0.lock().values().map(|order| order.keys.clone()).collect()
    }

    /// The order of these keys. It is true for what was not written to since the base was made,
    /// whenever it was read.
    pub(super) fn walk(
        &self,
        connection: &Connection,
        table: &Table,
        base: &Base,
        keys: &[Sort],
    ) -> Result<Walk, Fault> {
        let (keys, direction) = upwards(keys);
        let name = translate::order(&keys);
        let known = self.0.lock().get(&name).map(|order| Arc::clone(&order.places));
        let places = if let Some(places) = known {
            places
        } else {
            let places = read(connection, table, base, &name)?;
            let mut orders = self.0.lock();
            if orders.len() < ORDERS {
                orders.insert(name, Order { keys, places: Arc::clone(&places) });
            }
            places
        };
        Ok(Walk { places, direction })
    }
}

/// An order that goes down in all its keys is one that goes up, from its end.
fn upwards(keys: &[Sort]) -> (Vec<Sort>, Direction) {
    if keys.iter().all(|key| key.direction == Direction::Descending) {
        let turned = keys.iter().map(|key| Sort::ascending(key.field)).collect();
        (turned, Direction::Descending)
    } else {
        (keys.to_vec(), Direction::Ascending)
    }
}

fn read(
    connection: &Connection,
    table: &Table,
    base: &Base,
    order: &str,
) -> Result<Arc<[u32]>, Fault> {
    let sql = format!("SELECT row FROM {} ORDER BY {order}", table.documents);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut places = Vec::with_capacity(base.len());
    while let Some(row) = rows.next()? {
        let place = base.place(row.get(0)?).and_then(|place| u32::try_from(place).ok());
        places.extend(place);
    }
    Ok(places.into())
}
