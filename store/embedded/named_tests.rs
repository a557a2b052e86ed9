//! Who is asked for by a name is who has it now, whatever is remembered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ihs_config::StoreSettings;
use proptest::{prelude::*, sample::select};
use serde_json::json;

use crate::{
    Change, Collection, Document, Filter, Index, Query, Store, StoreError, Write,
    embedded::{Embedded, recent::Look},
};

const PEOPLE: &str = "people";

const IDS: [&str; 4] = ["a", "b", "c", "d"];

const NAMES: [&str; 4] = ["ada", "bob", "", "a"];

fn person(id: &str, name: &str, grade: u8) -> Document {
    let fields = [
        ("_id", json!(id)),
        ("name", json!(name)),
        ("grade", json!(grade)),
        ("tags", json!([grade, 1])),
    ];
    fields.map(|(field, value)| (field.to_owned(), value)).into_iter().collect()
}

fn insert(id: &str, name: &str, grade: u8) -> Write {
    Write::Insert { collection: PEOPLE, document: person(id, name, grade) }
}

fn rename(id: &str, name: &str) -> Write {
    let (filter, change) = (Filter::id(id), Change::set("name", name));
    Write::Update { collection: PEOPLE, filter, change }
}

/// A store of people, each with a name of their own. So many KiB are held.
async fn people(folder: &tempfile::TempDir, recent_kib: usize) -> Embedded {
    let settings = StoreSettings { recent_kib, ..StoreSettings::default() };
    let store = Embedded::open(folder.path(), &settings).await.unwrap();
    let indexes = vec![Index::unique("name", &["name"]), Index::items("tags", "tags")];
    let people = Collection { name: PEOPLE, indexes, searched: Vec::new() };
    store.prepare(&[people]).await.unwrap();
    store
}

#[derive(Debug, Clone)]
enum Step {
    Write(Write),
    Ask { filter: Filter, limit: u64, skip: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (id, name) = (|| select(&IDS[..]), || select(&NAMES[..]));
    let filter = prop_oneof![
        4 => name().prop_map(|name| Filter::eq("name", name)),
        1 => name().prop_map(|name| Filter::In("name", vec![name.into()])),
        1 => id().prop_map(Filter::id),
        1 => Just(Filter::eq("name", json!(null))),
    ];
    let also = prop_oneof![
        Just(Filter::everything()),
        (0..3_u8).prop_map(|grade| Filter::eq("grade", grade)),
        (0..3_u8).prop_map(|grade| Filter::Gte("grade", grade.into())),
        Just(Filter::In("grade", vec![json!(0), json!(2)])),
        (0..3_u8).prop_map(|tag| Filter::Has("tags", tag.into())),
        name().prop_map(|name| Filter::Any(vec![Filter::eq("name", name), Filter::id("a")])),
    ];
    let filter = (filter, also).prop_map(|(filter, also)| filter.and(also));
    prop_oneof![
        2 => (id(), name(), 0..3_u8)
            .prop_map(|(id, name, grade)| Step::Write(insert(id, name, grade))),
        2 => (id(), name()).prop_map(|(id, name)| Step::Write(rename(id, name))),
        1 => id().prop_map(|id| {
            let change = Change::set("name", json!(null));
            Step::Write(Write::Update { collection: PEOPLE, filter: Filter::id(id), change })
        }),
        1 => id().prop_map(|id| {
            Step::Write(Write::Delete { collection: PEOPLE, filter: Filter::id(id) })
        }),
        6 => (filter, 0..3_u64, select(vec![0, 0, 1]))
            .prop_map(|(filter, limit, skip)| Step::Ask { filter, limit, skip }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_found_by_a_name_is_what_a_store_finds_that_holds_nothing(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (store, plain) = (people(&one, 4_096).await, people(&other, 0).await);
            for step in steps {
                match step {
                    Step::Write(write) => {
                        let done = store.commit(vec![write.clone()]).await.is_ok();
                        prop_assert_eq!(plain.commit(vec![write]).await.is_ok(), done);
                    }
                    Step::Ask { filter, limit, skip } => {
                        let mut query = Query::new(PEOPLE, filter, limit);
                        query.skip = skip;
                        let wanted = plain.find(query.clone()).await.unwrap();
                        prop_assert_eq!(store.find(query).await.unwrap(), wanted);
                    }
                }
            }
            store.close().await;
            plain.close().await;
            Ok(())
        })?;
    }
}

/// Asks for somebody on and on until all is over: there is always one.
async fn ask(store: Arc<Embedded>, name: &'static str, over: Arc<AtomicBool>) {
    while !over.load(Ordering::Acquire) {
        let named = Query::new(PEOPLE, Filter::eq("name", name), 2);
        let found = store.find(named).await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0]["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn somebody_has_each_name_while_two_exchange_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(people(&folder, 4_096).await);
    store.commit(vec![insert("a", "ada", 1), insert("b", "bob", 1)]).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let names = ["ada", "bob", "ada"];
    let askers: Vec<_> = names
        .map(|name| tokio::spawn(ask(Arc::clone(&store), name, Arc::clone(&over))))
        .into_iter()
        .collect();
    for round in 0..200 {
        let (first, second) = if round % 2 == 0 { ("a", "b") } else { ("b", "a") };
        let writes = vec![rename(first, "x"), rename(second, "ada"), rename(first, "bob")];
        store.commit(writes).await.unwrap();
        // Long enough for both to be held again.
        for name in names {
            let query = Query::new(PEOPLE, Filter::eq("name", name), 1);
            for _ in 0..3 {
                assert_eq!(store.find(query.clone()).await.unwrap().len(), 1);
            }
        }
    }
    over.store(true, Ordering::Release);
    for asker in askers {
        asker.await.unwrap();
    }
}

#[tokio::test]
async fn who_was_asked_for_twice_is_found_in_memory_until_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = people(&folder, 4_096).await;
    store.commit(vec![insert("a", "ada", 1)]).await.unwrap();
    let by_name = Query::new(PEOPLE, Filter::eq("name", "ada"), 1);
    let is_held = || matches!(store.recent.look(PEOPLE, "a"), Look::Held(_));
    for held in [false, true] {
        assert_eq!(store.find(by_name.clone()).await.unwrap(), [person("a", "ada", 1)]);
        assert_eq!(is_held(), held);
    }
    store.commit(vec![rename("a", "eve")]).await.unwrap();
    assert_eq!(store.find(by_name.clone()).await.unwrap(), [] as [Document; 0]);
    store.commit(vec![insert("b", "ada", 2)]).await.unwrap();
    assert_eq!(store.find(by_name).await.unwrap(), [person("b", "ada", 2)]);
}

#[tokio::test]
async fn a_closed_store_finds_nobody_though_they_were_held() {
    let folder = tempfile::tempdir().unwrap();
    let store = people(&folder, 4_096).await;
    store.commit(vec![insert("a", "ada", 1)]).await.unwrap();
    let by_name = Query::new(PEOPLE, Filter::eq("name", "ada"), 1);
    for _ in 0..3 {
        store.find(by_name.clone()).await.unwrap();
    }
    store.close().await;
    assert!(matches!(store.find(by_name).await, Err(StoreError::Unavailable(_))));
}
