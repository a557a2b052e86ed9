use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::arbitrary;

/// Every key of a document at any depth.
fn keys(value: &Bson, found: &mut BTreeSet<String>) {
    match value {
        Bson::Document(document) => {
            for (key, value) in document {
                found.insert(key.clone());
                keys(value, found);
            }
        }
        Bson::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn values_never_become_operators_or_fields(filter in arbitrary::filter()) {
        const OPERATORS: [&str; 16] = [
            "$and", "$or", "$eq", "$not", "$type", "$in", "$gt", "$gte", "$lt", "$lte",
            "$elemMatch", "$all", "$regex", "$exists", "_search.folded.t", "_search.grams.t",
        ];
        const FIELDS: [&str; 6] = ["_id", "x", "t", "n", "b", "l"];
        let mut found = BTreeSet::new();
        keys(&Bson::Document(self::filter(&filter, &["t"]).unwrap()), &mut found);
        for key in &found {
            let is_ours = OPERATORS.contains(&key.as_str()) || FIELDS.contains(&key.as_str());
            prop_assert!(is_ours, "{:?}", key);
        }
    }
}

#[test]
fn a_field_that_is_not_searched_is_a_fault() {
    let searching = Filter::Contains("other", "x".to_owned());
    assert!(matches!(filter(&searching, &["t"]), Err(StoreError::Failed(_))));
}

#[test]
fn empty_lists_of_filters_have_their_meaning() {
    assert_eq!(filter(&Filter::everything(), &[]).unwrap(), doc! {});
    assert_eq!(filter(&Filter::nothing(), &[]).unwrap(), never());
}

#[test]
fn a_change_that_only_sets_is_a_plain_update() {
    let change = Change::set("name", "Ada").and_set("text", "$other");
    let UpdateModifications::Document(update) = super::change(&change, &["name"]) else {
        panic!("not plain");
    };
    let set = update.get_document("$set").unwrap();
    assert_eq!(set.get_str("text").unwrap(), "$other");
    assert_eq!(set.get_str("_search.folded.name").unwrap(), "ada");
}

#[test]
fn texts_in_a_computed_change_are_literal() {
    let change = Change::set("text", "$other").and_include("l", json!("$$ROOT"));
    let UpdateModifications::Pipeline(stages) = super::change(&change, &[]) else {
        panic!("not computed");
    };
    let set = stages[0].get_document("$set").unwrap();
    assert_eq!(set.get("text"), Some(&Bson::from(doc! {"$literal": "$other"})));
    let included = set.get("l").unwrap().to_string();
    assert!(included.contains("\"$literal\": \"$$ROOT\""), "{included}");
}

#[test]
fn a_field_that_gets_no_text_loses_its_shadow() {
    let UpdateModifications::Document(update) = change(&Change::set("name", 7), &["name"]) else {
        panic!("not plain");
    };
    let unset = update.get_document("$unset").unwrap();
    assert!(unset.contains_key("_search.grams.name") && unset.contains_key("_search.folded.name"));
}
