//! Bodies of requests, in the types that are understood.

use ihs_config::Settings;
use serde_json::{Map, Value, json};

use super::{sample, taken, taken::Written};
use crate::{
    fields::{
        Field,
        clean::{Stage, is_required, is_settable},
        kind::Kind,
    },
    http::body::PARSES,
};

/// A body with these schemas, by how it is written.
pub(super) fn of(fields: &[Field], stage: Stage, schema_of: impl Fn(Written) -> Value) -> Value {
    let example = sample::taken(fields, stage);
    let content = PARSES.map(|media_type| {
        let written = written(media_type);
        let said = match written {
            Written::Json => json!({ "schema": schema_of(written), "example": example }),
            Written::Form => {
                json!({ "schema": schema_of(written), "example": in_form(fields, &example) })
            }
        };
        (media_type.to_owned(), said)
    });
    json!({
        "required": fields.iter().any(|field| is_needed(field, stage)),
        "content": Map::from_iter(content),
    })
}

/// The body of an endpoint that is no resource.
pub(super) fn inline(fields: &[Field], settings: &Settings) -> Value {
    of(fields, Stage::Create, |written| taken::object("", fields, Stage::Create, written, settings))
}

fn is_needed(field: &Field, stage: Stage) -> bool {
    is_settable(field, stage) && is_required(field, stage)
}

fn written(media_type: &str) -> Written {
    if media_type.ends_with("json") { Written::Json } else { Written::Form }
}

/// The same example as texts.
fn in_form(fields: &[Field], example: &Value) -> Value {
    let nested = |name: &str| {
        let named = fields.iter().find(|field| field.name == name);
        named.is_some_and(|field| matches!(field.kind, Kind::Rows(_) | Kind::Object(_)))
    };
    let text = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Array(_) if !nested(name) => value.clone(),
            Value::String(_) => value.clone(),
            other => other.to_string().into(),
        };
        (name.clone(), value)
    };
    Value::Object(example.as_object().into_iter().flatten().map(text).collect())
}
