//! References: what a body names must be there, and be the caller's to see.

use std::collections::HashSet;

use ihs_store::{Document, Filter, Query};
use serde_json::Value;

use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    faults::Faults,
    fields::{Field, coerce::nobody, kind::Kind},
    plugins,
};

/// Adds a fault for each reference that leads nowhere; one read per field that has any.
pub(crate) async fn check(
    ctx: &Ctx,
    caller: &Caller,
    fields: &[Field],
    values: &Document,
    faults: &mut Faults,
) -> Result<(), ApiError> {
    for field in fields {
        let named = named(values.get(field.source));
        let found = match field.kind {
            _ if named.is_empty() || faults.has(field.name) => continue,
            Kind::Reference(resource) => records(ctx, caller, resource, &named).await?,
            Kind::Person | Kind::People => users(ctx, &named).await?,
            _ => continue,
        };
        for missing in named.iter().filter(|name| !found.contains(**name)) {
            faults.add(field.name, message(field.kind, missing));
        }
    }
    Ok(())
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

fn message(kind: Kind, missing: &str) -> String {
    match kind {
        Kind::Reference(_) => format!("Invalid pk \"{missing}\" - object does not exist."),
        _ => nobody(missing),
    }
}
