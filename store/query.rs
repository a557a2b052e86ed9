//! Queries: a filter, an order, and which page.

use serde_json::Value;

use crate::{document::Document, filter::Filter};

/// Ascending or descending. Null and missing come first when ascending, last when descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The field.
    pub field: &'static str,
    /// Its direction.
    pub direction: Direction,
}

impl Sort {
    /// Smallest first.
    #[must_use]
    pub const fn ascending(field: &'static str) -> Self {
        Self { field, direction: Direction::Ascending }
    }

    /// Largest first.
    #[must_use]
    pub const fn descending(field: &'static str) -> Self {
        Self { field, direction: Direction::Descending }
    }
}

/// Which documents of a collection, in which order.
///
/// Every order is total: backends add `_id`, in the direction of the last key (ascending without
/// one), unless it is among the keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The collection.
    pub collection: &'static str,
    /// Which documents.
    pub filter: Filter,
    /// In which order.
    pub sort: Vec<Sort>,
    /// How many to pass over first. Costs time in proportion; `after` does not.
    pub skip: u64,
    /// How many at most.
    pub limit: u64,
    /// Keyset paging: only what comes behind these values of the keys of [`Query::keys`].
    pub after: Option<Vec<Value>>,
}

impl Query {
    /// Everything in the collection that matches, at most `limit`.
    #[must_use]
    pub const fn new(collection: &'static str, filter: Filter, limit: u64) -> Self {
        Self { collection, filter, sort: Vec::new(), skip: 0, limit, after: None }
    }

    /// In this order.
    #[must_use]
    pub fn sorted(mut self, sort: Vec<Sort>) -> Self {
        self.sort = sort;
        self
    }

    /// The keys of the total order: those asked for, and `_id`.
    #[must_use]
    pub fn keys(&self) -> Vec<Sort> {
        let mut keys = self.sort.clone();
        if !keys.iter().any(|key| key.field == "_id") {
            let direction = keys.last().map_or(Direction::Ascending, |key| key.direction);
            keys.push(Sort { field: "_id", direction });
        }
        keys
    }

    /// Where the page behind this document starts: a value for [`Query::after`].
    #[must_use]
    pub fn position(&self, document: &Document) -> Vec<Value> {
        let value = |key: &Sort| document.get(key.field).cloned().unwrap_or(Value::Null);
        self.keys().iter().map(value).collect()
    }

    /// The keyset position as conditions beside the filter, to be asked for one after the other:
    /// what one means comes, in the query's order, wholly before what the next one means, and
    /// each is one range behind equal values, which an index finds without passing over anything.
    #[must_use]
    pub fn steps(&self) -> Vec<Filter> {
        let Some(after) = &self.after else {
            return vec![Filter::everything()];
        };
        let keys = self.keys();
        let mut steps = Vec::new();
        for (depth, (key, value)) in keys.iter().zip(after).enumerate().rev() {
            let equal = keys[..depth].iter().zip(after);
            let equal: Vec<Filter> =
                equal.map(|(key, value)| Filter::Eq(key.field, value.clone())).collect();
            for range in behind(*key, value) {
                let mut step = equal.clone();
                step.push(range);
                steps.push(Filter::All(step));
            }
        }
        steps
    }
}

/// Strictly behind `value` in the key's direction, as ranges in that order.
fn behind(key: Sort, value: &Value) -> Vec<Filter> {
    match (key.direction, value.is_null()) {
        (Direction::Ascending, true) => vec![Filter::Present(key.field)],
        (Direction::Ascending, false) => vec![Filter::Gt(key.field, value.clone())],
        (Direction::Descending, true) => Vec::new(),
        (Direction::Descending, false) => {
            vec![Filter::Lt(key.field, value.clone()), Filter::Eq(key.field, Value::Null)]
        }
    }
}
