//! From a body to values that may be stored.

use ihs_store::Document;
use serde_json::Value;

use super::{Field, Preset, coerce::coerce, flags::Flag, input::Input, kind::Kind};
use crate::faults::{Faults, REQUIRED};

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A new record.
    Create,
    /// PUT: every required field of a record.
    Replace,
    /// PATCH: some fields of a record.
    Patch,
}

/// Takes what a body says about fields, all faults at once. Values stand under the names by which
/// they are stored; what the body cannot set, or does not know, is ignored.
pub(crate) fn clean(fields: &[Field], input: &Input, stage: Stage) -> (Document, Faults) {
    let mut values = Document::new();
    let mut faults = Faults::default();
    for field in fields.iter().filter(|field| is_settable(field, stage)) {
        match input.value(field) {
            Some(value) => match coerce(field, &value) {
                Ok(value) => drop(values.insert(field.source.to_owned(), value)),
                Err(messages) => faults.nest(field.name, messages),
            },
            None if is_required(field, stage) => faults.add(field.name, REQUIRED),
            None if stage == Stage::Create && !field.is(Flag::WriteOnly) => {
                values.insert(field.source.to_owned(), absent(field));
            }
            None => {}
        }
    }
    (values, faults)
}

/// Whether a body of this stage can set the field.
pub(crate) fn is_settable(field: &Field, stage: Stage) -> bool {
    let fixed = field.is(Flag::CreateOnly) && stage != Stage::Create;
    !field.is(Flag::ReadOnly) && !fixed
}

/// Whether a body of this stage must say it. A secret is not asked for again by PUT, since no
/// answer shows what it was.
pub(crate) fn is_required(field: &Field, stage: Stage) -> bool {
    match stage {
        Stage::Create => field.is(Flag::Required),
        Stage::Replace => field.is(Flag::Required) && !field.is(Flag::WriteOnly),
        Stage::Patch => false,
    }
}

/// What a field gets that a new record says nothing about.
fn absent(field: &Field) -> Value {
    match (field.preset, field.kind) {
        (Preset::Text(text), _) => Value::String(text.to_owned()),
        (Preset::True, _) => Value::Bool(true),
        (Preset::False, _) => Value::Bool(false),
        (Preset::Nothing, Kind::People | Kind::Rows(_)) => Value::Array(Vec::new()),
        (Preset::Nothing, Kind::Text(_)) if !field.is(Flag::Null) => Value::String(String::new()),
        (Preset::Nothing, _) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Field] = &[
        Field::id(),
        Field::text("name").required().max(5),
        Field::text("city").blank(),
        Field::float("weight").null(),
        Field::text("secret").required().write_only(),
        Field::choice("kind", &["a", "b"]).preset(Preset::Text("a")).create_only(),
    ];

    fn taken(body: Value, stage: Stage) -> (Value, Value) {
        let input = Input::json(body).unwrap();
        let (values, faults) = clean(FIELDS, &input, stage);
        (Value::Object(values), Value::Object(faults.into_map()))
    }

    #[test]
    fn all_faults_come_at_once() {
        let (_, faults) =
            taken(json!({"name": "too long", "weight": "x", "kind": "c"}), Stage::Create);
        assert_eq!(
            faults,
            json!({
                "name": ["Ensure this field has no more than 5 characters."],
                "weight": ["A valid number is required."],
                "secret": ["This field is required."],
                "kind": ["\"c\" is not a valid choice."],
            })
        );
    }

    #[test]
    fn a_new_record_gets_what_its_body_leaves_out() {
        let (values, faults) = taken(json!({"name": "x", "secret": "y"}), Stage::Create);
        assert_eq!(faults, json!({}));
        assert_eq!(
            values,
            json!({"name": "x", "city": "", "weight": null, "secret": "y", "kind": "a"})
        );
    }

    #[test]
    fn a_part_changes_only_what_it_names_and_forges_nothing() {
        let body = json!({"id": "x", "_version": 9, "city": "Oslo", "kind": "b"});
        assert_eq!(taken(body, Stage::Patch), (json!({"city": "Oslo"}), json!({})));
    }

    #[test]
    fn a_whole_needs_what_is_required_but_no_secret() {
        let (_, faults) = taken(json!({}), Stage::Replace);
        assert_eq!(faults, json!({"name": ["This field is required."]}));
    }
}
