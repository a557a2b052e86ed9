//! Random documents, queries, commits and appends: the backends agree with the oracle and with
//! the model.

use std::cmp::Ordering;

use ihs_store::{
    Appended, Body, Change, Collection, Direction, Document, Filter, Index, LogEntry, Query,
    RoomId, Seq, Sort, Stop, Store, StoreError, Write, Written, error::LOG,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    arbitrary,
    backend::{Backend, THINGS, collection},
    logs::{entry, room},
    model::{Model, UNIQUE},
};

/// A property, and how often it is tried: MongoDB's stand-in is slow.
macro_rules! properties {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            #[test]
            fn embedded() {
                super::check($crate::backend::Backend::embedded(), 96, super::$name);
            }

            #[test]
            fn mongo() {
                super::check($crate::backend::Backend::mongo(), 24, super::$name);
            }
        })*
    };
}

properties! {
    documents_come_back_as_they_were,
    queries_agree_with_the_oracle,
    commits_agree_with_the_model,
    appends_agree_with_the_model,
}

type Outcome = Result<(), TestCaseError>;

fn check(
    backend: impl Future<Output = Backend>,
    cases: u32,
    property: fn(&Runtime, &dyn Store, u32) -> Outcome,
) {
    let runtime = Runtime::new().unwrap();
    let backend = runtime.block_on(backend);
    property(&runtime, backend.first(), cases).unwrap();
    runtime.block_on(backend.end());
}

/// Tries a property, and shows the smallest example against it.
fn run<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value) -> Outcome) -> Outcome {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, property);
    outcome.map_err(|error| TestCaseError::fail(error.to_string()))
}

async fn clear(store: &dyn Store) {
    let everything = Write::DeleteEvery { collection: THINGS, filter: Filter::everything() };
    store.commit(vec![everything]).await.unwrap();
}

async fn prepare(store: &dyn Store, indexes: Vec<Index>) {
    let things = Collection { indexes, searched: vec!["t"], ..collection(THINGS) };
    store.prepare(&[things]).await.unwrap();
}

fn documents_come_back_as_they_were(runtime: &Runtime, store: &dyn Store, cases: u32) -> Outcome {
    run(cases, arbitrary::document(), |mut document| {
        let id = document.shift_remove("_id").unwrap();
        document.shift_insert(0, "_id".to_owned(), id.clone());
        let insertion = Write::Insert { collection: THINGS, document: document.clone() };
        runtime.block_on(async {
            clear(store).await;
            store.commit(vec![insertion]).await.unwrap();
            let found = store.get(THINGS, id.as_str().unwrap()).await.unwrap();
            let text = |document: &Document| serde_json::to_string(document).unwrap();
            prop_assert_eq!(found.as_ref().map(text), Some(text(&document)));
            Ok(())
        })
    })
}

/// A query and the size of its pages.
fn query() -> impl Strategy<Value = (Query, u64)> {
    (arbitrary::filter(), arbitrary::order(), 0_u64..4, 1_u64..6).prop_map(
        |(filter, order, skip, page)| {
            let mut query = Query::new(THINGS, filter, 100).sorted(order);
            query.skip = skip;
            (query, page)
        },
    )
}

fn queries_agree_with_the_oracle(runtime: &Runtime, store: &dyn Store, cases: u32) -> Outcome {
    let indexes = vec![
        Index::items("l", "l"),
        Index::plain("n", &["n"]),
        Index::plain("t_n", &["t", "n"]),
        Index::plain("b", &["n"]).only(Filter::eq("b", true)),
    ];
    runtime.block_on(prepare(store, indexes));
    let strategy = (vec(arbitrary::fields(), 1..12), vec(query(), 1..8));
    run(cases, strategy, |(fields, queries)| {
        runtime.block_on(async {
            clear(store).await;
            let documents = numbered(fields);
            let insertion = |document: &Document| Write::Insert {
                collection: THINGS,
                document: document.clone(),
            };
            store.commit(documents.iter().map(insertion).collect()).await.unwrap();
            for (query, page) in queries {
                check_query(store, &documents, query, page).await?;
            }
            Ok(())
        })
    })
}

fn numbered(fields: Vec<Document>) -> Vec<Document> {
    let number = |(number, mut fields): (usize, Document)| {
        fields.insert("_id".to_owned(), json!(format!("{number:02}")));
        fields
    };
    fields.into_iter().enumerate().map(number).collect()
}

async fn check_query(
    store: &dyn Store,
    documents: &[Document],
    mut query: Query,
    page: u64,
) -> Outcome {
    let keys = query.keys();
    let mut wanted: Vec<Document> =
        documents.iter().filter(|document| query.filter.matches(document)).cloned().collect();
    wanted.sort_by(|left, right| compare(&keys, left, right));
    let count = store.count(THINGS, query.filter.clone()).await.unwrap();
    prop_assert_eq!(count, wanted.len() as u64, "{:?}", query);
    let found = store.find(query.clone()).await.unwrap();
    let skip = usize::try_from(query.skip).unwrap().min(wanted.len());
    prop_assert_eq!(&found, &wanted[skip..], "{:?}", query);
    (query.skip, query.limit) = (0, page);
    let mut all = Vec::new();
    loop {
        let found = store.find(query.clone()).await.unwrap();
        query.after = found.last().map(|last| query.position(last));
        all.extend(found);
        if query.after.is_none() {
            break;
        }
    }
    prop_assert_eq!(all, wanted, "{:?}", query);
    Ok(())
}

fn compare(keys: &[Sort], left: &Document, right: &Document) -> Ordering {
    let order = |key: &Sort| {
        let value = |document: &Document| document.get(key.field).cloned().unwrap_or(Value::Null);
        let order = compare_values(key.field, &value(left), value(right));
        match key.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    };
    keys.iter().map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare_values(field: &'static str, left: &Value, right: Value) -> Ordering {
    let document = Document::from_iter([(field.to_owned(), left.clone())]);
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ if Filter::Lt(field, right.clone()).matches(&document) => Ordering::Less,
        _ if Filter::Gt(field, right).matches(&document) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

fn named() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned)
}

/// Which one: by its id, under a condition.
fn one() -> impl Strategy<Value = Filter> {
    let condition = prop_oneof![3 => Just(Filter::everything()), 1 => arbitrary::filter()];
    (named(), condition).prop_map(|(id, condition)| Filter::id(id).and(condition))
}

/// Some change of fields that are not in the unique index.
fn change() -> impl Strategy<Value = Change> {
    let set = arbitrary::fields().prop_map(|mut fields| {
        fields.remove(UNIQUE.1);
        fields.remove("l");
        fields
    });
    let amount = option::of((select(vec!["count", "x2"]), -3_i64..9));
    let item = || option::of(prop_oneof![(0_i64..4).prop_map(Value::from), Just(json!("$a"))]);
    (set, amount, item(), item()).prop_map(|(set, amount, include, exclude)| {
        let exclude = exclude.filter(|_| include.is_none());
        Change {
            set,
            add: amount.into_iter().collect(),
            include: include.into_iter().map(|item| ("l", item)).collect(),
            exclude: exclude.into_iter().map(|item| ("l", item)).collect(),
        }
    })
}

/// A change of one document, perhaps to a value that is taken.
fn unique_change() -> impl Strategy<Value = Change> {
    (change(), option::of(0_i64..4)).prop_map(|(change, n)| match n {
        Some(n) => change.and_set(UNIQUE.1, n),
        None => change,
    })
}

fn write() -> impl Strategy<Value = Write> {
    let collection = THINGS;
    prop_oneof![
        4 => (named(), arbitrary::fields()).prop_map(move |(id, mut document)| {
            document.insert("_id".to_owned(), Value::from(id));
            Write::Insert { collection, document }
        }),
        4 => (one(), unique_change()).prop_map(move |(filter, change)| {
            Write::Update { collection, filter, change }
        }),
        1 => (arbitrary::filter(), change()).prop_map(move |(filter, change)| {
            Write::UpdateEvery { collection, filter, change }
        }),
        1 => one().prop_map(move |filter| Write::Delete { collection, filter }),
        1 => arbitrary::filter().prop_map(move |filter| Write::DeleteEvery { collection, filter }),
    ]
}

/// An entry to be numbered later: how far off the next seq it is, and what it says.
fn unnumbered() -> impl Strategy<Value = (u64, LogEntry)> {
    let text = select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    let target = || (1_u64..6).prop_map(Seq::new);
    let body = prop_oneof![
        4 => text.clone().prop_map(Body::message),
        2 => (target(), text).prop_map(|(target, text)| Body::Edited { target, text }),
        1 => target().prop_map(|target| Body::Deleted { target }),
        1 => Just(Body::Members { added: vec!["x".to_owned()], removed: Vec::new() }),
    ];
    let off = prop_oneof![12 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let key = option::weighted(0.3, select(vec!["k", "l"]));
    let sender = select(vec!["ada", "bob"]);
    (off, sender, key, body).prop_map(|(off, sender, key, body)| (off, entry(0, sender, key, body)))
}

fn batch() -> impl Strategy<Value = Vec<(u64, LogEntry)>> {
    vec(unnumbered(), 0..5)
}

/// Numbers entries behind a log of this length.
fn number(head: usize, batch: Vec<(u64, LogEntry)>) -> Vec<LogEntry> {
    let mut seq = head as u64;
    let mut entries = Vec::new();
    for (off, mut entry) in batch {
        seq += off;
        entry.seq = Seq::new(seq);
        entries.push(entry);
    }
    entries
}

/// What a commit came to, with errors in words. Which of several faults of one write is named is
/// left open.
fn told(outcome: Result<Vec<Written>, StoreError>) -> Result<Vec<Written>, String> {
    outcome.map_err(|error| match error {
        StoreError::Invalid(_) => "invalid".to_owned(),
        StoreError::SeqTaken | StoreError::TargetGone => "the log is taken".to_owned(),
        StoreError::Taken { collection, .. } if collection == LOG => "the log is taken".to_owned(),
        StoreError::Taken { write, .. } => format!("{write} is taken"),
        error => format!("{error:?}"),
    })
}

async fn check_state(store: &dyn Store, room: RoomId, model: &Model) -> Outcome {
    let log = store.log_after(room, Seq::ZERO, 1_000).await.unwrap();
    prop_assert_eq!(&log, &model.log);
    let found = store.find(Query::new(THINGS, Filter::everything(), 100)).await.unwrap();
    let wanted: Vec<Document> = model.documents.values().cloned().collect();
    prop_assert_eq!(found, wanted);
    for needle in ["a", "abc", "علی"] {
        let filter = Filter::Contains("t", needle.to_owned());
        let wanted = model.documents.values().filter(|document| filter.matches(document)).count();
        let count = store.count(THINGS, filter).await.unwrap();
        prop_assert_eq!(count, wanted as u64, "{}", needle);
    }
    Ok(())
}

fn commits_agree_with_the_model(runtime: &Runtime, store: &dyn Store, cases: u32) -> Outcome {
    let (name, field) = UNIQUE;
    let indexes = vec![Index::unique(name, &[field]), Index::items("l", "l")];
    runtime.block_on(prepare(store, indexes));
    let commit = (vec(write(), 1..4), option::weighted(0.4, batch()));
    run(cases, vec(commit, 1..10), |commits| {
        runtime.block_on(async {
            clear(store).await;
            let (room, mut model) = (room(), Model::default());
            for (mut writes, batch) in commits {
                if let Some(batch) = batch {
                    let entries = number(model.log.len(), batch);
                    writes.insert(writes.len() / 2, Write::Append { room, entries });
                }
                let wanted = told(model.commit(&writes));
                let done = told(store.commit(writes.clone()).await);
                prop_assert_eq!(done, wanted, "{:?}", writes);
            }
            check_state(store, room, &model).await
        })
    })
}

/// An entry whose key is taken, and whose seq is or whose target is deleted besides, may be refused
/// for any of that.
fn either(mut done: Appended, wanted: &Appended, model: &Model) -> Appended {
    match (&done.stop, &wanted.stop) {
        (Some(Stop::TargetGone), Some(Stop::KeyTaken(_))) if done.stored == wanted.stored => {
            done.stop.clone_from(&wanted.stop);
        }
        (Some(Stop::KeyTaken(first)), Some(Stop::SeqTaken)) if model.log.contains(first) => {
            done.stop = Some(Stop::SeqTaken);
        }
        _ => {}
    }
    done
}

fn appends_agree_with_the_model(runtime: &Runtime, store: &dyn Store, cases: u32) -> Outcome {
    run(cases, vec(batch(), 1..8), |batches| {
        runtime.block_on(async {
            let (room, mut model) = (room(), Model::default());
            for batch in batches {
                let entries = number(model.log.len(), batch);
                let wanted = model.append(&entries);
                let done = store.append(room, entries.clone()).await.unwrap();
                prop_assert_eq!(either(done, &wanted, &model), wanted, "{:?}", entries);
            }
            let log = store.log_after(room, Seq::ZERO, 1_000).await.unwrap();
            prop_assert_eq!(&log, &model.log);
            let messages = |entry: &&LogEntry| matches!(entry.body, Body::Message { .. });
            let before = store.log_before(room, Seq::new(4), 2).await.unwrap();
            let wanted: Vec<LogEntry> =
                model.log.iter().take(3).filter(messages).cloned().collect();
            prop_assert_eq!(&before[..], &wanted[wanted.len().saturating_sub(2)..]);
            Ok(())
        })
    })
}
