//! Examples: what a field may look like, by its name, kind and limits.

use serde_json::{Map, Value, json};

use crate::fields::{
    Field, Preset,
    clean::{Stage, is_settable},
    flags::Flag,
    kind::{Format, Kind, TextRule},
    metadata::label,
};

/// An id.
pub(super) const ID: &str = "65f0c0ffee65f0c0ffee65f0";

/// A time.
pub(super) const TIME: &str = "2026-05-01T09:30:00.000Z";

/// What texts of these names are like.
const TEXTS: &[(&str, &str)] = &[
    ("address", "12 St James's Square"),
    ("avatar", "https://clinic.example/avatars/ada.png"),
    ("city", "London"),
    ("description", "Family medicine, open every day."),
    ("diseaseHistory", "Measles as a child."),
    ("dose", "400 mg"),
    ("first_name", "Ada"),
    ("frequency", "three times a day"),
    ("full_name", "Ada Lovelace"),
    ("last_name", "Lovelace"),
    ("medicalCouncilId", "MC-1842"),
    ("nationalId", "0084575948"),
    ("orgname", "Analytical Mutual"),
    ("phone_number", "+44 20 7946 0018"),
    ("reason", "Unconscious in the emergency room."),
    ("related_speciality", "Cardiology"),
    ("speciality", "Cardiology"),
    ("text", "The fever is down."),
    ("useremail", "ada@example.org"),
    ("userfullname", "Ada Lovelace"),
    ("userId", ID),
];

/// A record as answers have it.
pub(super) fn shown(fields: &[Field]) -> Value {
    let seen = fields.iter().filter(|field| !field.is(Flag::WriteOnly));
    named(seen)
}

/// A body of this stage.
pub(super) fn taken(fields: &[Field], stage: Stage) -> Value {
    let settable = fields.iter().filter(|field| is_settable(field, stage));
    match stage {
        // Who has the right to set the others finds them in the schema.
        Stage::Create => named(settable.filter(|field| {
            field.writable.is_none() && (field.is(Flag::Required) || !is_link(field))
        })),
        Stage::Replace => named(settable.filter(|field| {
            field.writable.is_none() && !field.is(Flag::WriteOnly) && !is_link(field)
        })),
        Stage::Patch => {
            let plain = settable.filter(|field| {
                field.writable.is_none() && !field.is(Flag::WriteOnly) && !is_link(field)
            });
            named(plain.take(1))
        }
    }
}

/// A value of a field.
pub(super) fn of(field: &Field) -> Value {
    match (field.preset, field.kind) {
        (Preset::Text(text), _) => text.into(),
        (Preset::True, _) | (Preset::Nothing, Kind::Boolean) => true.into(),
        (Preset::False, _) => false.into(),
        (Preset::Nothing, Kind::Text(_)) if field.source == "_id" => ID.into(),
        (Preset::Nothing, Kind::Text(rule)) => text(field.name, rule).into(),
        (Preset::Nothing, Kind::Integer { min, max }) => {
            3.min(max.unwrap_or(3)).max(min.unwrap_or(3)).into()
        }
        (Preset::Nothing, Kind::Float { min, max }) => {
            4.5_f64.min(max.unwrap_or(4.5)).max(min.unwrap_or(4.5)).into()
        }
        (Preset::Nothing, Kind::Time) => TIME.into(),
        (Preset::Nothing, Kind::Choice(choices)) => choices.first().copied().into(),
        (Preset::Nothing, Kind::Reference(_)) => ID.into(),
        (Preset::Nothing, Kind::Person) => "ada".into(),
        (Preset::Nothing, Kind::People) => json!(["ada", "bob"]),
        (Preset::Nothing, Kind::Rows(fields)) => json!([shown(fields)]),
        (Preset::Nothing, Kind::Object(fields)) => shown(fields),
    }
}

fn is_link(field: &Field) -> bool {
    matches!(field.kind, Kind::Reference(_) | Kind::Person | Kind::People)
}

fn named<'a>(fields: impl Iterator<Item = &'a Field>) -> Value {
    Value::Object(fields.map(|field| (field.name.to_owned(), of(field))).collect::<Map<_, _>>())
}

fn text(name: &str, rule: TextRule) -> String {
    let known = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let text = match rule.format {
        Format::Email => "ada@example.org".to_owned(),
        Format::Username => "ada".to_owned(),
        Format::Password => "ada-likes-tea".to_owned(),
        Format::Exact => "5b1c3c1e".to_owned(),
        Format::Plain if is_username(name) => "ada".to_owned(),
        Format::Plain => known.map_or_else(|| label(name), str::to_owned),
    };
    text.chars().take(rule.max.unwrap_or(usize::MAX)).collect()
}

/// Texts that are usernames, though nothing is checked of them.
fn is_username(name: &str) -> bool {
    matches!(name, "user" | "owner" | "username") || name.ends_with("Username")
}
