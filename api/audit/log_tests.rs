use futures_util::future::join_all;
use ihs_config::StoreSettings;
use ihs_store::{Timestamp, embedded::Embedded};
use tempfile::TempDir;

use super::*;
use crate::audit::{self, entry::Action, verify};

async fn store() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), &StoreSettings::default()).await.unwrap();
    let mut collections = audit::collections().to_vec();
    collections.push(ihs_store::Collection {
        name: audit::ENTRIES,
        indexes: audit::indexes(),
        searched: Vec::new(),
    });
    store.prepare(&collections).await.unwrap();
    (folder, Arc::new(store))
}

fn entry(number: u32) -> Entry {
    Entry {
        id: format!("{number:024x}"),
        time: Timestamp::default(),
        user: None,
        role: None,
        action: Action::Read,
        patient: Some(format!("patient{number}")),
        resource: None,
        record: None,
        reason: None,
        break_glass: false,
        address: None,
        session: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_append_at_once_make_one_chain() {
    let (_folder, store) = store().await;
    let nodes: Vec<Log> = (0..3).map(|_| Log::new(Arc::clone(&store))).collect();
    let appended = (0..120_u32).map(|number| {
        let node = nodes[number as usize % nodes.len()].clone();
        tokio::spawn(
            async move { node.append(vec![entry(2 * number), entry(2 * number + 1)]).await },
        )
    });
    for outcome in join_all(appended).await {
        outcome.unwrap().unwrap();
    }
    let sound = verify(&*store, None, |_, _| ()).await.unwrap();
    assert_eq!(sound.entries, 240);
}

#[tokio::test]
async fn what_waits_is_appended_in_one_commit_and_in_its_order() {
    let (_folder, store) = store().await;
    let log = Log::new(Arc::clone(&store));
    let appended = join_all((0..50).map(|number| log.append(vec![entry(number)]))).await;
    assert!(appended.iter().all(Result::is_ok));
    let query = ihs_store::Query::new(audit::ENTRIES, ihs_store::Filter::everything(), 100);
    let found = store.find(query.sorted(vec![ihs_store::Sort::ascending("n")])).await.unwrap();
    let patients: Vec<String> =
        found.iter().map(|entry| ihs_store::document::text(entry, "patient").to_owned()).collect();
    let expected: Vec<String> = (0..50).map(|number| format!("patient{number}")).collect();
    assert_eq!(patients, expected);
}

/// What was put into the outbox while others look into it: at the start of a node, and when the
/// store is back.
#[tokio::test]
async fn what_is_brought_and_found_in_the_outbox_too_is_appended_once() {
    let (_folder, store) = store().await;
    let log = Log::new(Arc::clone(&store));
    let changed: Vec<Entry> = (1..=3).map(entry).collect();
    store
        .commit(changed.iter().map(|entry| outbox::write(entry).unwrap()).collect())
        .await
        .unwrap();
    log.bring(changed[1..].to_vec());
    let (redeemed, read) = tokio::join!(log.redeem(), log.append(vec![entry(4)]));
    redeemed.unwrap();
    read.unwrap();
    let sound = verify(&*store, None, |_, _| ()).await.unwrap();
    assert_eq!(sound.entries, 4);
    let left = ihs_store::Query::new(audit::OUTBOX, ihs_store::Filter::everything(), 10);
    assert_eq!(store.find(left).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_full_queue_refuses_and_a_closed_store_does() {
    let (_folder, store) = store().await;
    let log = Log::new(Arc::clone(&store));
    let many = |from: u32| (from..from + 10_000).map(entry).collect::<Vec<_>>();
    let (first, second) = tokio::join!(log.append(many(0)), log.append(many(10_000)));
    assert!(first.is_ok() && second.is_err());
    log.append(vec![entry(90_000)]).await.unwrap();
    store.close().await;
    assert!(log.append(vec![entry(90_001)]).await.is_err());
    assert!(log.settle().await.is_ok(), "there is nothing to wait for");
}
