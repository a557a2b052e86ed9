//! Orders are total, and pages neither repeat nor leave out.

use std::cmp::Ordering;

use ihs_store::{Document, Filter, Index, Query, Sort, Store};
use serde_json::{Value, json};

use crate::backend::{THINGS, collection, document, id, insertion};

cases! {
    null_and_missing_come_first_ascending,
    equal_keys_are_ordered_by_id,
    skip_and_limit_cut_the_order,
    pages_by_position_are_the_whole_order,
    pages_by_position_stand_while_rows_are_inserted,
    a_position_may_be_one_that_was_removed,
}

/// Documents with many equal, null and missing keys.
async fn fill(store: &dyn Store) -> Vec<Document> {
    let mut documents = Vec::new();
    for number in 0..40 {
        let mut value = document(json!({"_id": format!("{:02}", (number * 7) % 40)}));
        match number % 5 {
            0 => {}
            1 => drop(value.insert("a".to_owned(), Value::Null)),
            rest => drop(value.insert("a".to_owned(), json!(rest % 3))),
        }
        match number % 4 {
            0 => {}
            1 => drop(value.insert("b".to_owned(), json!("😀"))),
            rest => drop(value.insert("b".to_owned(), json!(["\u{ffff}", "x"][rest - 2]))),
        }
        documents.push(value);
    }
    let write = |document: &Document| insertion(THINGS, Value::Object(document.clone()));
    store.commit(documents.iter().map(write).collect()).await.unwrap();
    documents
}

/// Orders as the port says, written down once more.
fn compare(keys: &[Sort], left: &Document, right: &Document) -> Ordering {
    let rank = |document: &Document, key: &Sort| document.get(key.field).cloned();
    keys.iter().fold(Ordering::Equal, |order, key| {
        let (left, right) = (rank(left, key), rank(right, key));
        let mut step = match (left.unwrap_or_default(), right.unwrap_or_default()) {
            (Value::Number(left), Value::Number(right)) => left.as_i64().cmp(&right.as_i64()),
            (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
            (left, right) => right.is_null().cmp(&left.is_null()),
        };
        if key.direction == ihs_store::Direction::Descending {
            step = step.reverse();
        }
        order.then(step)
    })
}

fn orders() -> Vec<Vec<Sort>> {
    let (up, down) = (Sort::ascending, Sort::descending);
    vec![
        vec![],
        vec![up("_id")],
        vec![down("_id")],
        vec![up("a")],
        vec![down("a")],
        vec![up("b"), up("a")],
        vec![down("b"), down("a")],
        vec![up("a"), down("b")],
        vec![down("a"), up("b")],
        vec![down("a"), up("_id")],
    ]
}

fn sorted(documents: &[Document], query: &Query) -> Vec<Document> {
    let keys = query.keys();
    let mut sorted = documents.to_vec();
    sorted.sort_by(|left, right| compare(&keys, left, right));
    sorted
}

async fn null_and_missing_come_first_ascending(store: &dyn Store) {
    fill(store).await;
    let up = Query::new(THINGS, Filter::everything(), 16).sorted(vec![Sort::ascending("a")]);
    let first = store.find(up).await.unwrap();
    assert!(first.iter().all(|document| document.get("a").is_none_or(Value::is_null)));
    let down = Query::new(THINGS, Filter::everything(), 24).sorted(vec![Sort::descending("a")]);
    let first = store.find(down).await.unwrap();
    assert!(first.iter().all(|document| document.get("a").is_some_and(Value::is_number)));
}

async fn equal_keys_are_ordered_by_id(store: &dyn Store) {
    let documents = fill(store).await;
    for order in orders() {
        let query = Query::new(THINGS, Filter::everything(), 99).sorted(order);
        let wanted = sorted(&documents, &query);
        assert_eq!(store.find(query.clone()).await.unwrap(), wanted, "{query:?}");
    }
}

async fn skip_and_limit_cut_the_order(store: &dyn Store) {
    let documents = fill(store).await;
    let mut query = Query::new(THINGS, Filter::Present("a"), 5).sorted(vec![Sort::descending("b")]);
    query.skip = 7;
    let wanted: Vec<Document> = sorted(&documents, &query)
        .into_iter()
        .filter(|document| query.filter.matches(document))
        .collect();
    assert_eq!(store.find(query.clone()).await.unwrap(), wanted[7..12]);
    query.skip = 1_000;
    assert_eq!(store.find(query.clone()).await.unwrap(), []);
    query.skip = 0;
    query.limit = 0;
    assert_eq!(store.find(query.clone()).await.unwrap(), []);
    query.limit = 5;
    query.skip = 3;
    query.after = Some(query.position(&wanted[1]));
    assert_eq!(store.find(query).await.unwrap(), wanted[5..10]);
}

/// All pages, one behind the other.
async fn pages(store: &dyn Store, mut query: Query) -> Vec<Document> {
    let mut all = Vec::new();
    loop {
        let page = store.find(query.clone()).await.unwrap();
        let Some(last) = page.last() else {
            return all;
        };
        query.after = Some(query.position(last));
        all.extend(page);
    }
}

async fn pages_by_position_are_the_whole_order(store: &dyn Store) {
    let documents = fill(store).await;
    for indexed in [false, true] {
        let mut things = collection(THINGS);
        if indexed {
            things.indexes = vec![Index::plain("a", &["a"]), Index::plain("b_a", &["b", "a"])];
        }
        store.prepare(&[things]).await.unwrap();
        for order in orders() {
            for limit in [1, 3, 40] {
                let query = Query::new(THINGS, Filter::everything(), limit).sorted(order.clone());
                let wanted = sorted(&documents, &query);
                assert_eq!(pages(store, query.clone()).await, wanted, "{query:?}");
            }
        }
        let some = Filter::Any(vec![Filter::eq("a", 1), Filter::eq("b", "x")]);
        let query = Query::new(THINGS, some, 4).sorted(vec![Sort::descending("a")]);
        let mut wanted = sorted(&documents, &query);
        wanted.retain(|document| query.filter.matches(document));
        assert_eq!(pages(store, query).await, wanted);
    }
}

async fn pages_by_position_stand_while_rows_are_inserted(store: &dyn Store) {
    let documents = fill(store).await;
    let mut query = Query::new(THINGS, Filter::everything(), 10).sorted(vec![Sort::ascending("a")]);
    let wanted = sorted(&documents, &query);
    let first = store.find(query.clone()).await.unwrap();
    query.after = first.last().map(|last| query.position(last));
    let before = insertion(THINGS, json!({"_id": "!"}));
    store.commit(vec![before]).await.unwrap();
    assert_eq!(store.find(query).await.unwrap(), wanted[10..20]);
}

async fn a_position_may_be_one_that_was_removed(store: &dyn Store) {
    let documents = fill(store).await;
    let mut query =
        Query::new(THINGS, Filter::everything(), 10).sorted(vec![Sort::descending("b")]);
    let wanted = sorted(&documents, &query);
    query.after = Some(query.position(&wanted[9]));
    let removal =
        ihs_store::Write::Delete { collection: THINGS, filter: Filter::id(id(&wanted[9])) };
    store.commit(vec![removal]).await.unwrap();
    assert_eq!(store.find(query).await.unwrap(), wanted[10..20]);
}
