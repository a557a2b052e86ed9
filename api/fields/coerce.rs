//! One value of a body, as leniently as DRF's fields take it, and refused in their words.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    Field,
    flags::Flag,
    input::not_a_dictionary,
    kind::{Format, Kind, TextRule},
    python, scalar,
    text::{BAD_EMAIL, BAD_USERNAME, is_email, is_username, normal_form},
};
use crate::faults::{BLANK, NON_FIELD, NULL};

/// A value that may be stored, or what is wrong with it: messages, or a list of objects of them.
pub(crate) type Coerced = Result<Value, Value>;

/// Most usernames in one list.
pub(crate) const PEOPLE: usize = 10_000;

/// Takes a value that is there.
pub(crate) fn coerce(field: &Field, value: &Value) -> Coerced {
    if value.is_null() || means_null(field, value) {
        return if field.is(Flag::Null) { Ok(Value::Null) } else { refuse(NULL) };
    }
    match field.kind {
        Kind::Text(rule) => text(field, rule, value),
        Kind::Integer { min, max } => scalar::integer(value, min, max).or_else(refuse),
        Kind::Float { min, max } => scalar::float(value, min, max).or_else(refuse),
        Kind::Boolean => scalar::boolean(value).or_else(refuse),
        Kind::Time => scalar::time(value).or_else(refuse),
        Kind::Choice(choices) => choice(value, choices).or_else(refuse),
        Kind::Reference(_) => reference(value).or_else(refuse),
        Kind::Person => person(value).or_else(refuse),
        Kind::People => people(value),
        Kind::Rows(fields) => rows(fields, value),
        Kind::Object(_) => Ok(value.clone()),
    }
}

/// Messages as the fault of a field.
pub(crate) fn refuse<T>(message: impl Into<String>) -> Result<T, Value> {
    Err(Value::Array(vec![Value::String(message.into())]))
}

/// `"x" is not a valid choice.`
pub(crate) fn not_a_choice(value: &Value) -> String {
    format!("\"{}\" is not a valid choice.", python::text(value))
}

/// `Object with username=x does not exist.`
pub(crate) fn nobody(name: &str) -> String {
    format!("Object with username={name} does not exist.")
}

/// DRF takes the empty text for null in a reference, and `"null"` in a boolean that may be null.
fn means_null(field: &Field, value: &Value) -> bool {
    match (field.kind, value) {
        (Kind::Reference(_) | Kind::Person, Value::String(text)) => text.is_empty(),
        (Kind::Boolean, Value::String(text)) => {
            field.is(Flag::Null) && (text.is_empty() || text.eq_ignore_ascii_case("null"))
        }
        _ => false,
    }
}

fn text(field: &Field, rule: TextRule, value: &Value) -> Coerced {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        // Of a password nobody can tell which digits of a fraction are meant.
        Value::Number(number)
            if rule.format != Format::Password && number.as_f64().is_some_and(is_exact) =>
        {
            number.to_string()
        }
        _ if rule.format == Format::Email => return refuse(BAD_EMAIL),
        _ => return refuse("Not a valid string."),
    };
    let text = match rule.format {
        Format::Exact | Format::Password => text,
        Format::Username => normal_form(python::strip(&text)),
        Format::Plain | Format::Email => python::strip(&text).to_owned(),
    };
    if python::strip(&text).is_empty() {
        return if field.is(Flag::Blank) { Ok(Value::String(text)) } else { refuse(BLANK) };
    }
    let faults = text_faults(rule, &text);
    if faults.is_empty() { Ok(Value::String(text)) } else { Err(faults.into()) }
}

/// Whether a number that was read as a float may stand for its digits. With a fraction, beyond 15 of
/// them, some are lost, and so they are in whole numbers beyond 64 bits: better refused than stored
/// as another number. `3e15` is whole, too, to JSON Schema as to Python; of one that is written as a
/// float both keep 53 bits.
fn is_exact(number: f64) -> bool {
    const LEAST: f64 = -9_223_372_036_854_775_808.0;
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    number.abs() < 1e15 || (number.fract() == 0.0 && number > LEAST && number < BEYOND)
}

/// In the order of DRF: the validators of a model's field, the length, then what is true of all.
fn text_faults(rule: TextRule, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if rule.format == Format::Username && !is_username(text) {
        faults.push(BAD_USERNAME.to_owned());
    }
    if let Some(max) = rule.max.filter(|max| text.chars().count() > *max) {
        faults.push(format!("Ensure this field has no more than {max} characters."));
    }
    if text.contains('\0') {
        faults.push("Null characters are not allowed.".to_owned());
    }
    if rule.format == Format::Email && !is_email(text) {
        faults.push(BAD_EMAIL.to_owned());
    }
    faults
}

fn choice(value: &Value, choices: &[&str]) -> Result<Value, String> {
    match value {
        Value::String(text) if choices.contains(&text.as_str()) => Ok(value.clone()),
        other => Err(not_a_choice(other)),
    }
}

/// The form only; whether it exists is looked up later, for all references at once.
fn reference(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => Ok(Value::String(text.clone())),
        Value::Number(number) => Ok(Value::String(number.to_string())),
        other => {
            let found = python::type_name(other);
            Err(format!("Incorrect type. Expected pk value, received {found}."))
        }
    }
}

fn person(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null => Err(NULL.to_owned()),
        Value::String(text) if text.is_empty() => Err(NULL.to_owned()),
        Value::String(_) => Ok(value.clone()),
        Value::Number(number) => Ok(Value::String(number.to_string())),
        other => Err(nobody(&python::text(other))),
    }
}

fn people(value: &Value) -> Coerced {
    let Value::Array(items) = value else {
        return refuse(not_a_list(value));
    };
    if items.len() > PEOPLE {
        return refuse(format!("Ensure this field has no more than {PEOPLE} elements."));
    }
    let mut seen = HashSet::with_capacity(items.len());
    let mut names: Vec<Value> = Vec::with_capacity(items.len());
    let mut faults: Vec<Value> = Vec::new();
    for item in items {
        match person(item) {
            Ok(name) if seen.contains(&name) => {}
            Ok(name) => {
                seen.insert(name.clone());
                names.push(name);
            }
            Err(message) => faults.push(message.into()),
        }
    }
    if faults.is_empty() { Ok(names.into()) } else { Err(faults.into()) }
}

fn not_a_list(value: &Value) -> String {
    format!("Expected a list of items but got type \"{}\".", python::type_name(value))
}

/// A list of objects: an empty object of faults for each that is right, as DRF answers.
fn rows(fields: &[Field], value: &Value) -> Coerced {
    let Value::Array(items) = value else {
        return Err(json!({ NON_FIELD: [not_a_list(value)] }));
    };
    let taken: Vec<Coerced> = items.iter().map(|item| row(fields, item)).collect();
    if taken.iter().all(Result::is_ok) {
        return Ok(taken.into_iter().flatten().collect());
    }
    let fault = |one: Coerced| one.err().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    Err(taken.into_iter().map(fault).collect())
}

fn row(fields: &[Field], item: &Value) -> Coerced {
    let map = match item {
        Value::Object(map) => map,
        Value::Null => return refuse(NULL),
        other => return Err(json!({ NON_FIELD: [not_a_dictionary(other)] })),
    };
    let input = super::input::Input::Json(map.clone());
    let (values, faults) = super::clean::clean(fields, &input, super::clean::Stage::Create);
    if faults.is_empty() { Ok(Value::Object(values)) } else { Err(faults.into_map().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Coerced) -> String {
        match result {
            Err(Value::Array(messages)) => {
                messages.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn texts_take_numbers_and_refuse_what_drf_refuses() {
        let name = Field::text("name").max(3);
        assert_eq!(coerce(&name, &json!(" ab ")), Ok(json!("ab")));
        assert_eq!(coerce(&name, &json!(12)), Ok(json!("12")));
        for odd in [json!(true), json!([]), json!({})] {
            assert_eq!(message(coerce(&name, &odd)), "Not a valid string.");
        }
        let digits = Field::text("digits").max(30);
        for (number, text) in [
            (json!(-0.5), "-0.5"),
            (json!(3_163_343_559_530_744.0), "3163343559530744.0"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!(9.1e18), "9.1e+18"),
        ] {
            assert_eq!(coerce(&digits, &number), Ok(json!(text)));
        }
        for lost in ["18446744073709551616", "-9223372036854775809", "1500000000000000.5", "1e20"] {
            let number: Value = serde_json::from_str(lost).unwrap();
            assert_eq!(message(coerce(&digits, &number)), "Not a valid string.", "{lost}");
        }
        assert_eq!(message(coerce(&name, &json!(" "))), BLANK);
        assert_eq!(message(coerce(&name, &Value::Null)), NULL);
        assert_eq!(
            message(coerce(&name, &json!("ab\0cd"))),
            "Ensure this field has no more than 3 characters.|Null characters are not allowed."
        );
        let odd = Field::formatted("username", Format::Username).max(3);
        let long = "Ensure this field has no more than 3 characters.";
        assert_eq!(message(coerce(&odd, &json!("!!!!"))), format!("{BAD_USERNAME}|{long}"));
        let email = Field::formatted("email", Format::Email);
        assert_eq!(message(coerce(&email, &json!([]))), BAD_EMAIL);
    }

    #[test]
    fn references_name_what_was_sent_instead() {
        let field = Field::reference("insurance", "insurances");
        assert_eq!(
            message(coerce(&field, &json!([1]))),
            "Incorrect type. Expected pk value, received list."
        );
        assert_eq!(coerce(&field, &json!(7)), Ok(json!("7")));
        assert_eq!(coerce(&field.null(), &json!("")), Ok(Value::Null));
    }

    #[test]
    fn people_are_a_list_of_usernames_each_once() {
        let field = Field::people("members");
        assert_eq!(coerce(&field, &json!(["a", "b", "a"])), Ok(json!(["a", "b"])));
        assert_eq!(
            message(coerce(&field, &json!("a"))),
            "Expected a list of items but got type \"str\"."
        );
        let said = format!("Object with username={{'a': 1}} does not exist.|{NULL}|{NULL}");
        assert_eq!(message(coerce(&field, &json!([{"a": 1}, null, ""]))), said);
    }

    #[test]
    fn rows_are_checked_each_on_its_own() {
        const MEDICINES: &[Field] = &[Field::text("medicine").required()];
        let field = Field::new("medicines", Kind::Rows(MEDICINES));
        let bad = coerce(&field, &json!([{"medicine": "x"}, {}, 3, null]));
        assert_eq!(
            bad,
            Err(json!([
                {},
                {"medicine": ["This field is required."]},
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                ["This field may not be null."]
            ]))
        );
        assert_eq!(
            coerce(&field, &json!("x")),
            Err(json!({"non_field_errors": ["Expected a list of items but got type \"str\"."]}))
        );
        assert!(coerce(&field, &json!([{"medicine": "x"}])).is_ok());
    }

    #[test]
    fn a_choice_names_what_it_does_not_know() {
        let field = Field::choice("kind", &["direct", "group"]);
        assert_eq!(message(coerce(&field, &json!("x"))), "\"x\" is not a valid choice.");
        assert_eq!(message(coerce(&field, &json!(3))), "\"3\" is not a valid choice.");
        assert_eq!(message(coerce(&field, &json!([true]))), "\"[True]\" is not a valid choice.");
    }
}
