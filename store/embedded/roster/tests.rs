//! A store with rosters answers as one without.

use std::time::Duration;

use ihs_config::StoreSettings;
use proptest::{prelude::*, sample::Index as Pick};
use serde_json::json;
use tempfile::TempDir;
use tokio::{runtime::Runtime, time};

use super::{Roster, STALE, TOUCHED, view::view};
use crate::{
    Change, Collection, Document, Filter, Index, Query, Sort, Store, Write, arbitrary,
    embedded::Embedded,
};

const THINGS: &str = "things";

/// Longest wait for a roster.
const PATIENCE: Duration = Duration::from_secs(30);

fn declared() -> Collection {
    let indexes = vec![Index::plain("n", &["n"]), Index::items("l", "l")];
    Collection { name: THINGS, indexes, searched: vec!["t", "x"] }
}

async fn open(folder: &TempDir, roster_from: u64) -> Embedded {
    let settings = StoreSettings { roster_from, readers: 2, ..StoreSettings::default() };
    let store = Embedded::open(folder.path(), &settings).await.unwrap();
    store.prepare(&[declared()]).await.unwrap();
    store
}

/// Whether the collection has a roster that is not stale.
async fn is_enrolled(store: &Embedded) -> bool {
    let fresh = |roster: &Roster| {
        let state = roster.state.lock();
        state.base.is_some() && state.touched.len() < STALE
    };
    let seen = store.read(move |connection, schema| {
        let table = schema.table(THINGS)?;
        drop(view(connection, table)?);
        Ok(table.roster.as_deref().is_some_and(fresh))
    });
    seen.await.unwrap()
}

async fn enrolled(store: &Embedded) {
    let waiting = async {
        while !is_enrolled(store).await {
            time::sleep(Duration::from_millis(2)).await;
        }
    };
    time::timeout(PATIENCE, waiting).await.unwrap();
}

fn insertion(number: usize, mut document: Document) -> Write {
    document.insert("_id".to_owned(), json!(format!("{number:05}")));
    Write::Insert { collection: THINGS, document }
}

fn change(number: usize, document: &Document) -> Write {
    let change = document.iter().filter(|(field, _)| *field != "_id");
    let set = change.map(|(field, value)| (field.clone(), value.clone())).collect();
    let filter = Filter::id(format!("{number:05}"));
    Write::UpdateEvery { collection: THINGS, filter, change: Change { set, ..Change::default() } }
}

fn removal(number: usize) -> Write {
    Write::DeleteEvery { collection: THINGS, filter: Filter::id(format!("{number:05}")) }
}

async fn assert_same(with: &Embedded, without: &Embedded, query: &Query) -> Vec<Document> {
    let found = with.find(query.clone()).await.unwrap();
    assert_eq!(found, without.find(query.clone()).await.unwrap(), "{query:?}");
    let count = with.count(THINGS, query.filter.clone()).await.unwrap();
    assert_eq!(count, without.count(THINGS, query.filter.clone()).await.unwrap(), "{query:?}");
    assert_eq!(with.page(query.clone()).await.unwrap(), (found.clone(), count), "{query:?}");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_roster_changes_no_answer(
        before in proptest::collection::vec(arbitrary::document(), 1..60),
        after in proptest::collection::vec(arbitrary::document(), 0..12),
        changed in proptest::collection::vec((any::<Pick>(), arbitrary::document()), 0..12),
        removed in proptest::collection::vec(any::<Pick>(), 0..12),
        queries in proptest::collection::vec(
            (arbitrary::filter(), arbitrary::order(), 0_u64..40, 1_u64..9), 1..12),
    ) {
        Runtime::new().unwrap().block_on(async {
            let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
            let (with, without) = (open(&folders[0], 1).await, open(&folders[1], 0).await);
            let count = before.len();
            let first: Vec<Write> =
                before.into_iter().enumerate().map(|(number, one)| insertion(number, one)).collect();
            with.commit(first.clone()).await.unwrap();
            without.commit(first).await.unwrap();
            enrolled(&with).await;
            let mut then: Vec<Write> = after
                .into_iter()
                .enumerate()
                .map(|(number, one)| insertion(count + number, one))
                .collect();
            then.extend(changed.iter().map(|(pick, one)| change(pick.index(count), one)));
            then.extend(removed.iter().map(|pick| removal(pick.index(count))));
            for round in [Vec::new(), then] {
                with.commit(round.clone()).await.unwrap();
                without.commit(round).await.unwrap();
                for (filter, order, skip, limit) in &queries {
                    let mut query = Query::new(THINGS, filter.clone(), *limit);
                    query.sort.clone_from(order);
                    query.skip = *skip;
                    let found = assert_same(&with, &without, &query).await;
                    query.skip = 0;
                    query.after = found.first().map(|document| query.position(document));
                    assert_same(&with, &without, &query).await;
                }
            }
            with.close().await;
            without.close().await;
        });
    }
}

#[tokio::test]
async fn a_stale_roster_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1).await;
    let thing =
        |number: usize| insertion(number, Document::from_iter([("t".to_owned(), json!("abc"))]));
    store.commit((0..10).map(thing).collect()).await.unwrap();
    enrolled(&store).await;
    for (from, to) in [(10, 10 + STALE), (10 + STALE, 20 + STALE + TOUCHED)] {
        store.commit((from..to).map(thing).collect()).await.unwrap();
        let filter = Filter::Contains("t", "bc".to_owned());
        assert_eq!(store.count(THINGS, filter.clone()).await.unwrap(), to as u64);
        enrolled(&store).await;
        assert_eq!(store.count(THINGS, filter).await.unwrap(), to as u64);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_seen_while_rosters_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1).await;
    let filter = Filter::Contains("t", "abc".to_owned());
    let newest = Query::new(THINGS, filter.clone(), 1).sorted(vec![Sort::descending("_id")]);
    for number in 0..400 {
        let thing = Document::from_iter([("t".to_owned(), json!("xabcx"))]);
        store.commit(vec![insertion(number, thing)]).await.unwrap();
        let (page, count) = store.page(newest.clone()).await.unwrap();
        assert_eq!((count, page.len()), (number as u64 + 1, 1));
        assert_eq!(page[0]["_id"], json!(format!("{number:05}")));
        let table_is_due = number % 20 == 0;
        if table_is_due {
            store
                .read(|_, schema| {
                    let roster = schema.table(THINGS)?.roster.clone();
                    roster.unwrap().state.lock().base = None;
                    Ok(())
                })
                .await
                .unwrap();
        }
    }
    store.close().await;
}
