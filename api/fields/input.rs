//! A body, JSON or form, as fields ask it for their values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Field, flags::Flag, kind::Kind, python::type_name};
use crate::faults::Faults;

/// What a client sent.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// A JSON object.
    Json(Map<String, Value>),
    /// The pairs of a form; a key may come several times.
    Form(Vec<(String, String)>),
}

impl Input {
    /// A JSON body, which must be an object.
    pub(crate) fn json(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Object(map) => Ok(Self::Json(map)),
            Value::Null => Err(Faults::whole("No data provided")),
            other => Err(Faults::whole(not_a_dictionary(&other))),
        }
    }

    /// What it says about a field; `None` when it says nothing.
    pub(crate) fn value(&self, field: &Field) -> Option<Value> {
        match self {
            Self::Json(map) => map.get(field.name).cloned(),
            Self::Form(pairs) => form_value(pairs, field),
        }
    }
}

/// `Invalid data. Expected a dictionary, but got list.`
pub(crate) fn not_a_dictionary(value: &Value) -> String {
    format!("Invalid data. Expected a dictionary, but got {}.", type_name(value))
}

/// A form has only texts: lists are repeated keys, and an empty text stands for null, or for
/// nothing, where it could not be meant.
fn form_value(pairs: &[(String, String)], field: &Field) -> Option<Value> {
    let named = |pair: &&(String, String)| pair.0 == field.name;
    if let Kind::People = field.kind {
        let items: Vec<Value> = pairs.iter().filter(named).map(text_of).collect();
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    if let Kind::Rows(fields) = field.kind {
        let rows = form_rows(pairs, field.name, fields);
        if rows.is_some() {
            return rows;
        }
    }
    let text = &pairs.iter().rfind(named)?.1;
    let blank = text.is_empty() && !field.is(Flag::Blank);
    match field.kind {
        Kind::Rows(_) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())),
        _ if blank && field.is(Flag::Null) => Some(Value::Null),
        _ if blank && !field.is(Flag::Required) => None,
        _ => Some(Value::String(text.clone())),
    }
}

/// Rows as DRF has them in forms: `name[0]key=value`, in the order of their numbers.
fn form_rows(pairs: &[(String, String)], name: &str, fields: &[Field]) -> Option<Value> {
    let mut rows: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
    for (place, text) in pairs {
        let inside = place.strip_prefix(name).and_then(|rest| rest.strip_prefix('['));
        let Some((number, key)) = inside.and_then(|rest| rest.split_once(']')) else { continue };
        let key = key.strip_prefix('.').unwrap_or(key);
        if let Ok(number) = number.parse() {
            rows.entry(number).or_default().push((key.to_owned(), text.clone()));
        }
    }
    let row = |pairs: Vec<(String, String)>| -> Value {
        let said = |field: &Field| Some((field.name.to_owned(), form_value(&pairs, field)?));
        Value::Object(fields.iter().filter_map(said).collect())
    };
    (!rows.is_empty()).then(|| rows.into_values().map(row).collect())
}

fn text_of(pair: &(String, String)) -> Value {
    Value::String(pair.1.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Input {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Input::Form(pairs.iter().map(own).collect())
    }

    #[test]
    fn a_body_that_is_no_object_is_named_as_python_would() {
        let said = |value| Input::json(value).err().map(Faults::into_map);
        assert_eq!(
            said(json!([])),
            Some(Faults::whole("Invalid data. Expected a dictionary, but got list.").into_map())
        );
        assert_eq!(said(json!(null)), Some(Faults::whole("No data provided").into_map()));
    }

    #[test]
    fn repeated_keys_of_a_form_are_a_list_and_the_last_counts_elsewhere() {
        let body = form(&[("members", "a"), ("members", "b"), ("name", "x"), ("name", "y")]);
        assert_eq!(body.value(&Field::people("members")), Some(json!(["a", "b"])));
        assert_eq!(body.value(&Field::text("name")), Some(json!("y")));
        assert_eq!(body.value(&Field::people("admins")), None);
    }

    #[test]
    fn rows_of_a_form_are_numbered_or_json() {
        const PARTS: &[Field] = &[Field::text("dose"), Field::text("days")];
        let field = Field::new("medicines", Kind::Rows(PARTS));
        let rows = json!([{"dose": "a", "days": "1"}, {"dose": "b"}]);
        let numbered =
            [("medicines[2]dose", "b"), ("medicines[0]dose", "a"), ("medicines[0].days", "1")];
        assert_eq!(form(&numbered).value(&field), Some(rows.clone()));
        assert_eq!(form(&[("medicines", &rows.to_string())]).value(&field), Some(rows));
        for odd in ["medicines[x]dose", "medicines[0", "medicines[-1]dose", "medicine[0]dose"] {
            assert_eq!(form(&[(odd, "a")]).value(&field), None, "{odd}");
        }
    }

    #[test]
    fn rows_of_a_form_have_its_leniency() {
        const MEDICINES: &[Field] =
            &[Field::text("medicine"), Field::new("days", Kind::Integer { min: None, max: None })];
        let field = Field::new("medicines", Kind::Rows(MEDICINES));
        let body = form(&[
            ("medicines[1]medicine", "b"),
            ("medicines[0]medicine", "a"),
            ("medicines[0]days", "2"),
            ("medicines[1]days", ""),
            ("medicines[x]days", "3"),
        ]);
        let rows = json!([{"medicine": "a", "days": "2"}, {"medicine": "b"}]);
        assert_eq!(body.value(&field), Some(rows));
        let text = form(&[("medicines", "[{\"medicine\": \"a\"}]")]);
        assert_eq!(text.value(&field), Some(json!([{"medicine": "a"}])));
        assert_eq!(form(&[("medicinesx", "")]).value(&field), None);
    }

    #[test]
    fn an_empty_text_of_a_form_is_null_or_nothing_where_it_cannot_be_meant() {
        let body = form(&[("weight", "")]);
        assert_eq!(body.value(&Field::float("weight").null()), Some(Value::Null));
        assert_eq!(body.value(&Field::float("weight")), None);
        assert_eq!(body.value(&Field::text("weight").blank()), Some(json!("")));
        assert_eq!(body.value(&Field::text("weight").required()), Some(json!("")));
    }
}
