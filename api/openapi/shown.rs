//! Fields as answers have them.

use serde_json::{Map, Value, json};

use super::sample;
use crate::fields::{
    Field,
    clean::{Stage, is_settable},
    flags::Flag,
    kind::{Format, Kind, TextRule},
    metadata::label,
};

/// Ids of records.
pub(super) const ID_PATTERN: &str = "^[0-9a-f]{24}$";

/// Usernames, as Django's rule has them.
pub(super) const USERNAME_PATTERN: &str = r"^[\p{L}\p{M}\p{N}@.+_-]+$";

/// A record, or an object in one.
pub(super) fn object(about: &str, fields: &[Field]) -> Value {
    let seen: Vec<&Field> = fields.iter().filter(|field| !field.is(Flag::WriteOnly)).collect();
    // One that only some may read is not there for the others.
    let always = seen.iter().filter(|field| field.readable.is_none());
    let required: Vec<&str> = always.map(|field| field.name).collect();
    let properties: Map<String, Value> =
        seen.iter().map(|field| (field.name.to_owned(), property(field, fields))).collect();
    let mut said = json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    });
    if !about.is_empty() {
        said["description"] = about.into();
    }
    said
}

/// A page of a list.
pub(super) fn page(item: &Value) -> Value {
    let link = json!({ "type": ["string", "null"], "format": "uri" });
    json!({
        "type": "object",
        "description": "`count` is there unless the page was asked for by cursor.",
        "required": ["next", "previous", "results"],
        "properties": {
            "count": { "type": "integer", "minimum": 0 },
            "next": link,
            "previous": link,
            "results": { "type": "array", "items": item },
        },
        "additionalProperties": false,
    })
}

/// Schemas that many answers use.
pub(super) fn common() -> Map<String, Value> {
    let entry = json!({
        "type": "object",
        "description": "An entry of a room's log.",
        "required": ["type", "room", "seq", "id", "time"],
        "properties": {
            "type": { "type": "string", "enum": ["message", "edited", "deleted", "members"] },
            "room": id(),
            "seq": { "type": "integer", "minimum": 1 },
            "id": id(),
            "time": time(),
            "sender": { "type": "string" },
            "by": { "type": "string" },
            "target": { "type": "integer", "minimum": 1 },
            "text": { "type": "string" },
            "edited": { "type": "boolean" },
            "deleted": { "type": "boolean" },
            "added": { "type": "array", "items": { "type": "string" } },
            "removed": { "type": "array", "items": { "type": "string" } },
        },
        "additionalProperties": false,
    });
    Map::from_iter([("LogEntry".to_owned(), entry)])
}

/// An id.
pub(super) fn id() -> Value {
    json!({ "type": "string", "pattern": ID_PATTERN })
}

/// A point in time.
pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn property(field: &Field, fields: &[Field]) -> Value {
    let mut schema = kind(field);
    if may_be_null(field, fields) {
        let named = schema["type"].as_str().unwrap_or_default().to_owned();
        schema["type"] = json!([named, "null"]);
        if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            choices.push(Value::Null);
        }
    }
    schema["title"] = label(field.name).into();
    if !is_settable(field, Stage::Create) {
        schema["readOnly"] = true.into();
    }
    if field.readable.is_some() {
        schema["description"] = "Only for those who may see it.".into();
    }
    schema["examples"] = json!([sample::of(field)]);
    schema
}

/// What is stored under one name is null under the other, too.
fn may_be_null(field: &Field, fields: &[Field]) -> bool {
    let lists = matches!(field.kind, Kind::People | Kind::Rows(_));
    let derived = field.is(Flag::Derived) && !matches!(field.kind, Kind::Boolean);
    let same = |other: &Field| other.source == field.source && other.is(Flag::Null);
    !lists && (derived || fields.iter().any(same))
}

fn kind(field: &Field) -> Value {
    match field.kind {
        Kind::Text(_) if field.source == "_id" => id(),
        Kind::Text(rule) => text(rule),
        Kind::Integer { min, max } => {
            limited("integer", min.map(Value::from), max.map(Value::from))
        }
        Kind::Float { min, max } => limited("number", min.map(Value::from), max.map(Value::from)),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Time => time(),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        Kind::Reference(resource) => {
            let mut id = id();
            id["x-refers-to"] = resource.into();
            id
        }
        Kind::Person => json!({ "type": "string" }),
        Kind::People => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Rows(fields) => json!({ "type": "array", "items": object("", fields) }),
        Kind::Object(fields) => object("", fields),
    }
}

fn text(rule: TextRule) -> Value {
    let mut schema = json!({ "type": "string" });
    if let Some(max) = rule.max {
        schema["maxLength"] = max.into();
    }
    if rule.format == Format::Username {
        schema["pattern"] = USERNAME_PATTERN.into();
    }
    schema
}

/// A number in a range.
pub(super) fn limited(name: &str, least: Option<Value>, most: Option<Value>) -> Value {
    let mut schema = json!({ "type": name });
    if let Some(least) = least {
        schema["minimum"] = least;
    }
    if let Some(most) = most {
        schema["maximum"] = most;
    }
    schema
}
