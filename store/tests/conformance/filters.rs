//! Filters mean the same everywhere: what `Filter::matches` says.

use ihs_store::{Document, Filter, Index, Query, Sort, Store};
use serde_json::{Value, json};

use crate::backend::{THINGS, collection, document, id, ids, insertion};

cases! {
    null_and_missing_are_the_same,
    numbers_compare_across_integers_and_floats,
    large_integers_are_not_rounded,
    a_value_matches_only_fields_of_its_type,
    strings_compare_by_their_bytes,
    empty_lists_of_filters_have_their_meaning,
    has_asks_for_items_of_lists,
    one_of_takes_any_mixture,
    one_of_takes_long_lists,
    ids_are_texts,
    indexes_change_no_answer,
}

/// Stores documents under the ids 0, 1, …
async fn store_all(store: &dyn Store, values: &[Value]) -> Vec<Document> {
    let number = |(number, value): (usize, &Value)| {
        let mut document = document(json!({"_id": format!("{number:03}")}));
        document.extend(self::document(value.clone()));
        document
    };
    let documents: Vec<Document> = values.iter().enumerate().map(number).collect();
    let write = |document: &Document| insertion(THINGS, Value::Object(document.clone()));
    store.commit(documents.iter().map(write).collect()).await.unwrap();
    documents
}

/// Asks the store and the oracle.
async fn check(store: &dyn Store, documents: &[Document], filter: Filter) {
    let matching = documents.iter().filter(|document| filter.matches(document));
    let wanted: Vec<&str> = matching.map(id).collect();
    let query = Query::new(THINGS, filter.clone(), 1_000).sorted(vec![Sort::ascending("_id")]);
    assert_eq!(ids(store, query).await, wanted, "{filter:?}");
    let count = store.count(THINGS, filter.clone()).await.unwrap();
    assert_eq!(count, wanted.len() as u64, "{filter:?}");
}

/// Every comparison of a field with a value.
fn comparisons(field: &'static str, value: &Value) -> [Filter; 6] {
    [
        Filter::Eq(field, value.clone()),
        Filter::In(field, vec![value.clone()]),
        Filter::Gt(field, value.clone()),
        Filter::Gte(field, value.clone()),
        Filter::Lt(field, value.clone()),
        Filter::Lte(field, value.clone()),
    ]
}

async fn check_comparisons(
    store: &dyn Store,
    field: &'static str,
    fields: &[Value],
    values: &[Value],
) {
    let with = |value: &Value| json!({ field: value });
    let mut stored: Vec<Value> = fields.iter().map(with).collect();
    stored.extend([json!({}), json!({ field: null })]);
    let documents = store_all(store, &stored).await;
    for value in values.iter().chain([&Value::Null]) {
        for filter in comparisons(field, value) {
            check(store, &documents, filter).await;
        }
    }
    check(store, &documents, Filter::Present(field)).await;
}

async fn null_and_missing_are_the_same(store: &dyn Store) {
    let documents = store_all(store, &[json!({}), json!({"a": null}), json!({"a": 1})]).await;
    for filter in [
        Filter::Eq("a", Value::Null),
        Filter::Present("a"),
        Filter::In("a", vec![Value::Null]),
        Filter::In("a", vec![Value::Null, json!(1)]),
        Filter::Gte("a", Value::Null),
        Filter::Lte("a", Value::Null),
        Filter::Lt("a", json!(5)),
        Filter::Has("a", Value::Null),
    ] {
        check(store, &documents, filter).await;
    }
    let missing = Query::new(THINGS, Filter::Eq("a", Value::Null), 9);
    assert_eq!(ids(store, missing).await, ["000", "001"]);
}

async fn numbers_compare_across_integers_and_floats(store: &dyn Store) {
    let numbers = [
        json!(-1),
        json!(0),
        json!(-0.0),
        json!(0.5),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(2),
        json!(1e300),
        json!(-1e300),
    ];
    check_comparisons(store, "n", &numbers, &numbers).await;
}

async fn large_integers_are_not_rounded(store: &dyn Store) {
    let numbers = [
        json!(i64::MAX),
        json!(i64::MAX - 1),
        json!(i64::MIN),
        json!(9_007_199_254_740_993_i64),
        json!(9_007_199_254_740_992.0),
        json!(9_223_372_036_854_775_808.0),
    ];
    check_comparisons(store, "n", &numbers, &numbers).await;
}

async fn a_value_matches_only_fields_of_its_type(store: &dyn Store) {
    let scalars = [
        json!(0),
        json!(1),
        json!(2),
        json!(0.0),
        json!(1.0),
        json!(true),
        json!(false),
        json!(""),
        json!("0"),
        json!("1"),
        json!("true"),
        json!("a"),
    ];
    check_comparisons(store, "x", &scalars, &scalars).await;
}

async fn strings_compare_by_their_bytes(store: &dyn Store) {
    let texts = [
        json!(""),
        json!("A"),
        json!("Z"),
        json!("a"),
        json!("aa"),
        json!("é"),
        json!("e\u{301}"),
        json!("\u{ffff}"),
        json!("😀"),
        json!("\u{10ffff}"),
        json!("[1]"),
        json!("{\"a\":1}"),
        json!("%"),
        json!("_"),
        json!("'"),
        json!("null"),
    ];
    check_comparisons(store, "s", &texts, &texts).await;
    let sorted = Query::new(THINGS, Filter::Present("s"), 99).sorted(vec![Sort::ascending("s")]);
    let found = store.find(sorted).await.unwrap();
    let found: Vec<&str> = found.iter().map(|document| document["s"].as_str().unwrap()).collect();
    assert!(found.is_sorted_by_key(|text| text.as_bytes()), "{found:?}");
}

async fn empty_lists_of_filters_have_their_meaning(store: &dyn Store) {
    let documents = store_all(store, &[json!({"a": 1}), json!({"a": 2})]).await;
    let one = || Filter::eq("a", 1);
    for filter in [
        Filter::everything(),
        Filter::nothing(),
        Filter::All(vec![Filter::nothing(), one()]),
        Filter::Any(vec![Filter::nothing(), one()]),
        Filter::All(vec![Filter::everything(), one()]),
        Filter::Any(vec![Filter::everything(), one()]),
        Filter::Any(vec![Filter::All(vec![one()]), Filter::All(vec![])]),
        Filter::In("a", Vec::new()),
        Filter::All(vec![one(), Filter::eq("a", 2)]),
        Filter::Any(vec![one(), Filter::eq("a", 2)]),
        Filter::All(vec![one(), one()]),
    ] {
        check(store, &documents, filter).await;
    }
}

async fn has_asks_for_items_of_lists(store: &dyn Store) {
    let lists = [
        json!({"l": ["a", "b"]}),
        json!({"l": []}),
        json!({"l": "a"}),
        json!({"l": [["a"]]}),
        json!({"l": [1, 2.0, true]}),
        json!({"l": [null]}),
        json!({"l": [1.0, 1, 1]}),
        json!({"l": {"a": 1}}),
        json!({"l": 1}),
        json!({}),
        json!({"l": ["[1]", "0"]}),
        json!({"l": [[1], 0, false]}),
    ];
    let documents = store_all(store, &lists).await;
    let items = [
        json!("a"),
        json!("c"),
        json!(1),
        json!(1.0),
        json!(0),
        json!(2),
        json!(true),
        json!(false),
        json!(null),
        json!("[1]"),
        json!([1]),
        json!("1"),
        json!(["a"]),
        json!({}),
    ];
    for indexed in [false, true] {
        let mut things = collection(THINGS);
        if indexed {
            things.indexes = vec![Index::items("l", "l")];
        }
        store.prepare(&[things]).await.unwrap();
        for item in &items {
            check(store, &documents, Filter::Has("l", item.clone())).await;
        }
        check(store, &documents, Filter::Present("l")).await;
        check(store, &documents, Filter::Eq("l", Value::Null)).await;
    }
}

async fn one_of_takes_any_mixture(store: &dyn Store) {
    let stored = [
        json!({"x": 1}),
        json!({"x": "1"}),
        json!({"x": true}),
        json!({"x": null}),
        json!({}),
        json!({"x": 2.5}),
        json!({"x": "[1]"}),
    ];
    let documents = store_all(store, &stored).await;
    let one =
        [json!(1), json!("1"), json!(true), json!(null), json!(2.5), json!("[1]"), json!([1])];
    check(store, &documents, Filter::In("x", one.to_vec())).await;
    for value in &one {
        check(store, &documents, Filter::In("x", vec![value.clone(), json!("2")])).await;
        check(store, &documents, Filter::In("x", vec![json!(7), value.clone()])).await;
    }
}

async fn one_of_takes_long_lists(store: &dyn Store) {
    let documents = store_all(store, &[json!({"x": 7}), json!({"x": 5_000})]).await;
    let many = (2..2_000).map(Value::from).collect();
    check(store, &documents, Filter::In("x", many)).await;
}

async fn ids_are_texts(store: &dyn Store) {
    let documents = store_all(store, &[json!({}), json!({}), json!({})]).await;
    let texts = ["", "000", "001", "0005", "zzz"].map(Value::from);
    for value in texts.iter().chain(&[json!(1), json!(0), json!(true), Value::Null, json!([])]) {
        for filter in comparisons("_id", value) {
            check(store, &documents, filter).await;
        }
        check(store, &documents, Filter::Has("_id", value.clone())).await;
    }
    check(store, &documents, Filter::Present("_id")).await;
}

async fn indexes_change_no_answer(store: &dyn Store) {
    let mut things = collection(THINGS);
    things.indexes = vec![
        Index::plain("by_a", &["a"]),
        Index::plain("by_b_a", &["b", "a"]),
        Index::plain("open", &["a"]).only(Filter::eq("open", true)),
        Index::plain("b_of_one", &["b"])
            .only(Filter::All(vec![Filter::eq("a", 1), Filter::Present("b")])),
        Index::plain("quoted", &["b"]).only(Filter::eq("s", "it's ? \"so\"")),
    ];
    store.prepare(&[things]).await.unwrap();
    let mut stored = Vec::new();
    for a in [json!(null), json!(0), json!(1), json!(true), json!("x")] {
        for b in [json!(null), json!(1), json!(2.5)] {
            for open in [json!(null), json!(true), json!(1)] {
                stored.push(json!({"a": a, "b": b, "open": open, "s": "it's ? \"so\""}));
            }
        }
    }
    let documents = store_all(store, &stored).await;
    let one_and_b = Filter::eq("a", 1).and(Filter::Present("b"));
    for filter in [
        Filter::eq("open", true),
        Filter::eq("open", true).and(Filter::eq("a", 1)),
        Filter::eq("open", 1).and(Filter::eq("a", true)),
        one_and_b.clone(),
        one_and_b.and(Filter::Gt("b", json!(1))),
        Filter::eq("s", "it's ? \"so\"").and(Filter::eq("b", 1)),
        Filter::Any(vec![Filter::eq("a", 1), Filter::eq("b", 1)]),
    ] {
        check(store, &documents, filter).await;
    }
}
