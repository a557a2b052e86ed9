//! What a body about a room must keep, beyond its single fields.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{fields::clean::Stage, viewset::hooks::Checked};

const EMPTY: &str = "This list may not be empty.";

/// Adds what is wrong with a body from this user.
pub(super) fn check(caller: &str, checked: &mut Checked<'_>) {
    let direct = checked.text("kind") == Some("direct");
    match (checked.stage, direct) {
        (Stage::Create, true) => new_direct(caller, checked),
        (Stage::Create, false) => new_group(caller, checked),
        (_, true) => old_direct(checked),
        (_, false) => old_group(checked),
    }
    if checked.values.get("name").is_some_and(Value::is_null) {
        checked.values.insert("name".to_owned(), "".into());
    }
}

fn new_direct(caller: &str, checked: &mut Checked<'_>) {
    let members = names(checked.values.get("members"));
    let others = members.iter().filter(|name| **name != caller).count();
    if others != 1 && !checked.faults.has("members") {
        checked.faults.add("members", "A direct room has exactly one other member.");
    }
}

fn new_group(caller: &str, checked: &mut Checked<'_>) {
    let mut members = names(checked.values.get("members"));
    members.insert(caller);
    let strangers = strangers(checked.values.get("admins"), &members);
    refuse_strangers(checked, &strangers);
}

/// Sending back what is there already is no change.
fn old_direct(checked: &mut Checked<'_>) {
    for field in ["members", "admins"] {
        let Some(value) = checked.values.get(field) else {
            continue;
        };
        let before = checked.before.and_then(|before| before.get(field));
        if names(Some(value)) == names(before) {
            checked.values.remove(field);
        } else {
            checked.faults.add(field, format!("The {field} of a direct room cannot be changed."));
        }
    }
}

fn old_group(checked: &mut Checked<'_>) {
    for field in ["members", "admins"] {
        let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        if checked.values.get(field).is_some_and(empty) {
            checked.faults.add(field, EMPTY);
        }
    }
    let stored = checked.before.and_then(|before| before.get("members"));
    let members = names(checked.values.get("members").or(stored));
    let strangers = strangers(checked.values.get("admins"), &members);
    refuse_strangers(checked, &strangers);
}

fn refuse_strangers(checked: &mut Checked<'_>, strangers: &[String]) {
    for name in strangers {
        checked.faults.add("admins", format!("{name} is not a member of the room."));
    }
}

/// Who among the admins is no member.
fn strangers(admins: Option<&Value>, members: &BTreeSet<&str>) -> Vec<String> {
    let admins = names(admins);
    admins.difference(members).map(|name| (*name).to_owned()).collect()
}

fn names(value: Option<&Value>) -> BTreeSet<&str> {
    let items = value.and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).collect()
}
