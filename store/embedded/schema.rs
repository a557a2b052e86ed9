//! What the database knows of the collections: names of tables, and what serves which filter.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

use super::{
    fault::{Unprepared, failed},
    roster::{Maker, Roster},
};
use crate::{
    collection::{Collection, IndexKind},
    error::StoreError,
    filter::Filter,
};

/// A collection's tables.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// As declared.
    pub(super) name: &'static str,
    /// The documents, as a quoted name: columns `row`, `id`, `doc`.
    pub(super) documents: String,
    /// The folded texts and their trigrams, as a quoted name: one column per searched field.
    pub(super) search: String,
    /// The folded texts alone, as a quoted name: columns `id`, which is the document's row, and
    /// `c0`, `c1` … by the order of `searched`. It is where FTS5 keeps them.
    pub(super) texts: String,
    /// The fields in `search`, in the order of its columns.
    pub(super) searched: Vec<&'static str>,
    /// Lists whose items are found by a table.
    pub(super) items: Vec<Items>,
    /// Conditions of partial indexes: a query must spell them as the index does to be served.
    pub(super) literals: Vec<Filter>,
    /// Fields that begin an index of all documents.
    pub(super) leading: Vec<&'static str>,
    /// Fields of which no two documents have the same value.
    pub(super) unique: Vec<&'static str>,
    /// What is held in memory, once the collection is large.
    pub(super) roster: Option<Arc<Roster>>,
}

/// A table of the items of a list field: columns `value`, `owner`.
#[derive(Debug, Clone)]
pub(super) struct Items {
    /// The field.
    pub(super) field: &'static str,
    /// The table, as a quoted name.
    pub(super) table: String,
}

/// A name in the form that SQL takes for a name whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A path to a top-level field, as an SQL literal.
pub(super) fn path(field: &str) -> String {
    format!("'$.\"{}\"'", field.replace('\'', "''"))
}

/// The value of a top-level field as SQL. Indexes are declared over the same words.
pub(super) fn value(field: &str) -> String {
    match field {
        "_id" => "id".to_owned(),
        _ => format!("(doc->>{})", path(field)),
    }
}

impl Table {
    /// The tables of a collection.
    pub(super) fn new(collection: &Collection) -> Self {
        let name = collection.name;
        let lists = collection.indexes.iter().filter(|index| index.kind == IndexKind::Items);
        let mut items: Vec<Items> = Vec::new();
        for field in lists.filter_map(|index| index.fields.first()) {
            if !items.iter().any(|other| other.field == *field) {
                items.push(Items { field, table: quoted(&format!("i_{name}.{field}")) });
            }
        }
        let mut literals = Vec::new();
        for index in &collection.indexes {
            leaves(index.only.as_ref(), &mut literals);
        }
        Self {
            name,
            documents: quoted(&format!("d_{name}")),
            search: quoted(&format!("s_{name}")),
            texts: quoted(&format!("s_{name}_content")),
            searched: collection.searched.clone(),
            items,
            literals,
            leading: leading(collection, IndexKind::Plain),
            unique: leading(collection, IndexKind::Unique),
            roster: None,
        }
    }

    /// With a roster: that of the table before, if it is over the same texts.
    pub(super) fn enrolled(mut self, before: Option<&Arc<Self>>, maker: &Maker) -> Self {
        let roster = before.and_then(|before| before.roster.clone());
        if before.is_some_and(|before| before.searched == self.searched) {
            self.roster = roster;
            return self;
        }
        if let Some(roster) = roster {
            roster.retire();
        }
        let worthy = !self.searched.is_empty() && maker.from > 0;
        self.roster = worthy.then(|| Arc::new(Roster::new(maker.from, maker.wanted.clone())));
        self
    }

    /// Whether no two documents have the same value in a field.
    pub(super) fn is_unique(&self, field: &str) -> bool {
        field == "_id" || self.unique.contains(&field)
    }

    /// A document is written to.
    pub(super) fn touch(&self, row: i64) {
        if let Some(roster) = &self.roster {
            roster.touch(row);
        }
    }
}

/// Fields that begin, or of unique indexes are, an index of all documents.
fn leading(collection: &Collection, kind: IndexKind) -> Vec<&'static str> {
    let whole = collection.indexes.iter().filter(|index| index.only.is_none());
    whole
        .filter(|index| match kind {
            IndexKind::Unique => index.kind == kind && index.fields.len() == 1,
            _ => index.kind != IndexKind::Items,
        })
        .filter_map(|index| index.fields.first().copied())
        .collect()
}

/// The column of a searched field, as a quoted name.
pub(super) fn search_column(field: &str) -> String {
    quoted(&format!("f_{field}"))
}

/// The conditions that make up a partial index's filter.
fn leaves(filter: Option<&Filter>, found: &mut Vec<Filter>) {
    match filter {
        Some(Filter::All(filters)) => filters.iter().for_each(|filter| leaves(Some(filter), found)),
        Some(filter) => found.push(filter.clone()),
        None => {}
    }
}

/// All prepared collections.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema(HashMap<&'static str, Arc<Table>>);

impl Schema {
    /// The tables of a prepared collection.
    pub(super) fn table(&self, collection: &str) -> Result<&Arc<Table>, StoreError> {
        self.0.get(collection).ok_or_else(|| failed(Unprepared(collection.to_owned())))
    }

    /// The tables of a collection, if it is prepared.
    pub(super) fn known(&self, collection: &str) -> Option<&Arc<Table>> {
        self.0.get(collection)
    }

    /// With this collection, too.
    pub(super) fn insert(&mut self, table: Arc<Table>) {
        self.0.insert(table.name, table);
    }
}

/// The schema as it was last committed, for everybody.
#[derive(Debug, Default)]
pub(super) struct Published(RwLock<Arc<Schema>>);

impl Published {
    /// As it is now.
    pub(super) fn load(&self) -> Arc<Schema> {
        Arc::clone(&self.0.read())
    }

    /// From now on.
    pub(super) fn store(&self, schema: &Arc<Schema>) {
        if !Arc::ptr_eq(&self.0.read(), schema) {
            *self.0.write() = Arc::clone(schema);
        }
    }
}
