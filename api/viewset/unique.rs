//! Uniqueness. The store's indexes decide it; this puts it into words.

use ihs_store::{Document, Filter, Query};
use serde_json::Value;

use super::resource::{Resource, Together};
use crate::{
    Ctx,
    error::ApiError,
    faults::{Faults, NON_FIELD},
    fields::{
        Field,
        flags::Flag,
        kind::{Format, Kind},
    },
};

/// What is said of a username that somebody has, or that looks like theirs.
pub(crate) const USERNAME_TAKEN: &str = "A user with that username already exists.";

/// What a taken index means to the client; `None` when it is not one of the declaration's.
pub(crate) fn fault_of(resource: &Resource, index: &str) -> Option<Faults> {
    let unique = |field: &&Field| field.is(Flag::Unique) && is_key_of(field, index);
    if let Some(field) = resource.fields.iter().find(unique) {
        return Some(Faults::one(field.name, message(resource, field)));
    }
    let together = resource.unique_together.iter().find(|set| set.index == index)?;
    Some(Faults::one(NON_FIELD, together_message(together)))
}

/// Adds what is taken to the faults that a body has already. What is faulty is not looked up: it
/// may be something that the caller must not know of.
pub(crate) async fn add_faults(
    ctx: &Ctx,
    resource: &'static Resource,
    values: &Document,
    before: Option<&Document>,
    faults: &mut Faults,
) -> Result<(), ApiError> {
    for field in resource.fields.iter().filter(|field| field.is(Flag::Unique)) {
        if faults.has(field.name) {
            continue;
        }
        let Some(value) = values.get(field.source).filter(|value| !value.is_null()) else {
            continue;
        };
        if faults.has(field.name) {
            continue;
        }
        let filter = Filter::Eq(field.source, value.clone());
        let found = ctx.store.find(Query::new(resource.collection(), filter, 1)).await?;
        let other =
            |row: &Document| before.is_none_or(|before| before.get("_id") != row.get("_id"));
        if found.iter().any(other) {
            faults.add(field.name, message(resource, field));
        }
    }
    Ok(())
}

/// The index of a unique field, or of what follows from it: `username`, `username_skeleton`.
fn is_key_of(field: &Field, index: &str) -> bool {
    let rest = index.strip_prefix(field.source);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn message(resource: &Resource, field: &Field) -> String {
    match field.kind {
        Kind::Text(rule) if rule.format == Format::Username => USERNAME_TAKEN.to_owned(),
        _ => {
            let label = field.name.replace('_', " ");
            format!("{} with this {label} already exists.", resource.words().to_lowercase())
        }
    }
}

fn together_message(together: &Together) -> String {
    format!("The fields {} must make a unique set.", together.fields.join(", "))
}

/// Whether two values are the same to the store: null and missing are.
pub(crate) fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    left.unwrap_or(&Value::Null) == right.unwrap_or(&Value::Null)
}
