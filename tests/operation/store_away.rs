//! A store that goes away amid requests, and comes back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::block_in_place;

use crate::support::{App, process::complaint, store::Store, user::User};

/// Longest wait for the node to do again what it did before: a store that was killed may have to
/// give up what was begun with it before.
const PATIENCE: Duration = Duration::from_secs(100);

/// Amid other tests the stand-in for MongoDB takes seconds for what a server does in milliseconds;
/// nobody is to wait for one that is away as long as the other suites do.
const TIMEOUT_MS: &str = "15000";

/// What came of the requests of one user.
#[derive(Default)]
struct Tally {
    changed: AtomicU64,
    /// Changes of which it is not known whether they were made.
    unsure: AtomicU64,
    read: AtomicU64,
    refused: AtomicU64,
}

impl Tally {
    fn count(&self, answered: &AtomicU64, status: u16) {
        match status {
            200 => answered.fetch_add(1, Ordering::Relaxed),
            503 => self.refused.fetch_add(1, Ordering::Relaxed),
            other => panic!("answered with {other}"),
        };
    }
}

/// Whoever asks again and again.
struct Asker {
    user: User,
    tally: Tally,
}

impl Asker {
    fn path(&self) -> String {
        format!("/api/patients/{}/", self.user.username)
    }

    async fn change(&self, is_over: &AtomicBool) {
        let mut weight = 40;
        while !is_over.load(Ordering::Relaxed) {
            weight = 40 + (weight + 1) % 60;
            let status = self.user.patch(&self.path(), json!({"weight": weight})).await.status;
            self.tally.count(&self.tally.changed, status);
            if status != 200 {
                self.tally.unsure.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn read(&self, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            let status = self.user.get(&self.path()).await.status;
            self.tally.count(&self.tally.read, status);
        }
    }
}

fn changed(asker: &Asker) -> u64 {
    asker.tally.changed.load(Ordering::Relaxed)
}

fn read(asker: &Asker) -> u64 {
    asker.tally.read.load(Ordering::Relaxed)
}

fn refused(asker: &Asker) -> u64 {
    asker.tally.refused.load(Ordering::Relaxed)
}

/// Waits until this has grown so far for everybody.
async fn until_more(what: &str, askers: &[Arc<Asker>], count: impl Fn(&Asker) -> u64, by: u64) {
    let before: Vec<u64> = askers.iter().map(|asker| count(asker)).collect();
    let deadline = Instant::now() + PATIENCE;
    while askers.iter().zip(&before).any(|(asker, before)| count(asker) < before + by) {
        assert!(Instant::now() < deadline, "not {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_served_again_when_the_store_is_back_and_every_change_is_in_the_log() {
    let mut store = Store::start();
    let address = format!("mongodb://{}/", store.place());
    let settings = [("IHS_STORE", address.as_str()), ("IHS_STORE__TIMEOUT_MS", TIMEOUT_MS)];
    let mut app = App::on_embedded(&settings).await;
    let mut askers = Vec::new();
    for username in ["ada", "bob", "eve"] {
        let user = app.patient(username).await;
        askers.push(Arc::new(Asker { user, tally: Tally::default() }));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut asking = Vec::new();
    for asker in &askers {
        let (changing, until) = (Arc::clone(asker), Arc::clone(&is_over));
        asking.push(tokio::spawn(async move { changing.change(&until).await }));
        let (reading, until) = (Arc::clone(asker), Arc::clone(&is_over));
        asking.push(tokio::spawn(async move { reading.read(&until).await }));
    }

    until_more("changed", &askers, changed, 3).await;
    block_in_place(|| store.kill());
    until_more("refused", &askers, refused, 1).await;
    block_in_place(|| store.start_again());
    until_more("changed again", &askers, changed, 5).await;
    until_more("read again", &askers, read, 5).await;

    is_over.store(true, Ordering::Relaxed);
    for ended in join_all(asking).await {
        ended.unwrap();
    }
    for asker in &askers {
        let (least, unsure) = (changed(asker), asker.tally.unsure.load(Ordering::Relaxed));
        let log = asker.path() + "access-log/?action=update";
        let entries = asker.user.get(&log).await.ok()["count"].as_u64().unwrap();
        assert!(
            (least..=least + unsure).contains(&entries),
            "{entries} entries of {least} changes and {unsure} that may have been made",
        );
    }
    assert!(app.node().terminate().success());
    let verified = app.run(&["audit", "verify"], "");
    assert!(verified.status.success(), "{}", complaint(&verified));
}
