//! What may stand in the path, the query and the headers of a request.

use ihs_config::{ApiSettings, Settings};
use serde_json::{Value, json};

use super::{
    sample,
    shown::{ID_PATTERN, USERNAME_PATTERN, limited},
    taken::{self, ANY, NUMBER, WHOLE},
};
use crate::{
    fields::{
        Field,
        flags::Flag,
        kind::{Format, Kind, Operation, TextRule},
    },
    viewset::{
        filters::{self, VALUES},
        idempotency::KEY_BYTES,
        plugin::Plugin,
        resource::{Lookup, Resource},
    },
};

/// The part of a path that names a record.
pub(super) fn key(resource: &Resource) -> Value {
    let (schema, example) = match resource.lookup {
        Lookup::Id => (json!({ "type": "string", "pattern": ID_PATTERN }), sample::ID),
        Lookup::By(_) => {
            (json!({ "type": "string", "minLength": 1, "pattern": USERNAME_PATTERN }), "ada")
        }
    };
    json!({
        "name": key_name(resource),
        "in": "path",
        "required": true,
        "schema": schema,
        "example": example,
        "x-refers-to": resource.name,
    })
}

/// What the document calls it.
pub(super) fn key_name(resource: &Resource) -> &'static str {
    match resource.lookup {
        Lookup::Id => "id",
        Lookup::By(_) => "username",
    }
}

/// Another part of a path: a number.
pub(super) fn number_in_path(name: &str) -> Value {
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "schema": { "type": "integer", "minimum": 1, "maximum": i64::MAX },
        "example": 7,
    })
}

/// A parameter that is a field.
pub(super) fn of_field(field: &Field) -> Value {
    let schema = match field.kind {
        Kind::Integer { min, max } => limited(
            "integer",
            Some(min.unwrap_or(i64::MIN).into()),
            Some(max.unwrap_or(i64::MAX).into()),
        ),
        // Whatever it is, it is taken: what makes no sense counts as if it were not there.
        Kind::Text(TextRule { format: Format::Exact, .. }) => json!({ "type": "string" }),
        _ => value(field),
    };
    query(field.name, "", or_empty(schema))
}

/// All parameters of a list.
pub(super) fn of_list(plugin: &dyn Plugin, settings: &Settings) -> Vec<Value> {
    let resource = plugin.resource();
    let mut all = paging(&settings.api);
    if resource.fields.iter().any(|field| field.is(Flag::Search)) {
        all.push(search(resource));
    }
    all.extend(ordering(resource));
    for (name, field, operation) in filters::all(resource) {
        if plugin.takes_filter(&name) {
            all.push(filter(&name, field, operation));
        }
    }
    all
}

/// `If-Match`
pub(super) fn if_match() -> Value {
    header("If-Match", "Only if the record still has one of these tags: 412 otherwise.")
}

/// `If-None-Match`
pub(super) fn if_none_match() -> Value {
    header("If-None-Match", "Only if the record has none of these tags: 304 otherwise.")
}

/// `Idempotency-Key`
pub(super) fn idempotency_key() -> Value {
    let about = "The same key and body again gives the first answer, for 24 hours.";
    let mut said = header("Idempotency-Key", about);
    said["schema"]["maxLength"] = KEY_BYTES.into();
    said
}

fn header(name: &str, about: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "description": about,
        "schema": { "type": "string" },
    })
}

fn query(name: &str, about: &str, schema: impl Into<Value>) -> Value {
    let mut said = json!({ "name": name, "in": "query", "schema": schema.into() });
    if !about.is_empty() {
        said["description"] = about.into();
    }
    said
}

fn listed(mut parameter: Value) -> Value {
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    parameter
}

fn paging(settings: &ApiSettings) -> Vec<Value> {
    let (size, most) = (settings.page_size, settings.page_size_max);
    let number = json!({
        "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 1_u64 << 40 },
            { "type": "string", "enum": ["last", ""] },
        ],
        "default": 1,
    });
    let size_schema = json!({ "type": ["integer", "string"], "default": size });
    let about = format!("Rows of a page, at most {most}; a bad value means {size}.");
    let cursor = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]*$", "format": "cursor" });
    vec![
        query("page", "The number of the page, or `last`.", number),
        query("page_size", &about, size_schema),
        query(
            "cursor",
            "Pages by position instead: empty for the first, then as in `next` and `previous`.",
            cursor,
        ),
    ]
}

fn search(resource: &Resource) -> Value {
    let searched = resource.fields.iter().filter(|field| field.is(Flag::Search));
    let names: Vec<&str> = searched.map(|field| field.name).collect();
    let about = format!(
        "Every term in at least one of {}; blanks and commas part terms, double quotes hold a \
         phrase together. At most 24 terms.",
        names.join(", ")
    );
    query("search", &about, json!({ "type": "string", "pattern": ANY, "format": "terms" }))
}

fn ordering(resource: &Resource) -> Option<Value> {
    let sorted = resource.fields.iter().filter(|field| field.is(Flag::Sort));
    let names: Vec<String> =
        sorted.flat_map(|field| [field.name.to_owned(), format!("-{}", field.name)]).collect();
    let schema = json!({ "type": "array", "items": { "type": "string", "enum": names } });
    let about = "The order, the first one counting most; `-` turns it round.";
    (!names.is_empty()).then(|| listed(query("ordering", about, schema)))
}

fn filter(name: &str, field: &Field, operation: Operation) -> Value {
    match operation {
        Operation::In => {
            let items = or_empty(value(field));
            let schema = json!({ "type": "array", "items": items, "maxItems": VALUES });
            listed(query(name, "One of these.", schema))
        }
        Operation::Contains => query(
            name,
            "Has this in it, whatever its case and Unicode form.",
            json!({ "type": "string", "pattern": ANY }),
        ),
        Operation::IsNull => query(name, "Whether there is none.", or_empty(taken::word())),
        Operation::Gte => query(name, "At least.", or_empty(value(field))),
        Operation::Lte => query(name, "At most.", or_empty(value(field))),
        Operation::Exact => query(name, "Exactly this.", or_empty(value(field))),
    }
}

/// What a parameter about a field may be.
fn value(field: &Field) -> Value {
    match field.kind {
        Kind::Integer { .. } => json!({ "anyOf": [
            { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX },
            { "type": "string", "format": "decimal", "pattern": WHOLE },
        ] }),
        Kind::Float { .. } => json!({ "anyOf": [
            { "type": "number" },
            { "type": "string", "format": "decimal", "pattern": NUMBER },
        ] }),
        Kind::Time => json!({ "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "string", "format": "date" },
        ] }),
        Kind::Boolean => taken::word(),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        _ => json!({ "type": "string", "pattern": ANY }),
    }
}

/// A parameter that is empty asks for nothing.
fn or_empty(schema: Value) -> Value {
    match schema.get("pattern").and_then(Value::as_str) {
        Some(ANY) => schema,
        _ => json!({ "anyOf": [schema, { "type": "string", "maxLength": 0 }] }),
    }
}
