//! `ihs audit verify`.

use ihs_store::{Change, Filter, Query, Sort, Write};

use crate::support::{
    App,
    process::{complaint, shown},
};

/// A stopped node whose log has some entries, and how many.
async fn stopped() -> (App, u64) {
    let mut app = App::start().await;
    let ada = app.patient("ada").await;
    for _ in 0..5 {
        ada.get("/api/patients/ada/").await.ok();
    }
    assert!(app.node().terminate().success());
    let (entries, _) = whole(&app);
    assert!(entries > 5);
    (app, entries)
}

/// What the command printed of a log that is whole.
fn whole(app: &App) -> (u64, String) {
    let output = app.run(&["audit", "verify"], "");
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let printed = shown(&output);
    let (entries, hash) = printed.trim().split_once(':').unwrap();
    (entries.parse().unwrap(), hash.to_owned())
}

/// Checks that the command fails with these words.
fn broken(app: &App, arguments: &[&str], words: &str) {
    let output = app.run(&[&["audit", "verify"], arguments].concat(), "");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(complaint(&output).contains(words), "{}", complaint(&output));
}

/// What somebody does to the store behind the node's back.
async fn tamper(app: &App, writes: Vec<Write>) {
    let store = app.open_store().await;
    store.commit(writes).await.unwrap();
    store.close().await;
}

fn numbered(n: u64) -> Filter {
    Filter::eq("n", n)
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole_and_grows() {
    let (mut app, entries) = stopped().await;
    let (_, hash) = whole(&app);
    app.start_again();
    let ada = app.log_in("ada").await;
    ada.get("/api/patients/ada/").await.ok();
    assert!(app.node().terminate().success());
    let (more, _) = whole(&app);
    assert_eq!(more, entries + 3);
    let known = format!("{entries}:{hash}");
    let output = app.run(&["audit", "verify", "--known", &known], "");
    assert!(output.status.success(), "{}", complaint(&output));
    let other = format!("{entries}:{}", "0".repeat(64));
    broken(&app, &["--known", &other], &format!("entry {entries} is not the one that was known"));
    let output = app.run(&["audit", "verify", "--known", "x"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_log_after_a_crash() {
    let mut app = App::start().await;
    let ada = app.patient("ada").await;
    ada.get("/api/patients/ada/").await.ok();
    ada.patch("/api/patients/ada/", serde_json::json!({"weight": 60})).await.ok();
    app.kill9();
    // The next node takes in what this one could not, and waits for nobody else's transaction.
    let ada = app.log_in("ada").await;
    app.until("the change is in the log", async || {
        let log = ada.get("/api/patients/ada/access-log/?action=update").await.ok();
        log["count"] == 1
    })
    .await;
    assert!(app.node().terminate().success());
    whole(&app);
}

#[tokio::test]
async fn an_altered_entry_is_found() {
    let (app, _) = stopped().await;
    let change = Change::set("user", "eve");
    tamper(&app, vec![Write::Update { collection: "audit", filter: numbered(3), change }]).await;
    broken(&app, &[], "entry 3 was altered");
}

#[tokio::test]
async fn a_removed_entry_is_found() {
    let (app, entries) = stopped().await;
    let remove = |n| Write::Delete { collection: "audit", filter: numbered(n) };
    tamper(&app, vec![remove(entries)]).await;
    broken(&app, &[], &format!("entry {entries} is missing"));
    tamper(&app, vec![remove(2)]).await;
    broken(&app, &[], "entry 2 is missing");
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    let (app, _) = stopped().await;
    let number = |from: u64, to: u64| {
        let change = Change::set("n", to);
        Write::Update { collection: "audit", filter: numbered(from), change }
    };
    tamper(&app, vec![number(2, 900), number(4, 2), number(900, 4)]).await;
    broken(&app, &[], "entry 2 was altered");
}

#[tokio::test]
async fn an_added_entry_is_found() {
    let (app, entries) = stopped().await;
    let store = app.open_store().await;
    let last = Query::new("audit", Filter::everything(), 1).sorted(vec![Sort::descending("n")]);
    let mut twin = store.find(last).await.unwrap().remove(0);
    store.close().await;
    twin.insert("_id".to_owned(), "f".repeat(24).into());
    twin.insert("n".to_owned(), (entries + 1).into());
    tamper(&app, vec![Write::Insert { collection: "audit", document: twin.clone() }]).await;
    broken(&app, &[], &format!("entry {} was altered", entries + 1));
    twin.insert("n".to_owned(), "last".into());
    twin.insert("_id".to_owned(), "e".repeat(24).into());
    let added = Write::Insert { collection: "audit", document: twin };
    tamper(&app, vec![Write::Delete { collection: "audit", filter: numbered(entries + 1) }, added])
        .await;
    broken(&app, &[], "an entry was added");
}

#[tokio::test]
async fn the_log_of_a_running_node_is_not_read_behind_its_back() {
    let app = App::start().await;
    let output = app.run(&["audit", "verify"], "");
    if std::env::var("IHS_TEST_STORE").as_deref() == Ok("mongodb") {
        assert!(output.status.success(), "{}", complaint(&output));
    } else {
        assert_eq!(output.status.code(), Some(1));
        assert!(complaint(&output).contains("in use"), "{}", complaint(&output));
    }
}
