//! What a collection is: its name, indexes and searched fields.

use crate::filter::Filter;

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

/// An index over one or more fields, ascending.
#[derive(Debug, Clone)]
pub struct Index {
    /// Unique within the collection; what [`crate::StoreError::Taken`] names.
    pub name: &'static str,
    /// The fields, most significant first.
    pub fields: Vec<&'static str>,
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
        Self { name, fields: fields.to_vec(), kind: IndexKind::Plain, only: None }
    }

    /// An index that keeps values unique.
    #[must_use]
    pub fn unique(name: &'static str, fields: &[&'static str]) -> Self {
        Self { name, fields: fields.to_vec(), kind: IndexKind::Unique, only: None }
    }

    /// An index over the items of a list.
    #[must_use]
    pub fn items(name: &'static str, field: &'static str) -> Self {
        Self { name, fields: vec![field], kind: IndexKind::Items, only: None }
    }

    /// Restricts the index to documents that match.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.only = Some(filter);
        self
    }
}
