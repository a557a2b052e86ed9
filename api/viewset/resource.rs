//! A resource as data: what its [`super::ViewSet`] declares, for the parts of the layer that need
//! not know its type.

use ihs_store::{Collection, Direction, Filter, Index, Sort, collection::IndexKind};

use serde_json::Value;

use super::policy::{Policy, Rule};
use crate::fields::{Field, flags::Flag, kind::Kind};

/// What names a record in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Its id.
    Id,
    /// A unique field, as stored.
    By(&'static str),
}

/// Something that can be done with one record, apart from the usual: `POST /rooms/{id}/leave/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Action {
    /// The last part of its path.
    pub(crate) name: &'static str,
    /// `GET` or `POST`.
    pub(crate) method: &'static str,
    /// What it does, for OPTIONS.
    pub(crate) about: &'static str,
}

/// What is served below a resource besides its records, for the OpenAPI document: an action of it,
/// or one of [`crate::plugins::BELOW`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    /// The path below the resource: `{key}/leave/`.
    pub(crate) below: &'static str,
    /// The parameters of its query.
    pub(crate) parameters: &'static [Field],
    /// The fields of its body; a request that has one may have an `Idempotency-Key`.
    pub(crate) body: &'static [Field],
    /// The status when all is well.
    pub(crate) status: &'static str,
    /// The schema of what it answers, and an example; `None` when that has no body.
    pub(crate) answer: Option<fn() -> (Value, Value)>,
}

/// Fields of which no two records have the same values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Together {
    /// The name of the index.
    pub(crate) index: &'static str,
    /// The fields, as stored.
    pub(crate) fields: &'static [&'static str],
}

/// The declaration of a resource.
#[derive(Debug)]
pub struct Resource {
    /// The name in paths, and of the collection.
    pub(crate) name: &'static str,
    /// What error messages call one record.
    pub(crate) model: &'static str,
    /// What it is, for OPTIONS.
    pub(crate) about: &'static str,
    /// What names a record in a path.
    pub(crate) lookup: Lookup,
    /// Its fields, in the order in which they are shown.
    pub(crate) fields: &'static [Field],
    /// Who may do what.
    pub(crate) policy: Policy,
    /// The order of a list when the client does not say.
    pub(crate) order: &'static [Sort],
    /// Fields that are unique together.
    pub(crate) unique_together: &'static [Together],
    /// What else can be done with a record.
    pub(crate) actions: &'static [Action],
    /// The stored field with the patient whose data a record is.
    pub(crate) patient: Option<&'static str>,
    /// What the OpenAPI document says about what is below it.
    pub(crate) described: &'static [Described],
    /// Why POST may answer with a record that is there already.
    pub(crate) existing: Option<&'static str>,
    /// Records that are there at all.
    pub(crate) base: fn() -> Filter,
    /// Indexes that do not follow from the fields.
    pub(crate) indexes: fn() -> Vec<Index>,
}

impl Resource {
    /// The name in paths.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What one record is called in running text: `ClinicDoctor` as `Clinic Doctor`.
    pub(crate) fn words(&self) -> String {
        spaced(self.model)
    }

    /// The name of the store's collection.
    pub(crate) fn collection(&self) -> &'static str {
        COLLECTIONS
            .iter()
            .find(|(name, _)| *name == self.name)
            .map_or(self.name, |(_, collection)| collection)
    }

    /// The methods of the list, as `Allow` names them.
    #[must_use]
    pub fn allow_list(&self) -> String {
        allow(&[("GET", self.policy.read), ("POST", self.policy.create)])
    }

    /// The methods of one record, as `Allow` names them.
    #[must_use]
    pub fn allow_detail(&self) -> String {
        allow(&[
            ("GET", self.policy.read),
            ("PUT", self.policy.change),
            ("PATCH", self.policy.change),
            ("DELETE", self.policy.delete),
        ])
    }

    /// The field of this name on the wire.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The stored field whose value names a record in its path.
    pub(crate) fn key(&self) -> &'static str {
        match self.lookup {
            Lookup::Id => "_id",
            Lookup::By(field) => field,
        }
    }

    /// What the store must know: an index for whatever can be filtered, sorted or looked up by.
    pub(crate) fn stored(&self) -> Collection {
        let mut indexes = (self.indexes)();
        for index in self.fields.iter().filter_map(field_index) {
            push(&mut indexes, index);
        }
        let together = |set: &Together| Index::unique(set.index, set.fields);
        indexes.extend(self.unique_together.iter().map(together));
        if let Some(index) = order_index(self.order) {
            push(&mut indexes, index);
        }
        let searched = self.fields.iter().filter(|field| field.is_searched());
        Collection {
            name: self.collection(),
            indexes,
            searched: searched.map(|field| field.source).collect(),
        }
    }
}

/// Collections have no hyphens in their names.
const COLLECTIONS: &[(&str, &str)] =
    &[("clinic-doctors", "clinic_doctors"), ("access-log", "audit")];

/// In the order of DRF: the verbs of records, then those that every path has.
fn allow(verbs: &[(&'static str, Rule)]) -> String {
    let served = verbs.iter().filter(|(_, rule)| rule.is_served());
    let mut names: Vec<&str> = served.map(|(name, _)| *name).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

fn push(indexes: &mut Vec<Index>, index: Index) {
    let same = |other: &Index| other.name == index.name || covers(other, &index);
    if !indexes.iter().any(same) {
        indexes.push(index);
    }
}

/// Whether an index that is there finds and sorts as well as a plain one would.
fn covers(there: &Index, wanted: &Index) -> bool {
    wanted.kind == IndexKind::Plain
        && there.kind != IndexKind::Items
        && there.only.is_none()
        && there.descending == wanted.descending
        && there.fields.starts_with(&wanted.fields)
}

fn field_index(field: &Field) -> Option<Index> {
    let asked = field.is(Flag::Filter)
        || field.is(Flag::Sort)
        || matches!(field.kind, Kind::Reference(_))
        || field.aliases.iter().any(Option::is_some);
    match field.kind {
        _ if field.source == "_id" || field.is(Flag::Derived) || field.is(Flag::WriteOnly) => None,
        _ if field.is(Flag::Unique) => {
            Some(Index::unique(field.source, std::slice::from_ref(&field.source)))
        }
        Kind::People if asked => Some(Index::items(field.source, field.source)),
        _ if asked => Some(Index::plain(field.source, std::slice::from_ref(&field.source))),
        _ => None,
    }
}

/// An index can be read from either end, but not one key up and the next one down, unless it is
/// made so.
fn order_index(order: &[Sort]) -> Option<Index> {
    let first = order.first()?;
    let uniform = order.iter().all(|key| key.direction == first.direction);
    let fields: Vec<&'static str> = order.iter().map(|key| key.field).collect();
    Some(if uniform {
        Index::plain("default_order", &fields)
    } else {
        Index::sorted("default_order", order)
    })
}

/// Smallest first, for declarations.
pub(crate) const fn up(field: &'static str) -> Sort {
    Sort { field, direction: Direction::Ascending }
}

/// Largest first, for declarations.
pub(crate) const fn down(field: &'static str) -> Sort {
    Sort { field, direction: Direction::Descending }
}

fn spaced(model: &str) -> String {
    let mut name = String::with_capacity(model.len() + 2);
    for letter in model.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        name.push(letter);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_as_django_does() {
        assert_eq!(spaced("Insurance"), "Insurance");
        assert_eq!(spaced("ClinicDoctor"), "Clinic Doctor");
    }
}
