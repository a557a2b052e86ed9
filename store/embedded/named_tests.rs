//! Who is asked for by a name is who has it now, whatever is remembered.

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
    let fields = [("_id", json!(id)), ("name", json!(name)), ("grade", json!(grade))];
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
    let indexes = vec![Index::unique("name", &["name"])];
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
    let filter = (filter, prop::option::of(0..3_u8)).prop_map(|(filter, grade)| match grade {
        Some(grade) => filter.and(Filter::eq("grade", grade)),
        None => filter,
    });
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

/// Everybody, read without a name.
async fn everybody(store: &Embedded) -> Vec<Document> {
    store.find(Query::new(PEOPLE, Filter::everything(), 100)).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_found_by_a_name_is_what_has_it(
        steps in prop::collection::vec(step(), 1..60),
        recent_kib in select(vec![0, 4_096]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = people(&folder, recent_kib).await;
            for step in steps {
                match step {
                    Step::Write(write) => match store.commit(vec![write]).await {
                        Ok(_) | Err(StoreError::Taken { .. } | StoreError::Unmatched { .. }) => {}
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    },
                    Step::Ask { filter, limit, skip } => {
                        let mut wanted = everybody(&store).await;
                        wanted.retain(|person| filter.matches(person));
                        let count = store.count(PEOPLE, filter.clone()).await.unwrap();
                        prop_assert_eq!(count, wanted.len() as u64);
                        let mut query = Query::new(PEOPLE, filter, limit);
                        query.skip = skip;
                        let (skip, limit) = (usize::try_from(skip), usize::try_from(limit));
                        let wanted: Vec<Document> =
                            wanted.into_iter().skip(skip.unwrap()).take(limit.unwrap()).collect();
                        prop_assert_eq!(store.find(query).await.unwrap(), wanted);
                    }
                }
            }
            store.close().await;
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_has_each_name_while_two_exchange_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let store = people(&folder, 4_096).await;
    store.commit(vec![insert("a", "ada", 1), insert("b", "bob", 1)]).await.unwrap();
    let exchange = async {
        for round in 0..300 {
            let (first, second) = if round % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let writes = vec![rename(first, "x"), rename(second, "ada"), rename(first, "bob")];
            store.commit(writes).await.unwrap();
        }
    };
    let ask = async |name: &'static str| {
        for _ in 0..1_000 {
            let named = Query::new(PEOPLE, Filter::eq("name", name), 2);
            let found = store.find(named).await.unwrap();
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0]["name"], name);
        }
    };
    tokio::join!(exchange, ask("ada"), ask("bob"), ask("ada"));
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
    store.close().await;
    assert!(store.find(Query::new(PEOPLE, Filter::id("b"), 1)).await.is_err());
}
