//! From stored records to what a caller sees of them.

use ihs_store::Document;
use serde_json::{Map, Value};

use super::{Declared, ViewSet, hooks::Row, resource::Resource};
use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    fields::{Field, flags::Flag, kind::Kind},
};

/// These records, as the caller sees them.
pub(crate) async fn show_all<V: ViewSet>(
    ctx: &Ctx,
    caller: &Caller,
    documents: Vec<Document>,
) -> Result<Vec<Value>, ApiError> {
    let mut rows: Vec<Row> = documents.into_iter().map(Row::new).collect();
    if !rows.is_empty() {
        V::derive(ctx, caller, &mut rows).await?;
    }
    Ok(rows.into_iter().map(|row| show_row(V::RESOURCE, caller, row)).collect())
}

/// This record, as the caller sees it.
pub(crate) async fn show<V: ViewSet>(
    ctx: &Ctx,
    caller: &Caller,
    document: Document,
) -> Result<Value, ApiError> {
    let mut shown = show_all::<V>(ctx, caller, vec![document]).await?;
    Ok(shown.pop().unwrap_or_default())
}

fn show_row(resource: &Resource, caller: &Caller, mut row: Row) -> Value {
    let mut shown = Map::new();
    let fields = resource.fields.iter().filter(|field| !field.is(Flag::WriteOnly));
    for field in fields {
        if is_readable(field, caller, &row.document) {
            shown.insert(field.name.to_owned(), take(field, &mut row));
        }
    }
    Value::Object(shown)
}

fn is_readable(field: &Field, caller: &Caller, document: &Document) -> bool {
    match (field.readable, caller.principal()) {
        (None, _) => true,
        (Some(grant), Some(principal)) => grant(principal).has(document),
        (Some(_), None) => false,
    }
}

fn take(field: &Field, row: &mut Row) -> Value {
    let found = if field.is(Flag::Derived) {
        row.derived.remove(field.name)
    } else {
        row.document.get(field.source).cloned()
    };
    match (found, field.kind) {
        (None | Some(Value::Null), Kind::People | Kind::Rows(_)) => Value::Array(Vec::new()),
        (found, _) => found.unwrap_or_default(),
    }
}
