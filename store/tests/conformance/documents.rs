//! What is stored comes back as it was.

use ihs_store::{Document, Filter, Query, Store, StoreError, document::MAX_DOCUMENT_BYTES};
use serde_json::{Value, json};

use crate::backend::{THINGS, document, insert, insertion};

cases! {
    a_document_comes_back_as_it_was,
    what_is_not_there_is_none,
    numbers_keep_their_type_and_value,
    odd_keys_and_texts_come_back,
    keys_that_are_operators_are_refused,
    large_documents_fit,
    documents_that_are_too_large_are_refused,
    unprepared_collections_are_a_fault,
}

async fn stored(store: &dyn Store, value: Value) -> Document {
    insert(store, THINGS, value.clone()).await;
    let id = value["_id"].as_str().unwrap();
    let got = store.get(THINGS, id).await.unwrap().unwrap();
    let found = store.find(Query::new(THINGS, Filter::id(id), 2)).await;
    assert_eq!(found.unwrap(), std::slice::from_ref(&got));
    got
}

async fn a_document_comes_back_as_it_was(store: &dyn Store) {
    let value = json!({
        "_id": "a", "z": null, "b": [1, [], {}, {"c": [null, true, "x"]}], "a": {"b": {"c": 1}},
        "empty": "", "no": false,
    });
    let got = stored(store, value.clone()).await;
    assert_eq!(serde_json::to_string(&got).unwrap(), value.to_string());
}

async fn what_is_not_there_is_none(store: &dyn Store) {
    assert_eq!(store.get(THINGS, "nobody").await.unwrap(), None);
    assert_eq!(store.get(THINGS, "").await.unwrap(), None);
    assert_eq!(store.count(THINGS, Filter::everything()).await.unwrap(), 0);
}

async fn numbers_keep_their_type_and_value(store: &dyn Store) {
    let value = json!({
        "_id": "n", "integers": [0, -1, 1, i64::MAX, i64::MIN, 9_007_199_254_740_993_i64],
        "floats": [0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, 1.797_693_134_862_315_7e308,
            123_456_789.123_456_79],
    });
    let got = stored(store, value.clone()).await;
    assert_eq!(Value::Object(got).to_string(), value.to_string());
}

async fn odd_keys_and_texts_come_back(store: &dyn Store) {
    let text = "\u{1}\t\n\"\\/'`;--\u{7f}\u{fffd}\u{ffff}😀\u{10ffff}نام\u{200c}ها";
    let mut value = document(json!({"_id": text, "text": text, "a$b": 1, "nested": {}}));
    value.insert(text.replace('.', ""), json!(text));
    let got = stored(store, Value::Object(value.clone())).await;
    assert_eq!(got, value);
}

async fn keys_that_are_operators_are_refused(store: &dyn Store) {
    for key in ["$set", "a.b", "", "nul\0"] {
        let write = insertion(THINGS, json!({"_id": "x", "list": [{ key: 1 }]}));
        let refused = store.commit(vec![write]).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{key:?}: {refused:?}");
    }
    let write = insertion(THINGS, json!({"_id": "x", "text": "nul\0"}));
    let refused = store.commit(vec![write]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(store.get(THINGS, "x").await.unwrap(), None);
}

async fn large_documents_fit(store: &dyn Store) {
    let text = "ü".repeat((MAX_DOCUMENT_BYTES - 1024) / 2);
    let got = stored(store, json!({"_id": "large", "text": text})).await;
    assert_eq!(got["text"].as_str().map(str::len), Some(text.len()));
}

async fn documents_that_are_too_large_are_refused(store: &dyn Store) {
    let text = "x".repeat(MAX_DOCUMENT_BYTES);
    let write = insertion(THINGS, json!({"_id": "large", "text": text}));
    let refused = store.commit(vec![write]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
}

async fn unprepared_collections_are_a_fault(store: &dyn Store) {
    let fault = store.get("elsewhere", "x").await;
    assert!(matches!(fault, Err(StoreError::Failed(_))), "{fault:?}");
    let fault = store.commit(vec![insertion("elsewhere", json!({"_id": "x"}))]).await;
    assert!(matches!(fault, Err(StoreError::Failed(_))), "{fault:?}");
}
