//! What OPTIONS says about fields: DRF's `SimpleMetadata`.

use serde_json::{Map, Value, json};

use super::{
    Field,
    clean::{Stage, is_required, is_settable},
    kind::{Format, Kind},
};

/// All fields by name, as a body of this stage sees them.
pub(crate) fn describe(fields: &[Field], stage: Stage) -> Map<String, Value> {
    let named = |field: &Field| (field.name.to_owned(), describe_one(field, stage));
    fields.iter().map(named).collect()
}

fn describe_one(field: &Field, stage: Stage) -> Value {
    let mut said = Map::new();
    said.insert("type".to_owned(), json!(type_name(field.kind)));
    said.insert("required".to_owned(), json!(is_required(field, stage)));
    said.insert("read_only".to_owned(), json!(!is_settable(field, stage)));
    said.insert("label".to_owned(), json!(label(field.name)));
    said.extend(limits(field.kind).map(|(key, value)| (key.to_owned(), value)));
    Value::Object(said)
}

/// `first_name` as `First name`, as Django does.
pub(crate) fn label(name: &str) -> String {
    let words = name.replace('_', " ").to_lowercase();
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text(rule) if rule.format == Format::Email => "email",
        Kind::Text(_) => "string",
        Kind::Integer { .. } => "integer",
        Kind::Float { .. } => "float",
        Kind::Boolean => "boolean",
        Kind::Time => "datetime",
        Kind::Choice(_) => "choice",
        Kind::Reference(_) | Kind::Person | Kind::People => "field",
        Kind::Rows(_) => "list",
        Kind::Object(_) => "nested object",
    }
}

fn limits(kind: Kind) -> impl Iterator<Item = (&'static str, Value)> {
    let pairs: [Option<(&'static str, Value)>; 2] = match kind {
        Kind::Text(rule) => [rule.max.map(|max| ("max_length", json!(max))), None],
        Kind::Integer { min, max } => {
            [min.map(|min| ("min_value", json!(min))), max.map(|max| ("max_value", json!(max)))]
        }
        Kind::Float { min, max } => {
            [min.map(|min| ("min_value", json!(min))), max.map(|max| ("max_value", json!(max)))]
        }
        Kind::Choice(choices) => [Some(("choices", describe_choices(choices))), None],
        Kind::Rows(fields) => {
            let child = json!({"type": "nested object", "required": true, "read_only": false,
                "children": describe(fields, Stage::Create)});
            [Some(("child", child)), None]
        }
        Kind::Object(fields) => {
            [Some(("children", Value::Object(describe(fields, Stage::Create)))), None]
        }
        _ => [None, None],
    };
    pairs.into_iter().flatten()
}

fn describe_choices(choices: &[&str]) -> Value {
    let one = |choice: &&str| json!({"value": choice, "display_name": label(choice)});
    choices.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_described_as_drf_does() {
        let fields = [Field::text("first_name").required().max(150), Field::id()];
        assert_eq!(
            Value::Object(describe(&fields, Stage::Create)),
            json!({
                "first_name": {"type": "string", "required": true, "read_only": false,
                    "label": "First name", "max_length": 150},
                "id": {"type": "string", "required": false, "read_only": true, "label": "Id"},
            })
        );
    }
}
