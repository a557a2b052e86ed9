//! Fields as bodies may have them: as strictly as they are checked, and as leniently.

use ihs_config::Settings;
use serde_json::{Map, Value, json};

use super::{
    sample, schema_ref,
    shown::{ID_PATTERN, USERNAME_PATTERN, limited},
};
use crate::fields::{
    Field,
    clean::{Stage, is_required, is_settable},
    coerce::PEOPLE,
    flags::Flag,
    kind::{Format, Kind, TextRule},
    metadata::label,
    scalar,
};

/// A text with something to see in it.
const FILLED: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Any text.
pub(super) const ANY: &str = r"^[^\u0000]*$";

/// A number in a text.
pub(super) const NUMBER: &str = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$";

/// A whole number in a text.
pub(super) const WHOLE: &str = r"^\s*[+-]?[0-9]+(\.0*)?\s*$";

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As JSON.
    Json,
    /// As a form, which has only texts.
    Form,
}

/// Schemas that many bodies use.
pub(super) fn common() -> Map<String, Value> {
    let truth = json!({
        "description": "Yes or no; the words and digits that Django takes count, too.",
        "anyOf": [
            { "type": "boolean" },
            { "type": "integer", "enum": [0, 1] },
            word(),
        ],
    });
    let number = json!({
        "description": "A number counts as the text of its digits.",
        "anyOf": [
            { "type": "integer", "minimum": i64::MIN, "maximum": u64::MAX },
            { "type": "number", "exclusiveMinimum": -1e15, "exclusiveMaximum": 1e15 },
        ],
    });
    Map::from_iter([("Truth".to_owned(), truth), ("NumberAsText".to_owned(), number)])
}

/// A text that is read as a boolean.
pub(super) fn word() -> Value {
    let any_case = |letter: char| match letter.to_ascii_uppercase() {
        same if same == letter => letter.to_string(),
        other => format!("[{letter}{other}]"),
    };
    let words = scalar::words().map(|word| word.chars().map(any_case).collect::<String>());
    let pattern = format!("^({})$", words.collect::<Vec<_>>().join("|"));
    json!({ "type": "string", "pattern": pattern, "examples": ["true"] })
}

/// A body for these fields. What it has besides is ignored, and so is what nobody can set.
pub(super) fn object(
    about: &str,
    fields: &[Field],
    stage: Stage,
    written: Written,
    settings: &Settings,
) -> Value {
    let settable: Vec<&Field> = fields.iter().filter(|field| is_settable(field, stage)).collect();
    let required = settable.iter().filter(|field| is_required(field, stage));
    let required: Vec<&str> = required.map(|field| field.name).collect();
    let named = |field: &&Field| (field.name.to_owned(), property(field, written, settings));
    let properties: Map<String, Value> = settable.iter().map(named).collect();
    let mut said = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        said["required"] = required.into();
    }
    if !about.is_empty() {
        said["description"] = about.into();
    }
    said
}

fn property(field: &Field, written: Written, settings: &Settings) -> Value {
    let mut schema = match written {
        Written::Json => in_json(field, settings),
        Written::Form => in_form(field, settings),
    };
    schema["title"] = label(field.name).into();
    if field.is(Flag::WriteOnly) {
        schema["writeOnly"] = true.into();
    }
    if field.is(Flag::Unique) {
        schema["x-unique"] = true.into();
    }
    if field.writable.is_some() {
        schema["description"] = "403 to whoever may not set it.".into();
    }
    schema["examples"] = match written {
        Written::Form if nested(field) => json!([sample::of(field).to_string()]),
        _ => json!([sample::of(field)]),
    };
    schema
}

fn nested(field: &Field) -> bool {
    matches!(field.kind, Kind::Rows(_) | Kind::Object(_))
}

fn in_json(field: &Field, settings: &Settings) -> Value {
    let mut kinds = in_text(field, settings);
    match field.kind {
        // What has only digits is no new password.
        Kind::Text(TextRule { format, .. })
            if !matches!(format, Format::Password | Format::Email) =>
        {
            kinds.push(schema_ref("NumberAsText"));
        }
        Kind::Integer { min, max } => {
            let (least, most) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
            kinds.insert(0, limited("integer", Some(least.into()), Some(most.into())));
        }
        Kind::Float { min, max } => {
            kinds.insert(0, limited("number", min.map(Value::from), max.map(Value::from)));
        }
        Kind::Boolean => kinds = vec![schema_ref("Truth")],
        Kind::Rows(fields) => {
            let item = object("", fields, Stage::Create, Written::Json, settings);
            kinds = vec![json!({ "type": "array", "items": item })];
        }
        Kind::Object(_) => kinds = vec![json!({ "type": "object" })],
        Kind::Text(_)
        | Kind::Time
        | Kind::Choice(_)
        | Kind::Reference(_)
        | Kind::Person
        | Kind::People => {}
    }
    if field.is(Flag::Null) {
        kinds.push(json!({ "type": "null" }));
        if let Kind::Boolean = field.kind {
            kinds.push(json!({ "type": "string", "pattern": "^([nN][uU][lL][lL])?$" }));
        }
    }
    one_of(kinds)
}

fn in_form(field: &Field, settings: &Settings) -> Value {
    let mut kinds = match field.kind {
        Kind::Boolean => vec![word()],
        // A form has a list of objects as JSON.
        Kind::Rows(_) | Kind::Object(_) => {
            vec![json!({ "type": "string", "format": "json-list", "minLength": 2,
                "contentMediaType": "application/json" })]
        }
        _ => in_text(field, settings),
    };
    let lists = matches!(field.kind, Kind::People | Kind::Rows(_));
    // As in DRF, an empty text is nothing said only where the field as such may be left out: a
    // PATCH need not name a required field, but cannot leave it empty.
    let empty = !field.is(Flag::Blank) && (!field.is(Flag::Required) || field.is(Flag::Null));
    if empty && !lists {
        kinds.push(json!({ "type": "string", "maxLength": 0 }));
    }
    one_of(kinds)
}

/// The texts that a field takes, in JSON as in forms.
fn in_text(field: &Field, settings: &Settings) -> Vec<Value> {
    match field.kind {
        Kind::Text(rule) => text(field, rule, settings),
        Kind::Integer { .. } => {
            vec![json!({ "type": "string", "format": "decimal", "pattern": WHOLE })]
        }
        Kind::Float { .. } => {
            vec![json!({ "type": "string", "format": "decimal", "pattern": NUMBER })]
        }
        Kind::Time => vec![json!({ "type": "string", "format": "date-time" })],
        Kind::Choice(choices) => vec![json!({ "type": "string", "enum": choices })],
        Kind::Reference(resource) => {
            let id = json!({ "type": "string", "pattern": ID_PATTERN, "x-refers-to": resource });
            with_nothing(field, id)
        }
        Kind::Person => {
            let name = json!({ "type": "string", "pattern": ANY, "minLength": 1,
                "x-refers-to": "users" });
            with_nothing(field, name)
        }
        Kind::People => {
            let name = json!({ "type": "string", "pattern": ANY, "minLength": 1,
                "x-refers-to": "users" });
            vec![json!({ "type": "array", "maxItems": PEOPLE, "items": name })]
        }
        Kind::Boolean | Kind::Rows(_) | Kind::Object(_) => Vec::new(),
    }
}

/// The empty text stands for null in a reference that may be.
fn with_nothing(field: &Field, schema: Value) -> Vec<Value> {
    let mut kinds = vec![schema];
    if field.is(Flag::Null) {
        kinds.push(json!({ "type": "string", "maxLength": 0 }));
    }
    kinds
}

fn text(field: &Field, rule: TextRule, settings: &Settings) -> Vec<Value> {
    let mut schema = json!({ "type": "string" });
    if let Some(max) = rule.max {
        schema["maxLength"] = max.into();
    }
    let blank = field.is(Flag::Blank);
    match rule.format {
        Format::Email => schema["format"] = "email".into(),
        Format::Username => {
            schema["format"] = "username".into();
            schema["minLength"] = 1.into();
            schema["pattern"] = USERNAME_PATTERN.into();
        }
        Format::Password => {
            schema["format"] = "password".into();
            schema["minLength"] = settings.auth.password_min.into();
            schema["maxLength"] = settings.auth.password_max.into();
            schema["pattern"] = FILLED.into();
        }
        Format::Plain | Format::Exact if blank => schema["pattern"] = ANY.into(),
        Format::Plain | Format::Exact => {
            schema["minLength"] = 1.into();
            schema["pattern"] = FILLED.into();
        }
    }
    let mut kinds = vec![schema];
    if blank && rule.format == Format::Email {
        kinds.push(json!({ "type": "string", "maxLength": 0 }));
    }
    kinds
}

fn one_of(mut kinds: Vec<Value>) -> Value {
    match kinds.len() {
        1 if kinds[0].get("$ref").is_none() => kinds.remove(0),
        _ => json!({ "anyOf": kinds }),
    }
}
