//! References: what a body names, in the rows of its lists too, must be there, and be the caller's
//! to see.

use std::collections::HashSet;

use ihs_store::{Change, Document, Filter, Query, Write};
use serde_json::Value;

use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    faults::{Faults, RowPlace},
    fields::{Field, coerce::nobody, flags::Flag, input::Input, kind::Kind},
    plugins,
};

/// Adds a fault for each reference that leads nowhere; one read per field that has any.
pub(crate) async fn check(
    ctx: &Ctx,
    caller: &Caller,
    fields: &[Field],
    input: &Input,
    values: &Document,
    faults: &mut Faults,
) -> Result<(), ApiError> {
    for field in fields {
        if let Kind::Rows(inner) = field.kind {
            let said = values.contains_key(field.source) || faults.has(field.name);
            if let (true, Some(Value::Array(rows))) = (said, input.value(field)) {
                check_rows(ctx, caller, field, inner, &rows, faults).await?;
            }
            continue;
        }
        let named = named(values.get(field.source));
        if named.is_empty() || faults.has(field.name) {
            continue;
        }
        if let Some(found) = there(ctx, caller, field.kind, &named).await? {
            for missing in named.iter().filter(|name| !found.contains(**name)) {
                faults.add(field.name, message(field.kind, missing));
            }
        }
    }
    Ok(())
}

/// Counts the commits in which a record was named. Who deletes it does so at the count at which they
/// looked for what refers to it.
pub(crate) const NAMED: &str = "_named";

/// The writes that belong into the commit in which a record comes to name others: it fails when one
/// of them was deleted since the body was checked.
pub(crate) fn held(
    fields: &'static [Field],
    before: Option<&Document>,
    after: &Document,
) -> Result<Vec<Write>, ApiError> {
    let known: HashSet<(&str, &str)> =
        before.map_or_else(HashSet::new, |it| records_in(fields, it));
    let named = records_in(fields, after);
    let touch = |(resource, id): &(&'static str, &str)| {
        let plugin = plugins::named(resource);
        let plugin = plugin.ok_or_else(|| ApiError::internal("no such resource"))?;
        let collection = plugin.resource().collection();
        let change = Change::default().and_add(NAMED, 1);
        Ok(Write::Update { collection, filter: Filter::id(*id), change })
    };
    let mut new: Vec<_> = named.difference(&known).collect();
    // In one order, so that no two transactions wait for each other.
    new.sort_unstable();
    new.into_iter().map(touch).collect()
}

/// Which records a stored document names, by resource and id, but for those that it may outlive.
fn records_in<'a>(
    fields: &'static [Field],
    document: &'a Document,
) -> HashSet<(&'static str, &'a str)> {
    let mut found = HashSet::new();
    for field in fields.iter().filter(|field| !field.is(Flag::Lasting)) {
        match (field.kind, document.get(field.source)) {
            (Kind::Reference(resource), value) => {
                found.extend(named(value).into_iter().map(|id| (resource, id)));
            }
            (Kind::Rows(inner), Some(Value::Array(rows))) if !field.is(Flag::Derived) => {
                let rows = rows.iter().filter_map(Value::as_object);
                found.extend(rows.flat_map(|row| records_in(inner, row)));
            }
            _ => {}
        }
    }
    found
}

/// The same inside the rows of a list, as they were sent: those beside a faulty row count, too.
async fn check_rows(
    ctx: &Ctx,
    caller: &Caller,
    field: &Field,
    inner: &[Field],
    rows: &[Value],
    faults: &mut Faults,
) -> Result<(), ApiError> {
    for part in inner {
        let texts: Vec<Option<String>> =
            rows.iter().map(|row| text_of(row.get(part.name))).collect();
        let distinct: HashSet<&str> = texts.iter().flatten().map(String::as_str).collect();
        let named: Vec<&str> = distinct.into_iter().collect();
        if named.is_empty() {
            continue;
        }
        let Some(found) = there(ctx, caller, part.kind, &named).await? else { continue };
        for (row, text) in texts.iter().enumerate() {
            if let Some(missing) = text.as_ref().filter(|text| !found.contains(*text)) {
                let place = RowPlace { field: field.name, rows: rows.len(), row, part: part.name };
                faults.add_in_row(&place, message(part.kind, missing));
            }
        }
    }
    Ok(())
}

/// Which of these are there for the caller; `None` for fields that refer to nothing.
async fn there(
    ctx: &Ctx,
    caller: &Caller,
    kind: Kind,
    named: &[&str],
) -> Result<Option<HashSet<String>>, ApiError> {
    match kind {
        Kind::Reference(resource) => records(ctx, caller, resource, named).await.map(Some),
        Kind::Person | Kind::People => users(ctx, named).await.map(Some),
        _ => Ok(None),
    }
}

/// Which of these are usernames of users. One may name somebody without seeing their record.
pub(crate) async fn users(ctx: &Ctx, names: &[&str]) -> Result<HashSet<String>, ApiError> {
    let filter = one_of("username", names).and(plugins::users::present());
    found(ctx, Query::new("users", filter, names.len() as u64), "username").await
}

async fn records(
    ctx: &Ctx,
    caller: &Caller,
    resource: &str,
    ids: &[&str],
) -> Result<HashSet<String>, ApiError> {
    let plugin = plugins::named(resource).ok_or_else(|| ApiError::internal("no such resource"))?;
    let resource = plugin.resource();
    let readable = (resource.base)().and(resource.policy.read.scope(caller).filter());
    let filter = one_of("_id", ids).and(readable);
    found(ctx, Query::new(resource.collection(), filter, ids.len() as u64), "_id").await
}

async fn found(ctx: &Ctx, query: Query, field: &str) -> Result<HashSet<String>, ApiError> {
    let rows = ctx.store.find(query).await?;
    let text = |row: &Document| row.get(field).and_then(Value::as_str).map(str::to_owned);
    Ok(rows.iter().filter_map(text).collect())
}

fn one_of(field: &'static str, texts: &[&str]) -> Filter {
    Filter::In(field, texts.iter().map(|text| Value::String((*text).to_owned())).collect())
}

/// The texts in a value: none, one, or a list of them.
fn named(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What a row names; the empty text names nothing.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn message(kind: Kind, missing: &str) -> String {
    match kind {
        Kind::Reference(_) => format!("Invalid pk \"{missing}\" - object does not exist."),
        _ => nobody(missing),
    }
}
