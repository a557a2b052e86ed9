//! Unique indexes, and declarations that change.

use futures_util::future::join_all;
use ihs_store::{Change, Collection, Filter, Index, Query, Store, StoreError, Write};
use serde_json::{Value, json};

use crate::backend::{THINGS, collection, ids, insert, insertion};

cases! {
    a_unique_index_is_named_when_taken,
    null_and_missing_collide_with_nothing,
    unique_fields_count_together,
    integers_and_floats_of_one_value_collide,
    a_partial_unique_index_counts_only_its_documents,
    an_update_can_collide,
    a_released_value_is_free_again_within_a_commit,
    an_index_added_later_is_filled,
    a_unique_index_added_later_counts_what_is_stored,
    an_index_no_longer_declared_is_dropped,
    a_changed_index_is_made_anew,
    preparing_again_changes_nothing,
    items_follow_every_change,
}

pair_cases! {
    of_many_equal_insertions_one_is_stored,
    many_may_prepare_at_once,
}

fn things(indexes: Vec<Index>) -> Collection {
    Collection { indexes, ..collection(THINGS) }
}

async fn prepare(store: &dyn Store, indexes: Vec<Index>) {
    store.prepare(&[things(indexes)]).await.unwrap();
}

async fn assert_taken(store: &dyn Store, value: Value, by: &str) {
    match store.commit(vec![insertion(THINGS, value)]).await {
        Err(StoreError::Taken { write, collection, index }) => {
            assert_eq!((write, &*collection, &*index), (0, THINGS, by))
        }
        other => panic!("{other:?}"),
    }
}

async fn a_unique_index_is_named_when_taken(store: &dyn Store) {
    let indexes = vec![Index::unique("name", &["name"]), Index::unique("by_mail", &["mail"])];
    prepare(store, indexes).await;
    insert(store, THINGS, json!({"_id": "1", "name": "ada", "mail": "a@x"})).await;
    assert_taken(store, json!({"_id": "2", "name": "ada", "mail": "b@x"}), "name").await;
    assert_taken(store, json!({"_id": "2", "name": "bob", "mail": "a@x"}), "by_mail").await;
    assert_taken(store, json!({"_id": "1", "name": "bob", "mail": "b@x"}), "_id").await;
    insert(store, THINGS, json!({"_id": "2", "name": "Ada", "mail": "a@x "})).await;
}

async fn null_and_missing_collide_with_nothing(store: &dyn Store) {
    let indexes = vec![Index::unique("a", &["a"]), Index::unique("b_c", &["b", "c"])];
    prepare(store, indexes).await;
    for (number, value) in [
        json!({}),
        json!({"a": null}),
        json!({"b": 1}),
        json!({"b": 1, "c": null}),
        json!({"c": 1}),
        json!({"b": null, "c": 1}),
        json!({"a": null, "b": null}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut value = value;
        value["_id"] = json!(number.to_string());
        insert(store, THINGS, value).await;
    }
}

async fn unique_fields_count_together(store: &dyn Store) {
    prepare(store, vec![Index::unique("pair", &["a", "b"])]).await;
    insert(store, THINGS, json!({"_id": "1", "a": 1, "b": "x"})).await;
    insert(store, THINGS, json!({"_id": "2", "a": 1, "b": "y"})).await;
    insert(store, THINGS, json!({"_id": "3", "a": 2, "b": "x"})).await;
    assert_taken(store, json!({"_id": "4", "a": 2, "b": "x"}), "pair").await;
}

async fn integers_and_floats_of_one_value_collide(store: &dyn Store) {
    prepare(store, vec![Index::unique("n", &["n"])]).await;
    insert(store, THINGS, json!({"_id": "1", "n": 1})).await;
    assert_taken(store, json!({"_id": "2", "n": 1.0}), "n").await;
    insert(store, THINGS, json!({"_id": "2", "n": "1"})).await;
}

async fn a_partial_unique_index_counts_only_its_documents(store: &dyn Store) {
    let open = Filter::eq("open", true).and(Filter::Present("doctor"));
    prepare(store, vec![Index::unique("slot", &["doctor", "start"]).only(open)]).await;
    let slot = |id: &str, open: bool| json!({"_id": id, "doctor": "d", "start": 1, "open": open});
    insert(store, THINGS, slot("1", false)).await;
    insert(store, THINGS, slot("2", false)).await;
    insert(store, THINGS, slot("3", true)).await;
    assert_taken(store, slot("4", true), "slot").await;
    insert(store, THINGS, json!({"_id": "5", "start": 1, "open": true})).await;
    insert(store, THINGS, json!({"_id": "6", "start": 1, "open": true})).await;
}

fn set(id: &str, field: &'static str, value: Value) -> Write {
    Write::Update { collection: THINGS, filter: Filter::id(id), change: Change::set(field, value) }
}

async fn an_update_can_collide(store: &dyn Store) {
    prepare(store, vec![Index::unique("n", &["n"])]).await;
    insert(store, THINGS, json!({"_id": "1", "n": 1})).await;
    insert(store, THINGS, json!({"_id": "2", "n": 2})).await;
    let writes = vec![set("1", "x", json!(1)), set("2", "n", json!(1))];
    let taken = store.commit(writes).await;
    assert!(
        matches!(&taken, Err(StoreError::Taken { write: 1, index, .. }) if index == "n"),
        "{taken:?}"
    );
    assert!(!store.get(THINGS, "1").await.unwrap().unwrap().contains_key("x"));
    store.commit(vec![set("2", "n", json!(2))]).await.unwrap();
}

async fn a_released_value_is_free_again_within_a_commit(store: &dyn Store) {
    prepare(store, vec![Index::unique("n", &["n"])]).await;
    insert(store, THINGS, json!({"_id": "1", "n": 1})).await;
    let writes = vec![set("1", "n", Value::Null), insertion(THINGS, json!({"_id": "2", "n": 1}))];
    store.commit(writes).await.unwrap();
}

async fn an_index_added_later_is_filled(store: &dyn Store) {
    for number in 0..300 {
        let value = json!({"_id": format!("{number:03}"), "n": number % 3, "l": [number % 2, "x"]});
        insert(store, THINGS, value).await;
    }
    let indexes = vec![Index::plain("n", &["n"]), Index::items("l", "l")];
    store.prepare(&[Collection { searched: vec!["_none"], ..things(indexes) }]).await.unwrap();
    assert_eq!(store.count(THINGS, Filter::eq("n", 2)).await.unwrap(), 100);
    assert_eq!(store.count(THINGS, Filter::Has("l", json!(1))).await.unwrap(), 150);
    assert_eq!(store.count(THINGS, Filter::Has("l", json!("x"))).await.unwrap(), 300);
}

async fn a_unique_index_added_later_counts_what_is_stored(store: &dyn Store) {
    insert(store, THINGS, json!({"_id": "1", "n": 1})).await;
    prepare(store, vec![Index::unique("n", &["n"])]).await;
    assert_taken(store, json!({"_id": "2", "n": 1}), "n").await;
}

async fn an_index_no_longer_declared_is_dropped(store: &dyn Store) {
    let indexes =
        vec![Index::unique("n", &["n"]), Index::items("l", "l"), Index::plain("p", &["p"])];
    prepare(store, indexes).await;
    insert(store, THINGS, json!({"_id": "1", "n": 1, "l": [1]})).await;
    prepare(store, vec![Index::plain("p", &["p"])]).await;
    insert(store, THINGS, json!({"_id": "2", "n": 1, "l": [1]})).await;
    assert_eq!(store.count(THINGS, Filter::Has("l", json!(1))).await.unwrap(), 2);
    prepare(store, vec![Index::items("l", "l")]).await;
    assert_eq!(store.count(THINGS, Filter::Has("l", json!(1))).await.unwrap(), 2);
}

async fn a_changed_index_is_made_anew(store: &dyn Store) {
    prepare(store, vec![Index::unique("n", &["n"])]).await;
    insert(store, THINGS, json!({"_id": "1", "n": 1, "m": 1})).await;
    prepare(store, vec![Index::unique("n", &["n", "m"])]).await;
    insert(store, THINGS, json!({"_id": "2", "n": 1, "m": 2})).await;
    prepare(store, vec![Index::unique("n", &["n", "m"]).only(Filter::eq("m", 3))]).await;
    insert(store, THINGS, json!({"_id": "3", "n": 1, "m": 2})).await;
    prepare(store, vec![Index::plain("n", &["n", "m"])]).await;
    insert(store, THINGS, json!({"_id": "4", "n": 1, "m": 3})).await;
    insert(store, THINGS, json!({"_id": "5", "n": 1, "m": 3})).await;
}

async fn preparing_again_changes_nothing(store: &dyn Store) {
    let declared = Collection {
        searched: vec!["s"],
        ..things(vec![Index::unique("n", &["n"]), Index::items("l", "l")])
    };
    for number in 0..3 {
        store.prepare(std::slice::from_ref(&declared)).await.unwrap();
        let id = number.to_string();
        insert(store, THINGS, json!({"_id": id, "n": number, "s": "same", "l": [1]})).await;
    }
    assert_taken(store, json!({"_id": "x", "n": 0}), "n").await;
    let found = Filter::Contains("s", "same".to_owned()).and(Filter::Has("l", json!(1)));
    assert_eq!(store.count(THINGS, found).await.unwrap(), 3);
}

async fn items_follow_every_change(store: &dyn Store) {
    prepare(store, vec![Index::items("l", "l")]).await;
    insert(store, THINGS, json!({"_id": "1", "l": ["a", "a", "b"]})).await;
    insert(store, THINGS, json!({"_id": "2", "l": ["b"]})).await;
    let update = |change| Write::Update { collection: THINGS, filter: Filter::id("1"), change };
    let has = |item: &str| ids_with(store, item.to_owned());
    store.commit(vec![update(Change::default().and_include("l", "c"))]).await.unwrap();
    assert_eq!((has("a").await, has("c").await), (vec!["1".to_owned()], vec!["1".to_owned()]));
    store.commit(vec![update(Change::default().and_exclude("l", "a"))]).await.unwrap();
    assert_eq!(has("a").await, [""; 0]);
    assert_eq!(has("b").await, ["1", "2"]);
    store.commit(vec![update(Change::set("l", "a"))]).await.unwrap();
    assert_eq!((has("a").await.len(), has("b").await), (0, vec!["2".to_owned()]));
    let removal = Write::DeleteEvery { collection: THINGS, filter: Filter::everything() };
    store.commit(vec![removal, insertion(THINGS, json!({"_id": "3"}))]).await.unwrap();
    assert_eq!(has("b").await, [""; 0]);
}

async fn ids_with(store: &dyn Store, item: String) -> Vec<String> {
    ids(store, Query::new(THINGS, Filter::Has("l", json!(item)), 9)).await
}

async fn of_many_equal_insertions_one_is_stored(first: &dyn Store, second: &dyn Store) {
    let unique = vec![Index::unique("name", &["name"])];
    prepare(first, unique.clone()).await;
    prepare(second, unique).await;
    let insertions = (0..12).map(|number| {
        let store = if number % 2 == 0 { first } else { second };
        let id = number.to_string();
        store.commit(vec![insertion(THINGS, json!({"_id": id, "name": "ada"}))])
    });
    let outcomes = join_all(insertions).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.iter().filter(|outcome| outcome.is_err()) {
        assert!(matches!(outcome, Err(StoreError::Taken { index, .. }) if index == "name"));
    }
    assert_eq!(second.count(THINGS, Filter::everything()).await.unwrap(), 1);
}

async fn many_may_prepare_at_once(first: &dyn Store, second: &dyn Store) {
    insert(first, THINGS, json!({"_id": "1", "n": 1})).await;
    let declared = [things(vec![Index::unique("n", &["n"]), Index::items("l", "l")])];
    let stores = [first, second, first, second];
    for done in join_all(stores.map(|store| store.prepare(&declared))).await {
        done.unwrap();
    }
    assert_taken(second, json!({"_id": "2", "n": 1}), "n").await;
}
