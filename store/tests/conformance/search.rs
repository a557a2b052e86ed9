//! Search for parts of texts, folded.

use ihs_store::{Change, Collection, Filter, Query, Store, StoreError, Write};
use serde_json::json;

use crate::backend::{THINGS, collection, ids, insert, insertion};

cases! {
    case_accents_and_letter_variants_do_not_matter,
    needles_of_any_length_find_parts_of_words,
    metacharacters_mean_themselves,
    fields_are_told_apart,
    an_empty_needle_finds_every_text,
    search_follows_every_change,
    writes_can_be_chosen_by_search,
    an_undone_commit_leaves_no_trace_in_search,
    a_field_searched_later_is_filled,
    a_field_that_is_not_searched_is_a_fault,
    search_joins_with_other_filters,
}

async fn prepare(store: &dyn Store) {
    prepare_for(store, vec!["name", "city"]).await;
}

async fn prepare_for(store: &dyn Store, searched: Vec<&'static str>) {
    let things = Collection { searched, ..collection(THINGS) };
    store.prepare(&[things]).await.unwrap();
}

async fn found(store: &dyn Store, needle: &str) -> Vec<String> {
    let filter = Filter::Contains("name", needle.to_owned());
    let count = store.count(THINGS, filter.clone()).await.unwrap();
    let found = ids(store, Query::new(THINGS, filter, 100)).await;
    assert_eq!(count, found.len() as u64, "{needle:?}");
    found
}

/// Stores texts under the ids 0, 1, … and checks every needle against them.
async fn check(store: &dyn Store, texts: &[&str], needles: &[&str]) {
    prepare(store).await;
    for (number, text) in texts.iter().enumerate() {
        insert(store, THINGS, json!({"_id": format!("{number:02}"), "name": text})).await;
    }
    for needle in needles {
        let fold = ihs_store::fold::fold;
        let holds = |text: &&str| fold(text).contains(&fold(needle));
        let wanted: Vec<String> = (0..texts.len())
            .filter(|number| holds(&texts[*number]))
            .map(|number| format!("{number:02}"))
            .collect();
        assert_eq!(found(store, needle).await, wanted, "{needle:?}");
    }
}

async fn case_accents_and_letter_variants_do_not_matter(store: &dyn Store) {
    let texts = [
        "علي كريمي",
        "علی کریمی",
        "مُحَمَّد",
        "محـــمد",
        "أحمد",
        "می‌خواهم",
        "میخواهم",
        "José ÁLVAREZ",
        "jose\u{301} alvarez",
        "STRASSE",
        "ΣΊΣΥΦΟΣ",
        "İstanbul",
        "ﬁne",
        "۱۲۳",
        "123",
    ];
    let needles = [
        "علی",
        "كريم",
        "محمد",
        "احم",
        "خواه",
        "می‌خ",
        "álv",
        "JOSE",
        "σισυ",
        "σοσ",
        "φος",
        "ista",
        "FIN",
        "12",
        "۲۳",
        "١٢٣",
        "ی",
        "ک",
        "é",
    ];
    check(store, &texts, &needles).await;
    assert_eq!(found(store, "علي").await, ["00", "01"]);
    assert_eq!(found(store, "۱۲۳").await, ["13", "14"]);
}

async fn needles_of_any_length_find_parts_of_words(store: &dyn Store) {
    let long = "abcdefghij".repeat(20);
    let other = format!("{}x", "abcdefghij".repeat(19));
    let texts =
        ["", "a", "ab", "abc", "abcd", "xabcx", "bca", "ab c", "😀😀😀😀", "cab", &long, &other];
    let needles = [
        "a",
        "b",
        "ab",
        "bc",
        "abc",
        "bcd",
        "abcd",
        "xabcx",
        "abcde",
        "c",
        " c",
        "b c",
        "😀",
        "😀😀",
        "😀😀😀",
        "😀😀😀😀😀",
        &long,
        &other,
        "acb",
        "aba",
    ];
    check(store, &texts, &needles).await;
    assert_eq!(found(store, "ab").await, ["02", "03", "04", "05", "07", "09", "10", "11"]);
}

async fn metacharacters_mean_themselves(store: &dyn Store) {
    let texts = [
        "a\"b\"c",
        "a*b*c",
        "50% off",
        "50x off",
        "snake_case",
        "snakeXcase",
        "(a OR b)",
        "a OR b",
        "NEAR(a b)",
        "col:on",
        "^start",
        "start",
        "a-b-c",
        "a b c",
        "a.b.c",
        "a\\b\\c",
        "it's",
        "{x}",
        "[x]y",
        "a+b+c",
        "$gt",
        "^a.*c$",
        "name : \"x\"",
        "f_name:abc",
        "AND NOT",
        "\"\"\"",
        "a|b|c?",
    ];
    let needles = [
        "\"b\"",
        "*b*",
        "b*c",
        "0% ",
        "%",
        "_",
        "e_c",
        "(a O",
        " OR ",
        "OR",
        "NEAR(",
        "col:",
        "l:o",
        "^st",
        "^",
        "a-b",
        "-",
        "a b",
        "a.b",
        ".",
        "\\b\\",
        "\\",
        "t's",
        "'",
        "{x}",
        "[x]",
        "+b+",
        "$gt",
        "$",
        ".*c$",
        ": \"",
        "\"\"\"",
        "\"",
        "f_name:",
        "AND NOT",
        "|b|",
        "c?",
        "name : \"x\"",
        "a* ",
        "abc OR",
        "--",
        "/*",
        "';",
    ];
    check(store, &texts, &needles).await;
}

async fn fields_are_told_apart(store: &dyn Store) {
    prepare(store).await;
    insert(store, THINGS, json!({"_id": "1", "name": "Berlin", "city": "Paris"})).await;
    insert(store, THINGS, json!({"_id": "2", "name": "Paris", "city": null})).await;
    insert(store, THINGS, json!({"_id": "3", "name": 7, "city": ["Paris"]})).await;
    for needle in ["paris", "pa"] {
        assert_eq!(found(store, needle).await, ["2"]);
        let either = Filter::Any(vec![
            Filter::Contains("name", needle.to_owned()),
            Filter::Contains("city", needle.to_owned()),
        ]);
        assert_eq!(ids(store, Query::new(THINGS, either, 9)).await, ["1", "2"]);
    }
}

async fn an_empty_needle_finds_every_text(store: &dyn Store) {
    prepare(store).await;
    insert(store, THINGS, json!({"_id": "1", "name": "x"})).await;
    insert(store, THINGS, json!({"_id": "2", "name": ""})).await;
    insert(store, THINGS, json!({"_id": "3", "name": null})).await;
    insert(store, THINGS, json!({"_id": "4"})).await;
    insert(store, THINGS, json!({"_id": "5", "name": 5})).await;
    assert_eq!(found(store, "").await, ["1", "2"]);
    assert_eq!(found(store, "\u{200c}").await, ["1", "2"]);
    assert_eq!(found(store, "x\0").await, [""; 0]);
}

fn rename(filter: Filter, name: serde_json::Value) -> Write {
    Write::Update { collection: THINGS, filter, change: Change::set("name", name) }
}

async fn search_follows_every_change(store: &dyn Store) {
    prepare(store).await;
    insert(store, THINGS, json!({"_id": "1", "name": "first"})).await;
    insert(store, THINGS, json!({"_id": "2"})).await;
    store.commit(vec![rename(Filter::id("1"), json!("second"))]).await.unwrap();
    store.commit(vec![rename(Filter::id("2"), json!("seconds"))]).await.unwrap();
    assert_eq!(found(store, "first").await, [""; 0]);
    assert_eq!(found(store, "second").await, ["1", "2"]);
    assert_eq!(found(store, "co").await, ["1", "2"]);
    store.commit(vec![rename(Filter::id("1"), json!(null))]).await.unwrap();
    assert_eq!(found(store, "second").await, ["2"]);
    assert_eq!(found(store, "co").await, ["2"]);
    let removal = Write::Delete { collection: THINGS, filter: Filter::id("2") };
    let writes = vec![removal, insertion(THINGS, json!({"_id": "2", "name": "third"}))];
    store.commit(writes).await.unwrap();
    assert_eq!(found(store, "second").await, [""; 0]);
    assert_eq!(found(store, "third").await, ["2"]);
    let change = Change::set("other", 1);
    let write = Write::UpdateEvery { collection: THINGS, filter: Filter::everything(), change };
    store.commit(vec![write]).await.unwrap();
    assert_eq!(found(store, "third").await, ["2"]);
}

async fn writes_can_be_chosen_by_search(store: &dyn Store) {
    prepare(store).await;
    let contains = |needle: &str| Filter::Contains("name", needle.to_owned());
    store
        .commit(vec![
            insertion(THINGS, json!({"_id": "1", "name": "first"})),
            rename(contains("firs"), json!("second")),
            rename(contains("se"), json!("third")),
        ])
        .await
        .unwrap();
    assert_eq!(found(store, "third").await, ["1"]);
    let gone = Write::DeleteEvery { collection: THINGS, filter: contains("thir") };
    store.commit(vec![gone]).await.unwrap();
    assert_eq!(found(store, "third").await, [""; 0]);
}

async fn an_undone_commit_leaves_no_trace_in_search(store: &dyn Store) {
    prepare(store).await;
    insert(store, THINGS, json!({"_id": "1", "name": "first"})).await;
    let contains = Filter::Contains("name", "irst".to_owned());
    let refused = store
        .commit(vec![
            insertion(THINGS, json!({"_id": "2", "name": "another"})),
            rename(contains, json!("second")),
            rename(Filter::id("nobody"), json!("x")),
        ])
        .await;
    assert!(matches!(refused, Err(StoreError::Unmatched { write: 2 })), "{refused:?}");
    assert_eq!(found(store, "first").await, ["1"]);
    assert_eq!(found(store, "second").await, [""; 0]);
    assert_eq!(found(store, "another").await, [""; 0]);
}

async fn a_field_searched_later_is_filled(store: &dyn Store) {
    for number in 0..300 {
        let name = format!("name {number}");
        insert(store, THINGS, json!({"_id": number.to_string(), "name": name, "city": "Ulm"}))
            .await;
    }
    prepare_for(store, vec!["city"]).await;
    prepare_for(store, vec!["name"]).await;
    assert_eq!(found(store, "me 29").await.len(), 11);
    assert_eq!(found(store, "99").await.len(), 3);
    prepare_for(store, Vec::new()).await;
    let change = Change::set("name", "changed");
    let write = Write::UpdateEvery { collection: THINGS, filter: Filter::everything(), change };
    store.commit(vec![write]).await.unwrap();
    prepare(store).await;
    let both =
        Filter::Contains("name", "hang".to_owned()).and(Filter::Contains("city", "ul".to_owned()));
    assert_eq!(store.count(THINGS, both).await.unwrap(), 300);
}

async fn a_field_that_is_not_searched_is_a_fault(store: &dyn Store) {
    prepare(store).await;
    let filter = Filter::Contains("other", "x".to_owned());
    let fault = store.count(THINGS, filter).await;
    assert!(matches!(fault, Err(StoreError::Failed(_))), "{fault:?}");
}

async fn search_joins_with_other_filters(store: &dyn Store) {
    prepare(store).await;
    for number in 0..30 {
        let name = ["anna", "bert"][number % 2];
        let value = json!({"_id": format!("{number:02}"), "name": name, "n": number % 3});
        insert(store, THINGS, value).await;
    }
    let filter = Filter::Contains("name", "nna".to_owned()).and(Filter::eq("n", 0));
    let mut query = Query::new(THINGS, filter, 2).sorted(vec![ihs_store::Sort::descending("_id")]);
    assert_eq!(ids(store, query.clone()).await, ["24", "18"]);
    query.after = Some(vec![json!("18")]);
    assert_eq!(ids(store, query).await, ["12", "06"]);
}
