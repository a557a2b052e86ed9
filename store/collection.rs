//! What a collection is: its name, indexes and searched fields.

use crate::{
    filter::Filter,
    query::{Direction, Sort},
};

/// A collection as declared by its owner.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Lower-case letters and underscores.
    pub name: &'static str,
    /// Its indexes; `_id` always has one.
    pub indexes: Vec<Index>,
    /// Text fields that [`Filter::Contains`] may ask for.
    pub searched: Vec<&'static str>,
}

/// An index over one or more fields.
#[derive(Debug, Clone)]
pub struct Index {
    /// Unique within the collection; what [`crate::StoreError::Taken`] names.
    pub name: &'static str,
    /// The fields, most significant first.
    pub fields: Vec<&'static str>,
    /// Those of them that descend; the others ascend. An index can be read from either end.
    pub descending: Vec<&'static str>,
    /// What the index is for.
    pub kind: IndexKind,
    /// Only documents that match are in the index ([`Filter::Eq`] with a non-null value,
    /// [`Filter::Present`], and [`Filter::All`] of these).
    pub only: Option<Filter>,
}

/// What an index is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// Finding and sorting.
    Plain,
    /// No two documents have the same values in the fields. A document that has null, or nothing,
    /// in any of them collides with none.
    Unique,
    /// Finding by an item of the list in the one field: serves [`Filter::Has`].
    Items,
}

impl Index {
    /// An index to find and sort by.
    #[must_use]
    pub fn plain(name: &'static str, fields: &[&'static str]) -> Self {
        Self::of(name, fields, IndexKind::Plain)
    }

    /// An index for lists in this order, in which not all keys have one direction.
    #[must_use]
    pub fn sorted(name: &'static str, order: &[Sort]) -> Self {
        let fields: Vec<&'static str> = order.iter().map(|key| key.field).collect();
        let down = order.iter().filter(|key| key.direction == Direction::Descending);
        let descending = down.map(|key| key.field).collect();
        Self { descending, ..Self::of(name, &fields, IndexKind::Plain) }
    }

    /// An index that keeps values unique.
    #[must_use]
    pub fn unique(name: &'static str, fields: &[&'static str]) -> Self {
        Self::of(name, fields, IndexKind::Unique)
    }

    /// An index over the items of a list.
    #[must_use]
    pub fn items(name: &'static str, field: &'static str) -> Self {
        Self::of(name, &[field], IndexKind::Items)
    }

    fn of(name: &'static str, fields: &[&'static str], kind: IndexKind) -> Self {
        Self { name, fields: fields.to_vec(), descending: Vec::new(), kind, only: None }
    }

    /// Whether the id, which ends an index that is not unique, descends as the last field does.
    pub(crate) fn ends_down(&self) -> bool {
        self.fields.last().is_some_and(|last| self.descending.contains(last))
    }

    /// Restricts the index to documents that match.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.only = Some(filter);
        self
    }
}
