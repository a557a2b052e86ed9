//! What OPTIONS says about fields: DRF's `SimpleMetadata`.

use serde_json::{Map, Value, json};

use super::{
    Field,
    clean::{Stage, is_required, is_settable},
    flags::Flag,
    kind::{Format, Kind},
};

/// All fields by name, as a body of this stage sees them.
pub(crate) fn describe(fields: &[Field], stage: Stage) -> Map<String, Value> {
    let named = |field: &Field| (field.name.to_owned(), describe_one(field, stage));
    let unknown = |field: &&Field| field.is(Flag::ReadOnly) && field.is(Flag::WriteOnly);
    fields.iter().filter(|field| !unknown(field)).map(named).collect()
}

fn describe_one(field: &Field, stage: Stage) -> Value {
    let mut said = Map::new();
    said.insert("type".to_owned(), json!(type_name(field.kind)));
    let settable = is_settable(field, stage);
    said.insert("required".to_owned(), json!(settable && is_required(field, stage)));
    said.insert("read_only".to_owned(), json!(!settable));
    said.insert("label".to_owned(), json!(label_of(field)));
    said.extend(limits(field.kind).map(|(key, value)| (key.to_owned(), value)));
    if let Kind::Rows(fields) = field.kind {
        let child = json!({"type": "nested object",
            "required": settable && is_required(field, stage), "read_only": !settable,
            "children": describe(fields, Stage::Create)});
        said.insert("child".to_owned(), child);
    }
    Value::Object(said)
}

/// `nationalId` as `NationalId`, as Django names the fields of a model; what a serializer adds to
/// them is in lower case: `userType` as `Usertype`.
fn label_of(field: &Field) -> String {
    if field.is(Flag::Derived) || field.is(Flag::WriteOnly) {
        label(&field.name.to_lowercase())
    } else {
        label(field.name)
    }
}

/// `first_name` as `First name`, as Django does.
pub(crate) fn label(name: &str) -> String {
    let words = name.replace('_', " ");
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
        Kind::Reference(_) | Kind::Person | Kind::People | Kind::Rows(_) => "field",
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

    #[test]
    fn labels_are_those_of_django() {
        assert_eq!(label_of(&Field::text("nationalId")), "NationalId");
        assert_eq!(label_of(&Field::text("userType").write_only()), "Usertype");
        assert_eq!(label_of(&Field::text("time_created")), "Time created");
    }

    #[test]
    fn what_cannot_be_set_is_not_required() {
        let fields = [Field::text("username").required().create_only()];
        let said = describe(&fields, Stage::Replace);
        assert_eq!(said["username"]["read_only"], json!(true));
        assert_eq!(said["username"]["required"], json!(false));
    }

    #[test]
    fn rows_are_a_field_with_children() {
        const MEDICINES: &[Field] = &[Field::text("medicine").required()];
        let said = describe(&[Field::new("medicines", Kind::Rows(MEDICINES))], Stage::Create);
        assert_eq!(said["medicines"]["type"], json!("field"));
        assert_eq!(said["medicines"]["child"]["required"], json!(false));
        assert_eq!(said["medicines"]["child"]["children"]["medicine"]["required"], json!(true));
    }
}
