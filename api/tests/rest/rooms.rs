//! Rooms.

use futures_util::future::join_all;
use ihs_store::{Body, Change, EntryId, Filter, LogEntry, RoomId, Seq, Timestamp, Write};
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{App, Client},
};

async fn group(client: &Client, members: &[&str]) -> String {
    let body = json!({"name": "ward", "members": members});
    client.post("/api/rooms/", body).await.is(201).text_at("/id")
}

/// Puts a message into a log, as the realtime core does.
async fn say(app: &App, room: &str, seq: u64, sender: &str, text: &str) {
    let entry = message(app, seq, sender, text);
    let room: RoomId = room.parse().unwrap();
    app.ctx.store.append(room, vec![entry]).await.unwrap();
}

fn message(app: &App, seq: u64, sender: &str, text: &str) -> LogEntry {
    LogEntry {
        seq: Seq::new(seq),
        id: EntryId::from_bytes(app.ctx.ids.next()),
        time: Timestamp::from_millis(0),
        sender: sender.to_owned(),
        key: None,
        body: Body::message(text),
    }
}

fn log_path(room: &str, query: &str) -> String {
    format!("/api/rooms/{room}/messages/?{query}")
}

#[actix_web::test]
async fn whoever_makes_a_group_is_member_and_admin_of_it() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    let made = ada.post("/api/rooms/", json!({"name": "ward", "members": ["bob"]})).await.is(201);
    let id = made.text_at("/id");
    made.says(&json!({
        "id": id, "name": "ward", "kind": "group", "members": ["ada", "bob"], "admins": ["ada"],
        "created_by": "ada", "unread": 0, "last_message": null,
    }));
    bob.get(&format!("/api/rooms/{id}/")).await.is(200);
    let room: RoomId = id.parse().unwrap();
    assert_eq!(app.ctx.store.log_head(room).await.unwrap(), None);
    ada.post("/api/rooms/", json!({"members": ["nobody"], "admins": "bob"})).await.is(400).says(
        &json!({
            "members": ["Object with username=nobody does not exist."],
            "admins": ["Expected a list of items but got type \"str\"."],
        }),
    );
    let nameless = ada.post("/api/rooms/", json!({"members": ["bob"]})).await.is(201);
    assert_eq!(nameless.text_at("/name"), "");
    ada.delete(&format!("/api/rooms/{id}/")).await.is(405);
}

#[actix_web::test]
async fn strangers_see_nothing_and_staff_only_that_it_exists() {
    let app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let sam = app.staff("sam").await;
    let id = group(&ada, &[]).await;
    say(&app, &id, 1, "ada", "secret").await;
    let path = format!("/api/rooms/{id}/");
    eve.get(&path).await.details(404, "No Room matches the given query.");
    eve.get(&log_path(&id, "")).await.is(404);
    eve.post(&format!("{path}leave/"), json!({})).await.is(404);
    assert_eq!(eve.get("/api/rooms/").await.body["count"], 0);
    for client in [&sam, &app.log_in("sam-root").await] {
        let seen = client.get(&path).await.is(200);
        assert_eq!((&seen.body["last_message"], &seen.body["unread"]), (&Value::Null, &json!(0)));
        client.get(&log_path(&id, "")).await.is(403);
        client.patch(&path, json!({"members": ["sam"]})).await.is(403);
        assert_eq!(client.get("/api/rooms/").await.body["count"], 1);
    }
}

#[actix_web::test]
async fn admins_say_who_is_in_and_the_log_says_so_too() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    app.patient("cy").await;
    let id = group(&ada, &["bob"]).await;
    let path = format!("/api/rooms/{id}/");
    bob.patch(&path, json!({"name": "mine"})).await.is(403);
    let changed = ada.patch(&path, json!({"members": ["ada", "cy"]})).await.is(200);
    assert_eq!(changed.body["members"], json!(["ada", "cy"]));
    bob.get(&path).await.is(404);
    let log = ada.get(&log_path(&id, "after=0")).await.is(200);
    let entry = &log.body["results"][0];
    assert_eq!(
        (&entry["type"], &entry["seq"], &entry["by"], &entry["added"], &entry["removed"]),
        (&json!("members"), &json!(1), &json!("ada"), &json!(["cy"]), &json!(["bob"]))
    );
    ada.patch(&path, json!({"name": "new"})).await.is(200);
    assert_eq!(ada.get(&log_path(&id, "after=1")).await.body["results"], json!([]));
    let refused = ada.patch(&path, json!({"members": [], "admins": ["bob"]})).await.is(400);
    assert_eq!(refused.body["members"], json!(["This list may not be empty."]));
    ada.patch(&path, json!({"admins": ["bob"]}))
        .await
        .is(400)
        .says(&json!({"admins": ["bob is not a member of the room."]}));
    ada.patch(&path, json!({"admins": ["cy"]})).await.is(200);
    ada.patch(&path, json!({"name": "x"})).await.is(403);
}

#[actix_web::test]
async fn whoever_leaves_is_out_and_the_longest_member_takes_over() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    app.patient("cy").await;
    let id = group(&ada, &["bob", "cy"]).await;
    let path = format!("/api/rooms/{id}/");
    ada.get(&format!("{path}leave/")).await.is(405);
    ada.post(&format!("{path}leave/"), json!({})).await.is(204);
    ada.get(&path).await.is(404);
    let left = bob.get(&path).await.is(200);
    assert_eq!(left.body["members"], json!(["bob", "cy"]));
    assert_eq!(left.body["admins"], json!(["bob"]));
    let log = bob.get(&log_path(&id, "after=0")).await.is(200);
    assert_eq!(log.body["results"][0]["removed"], json!(["ada"]));
}

#[actix_web::test]
async fn whoever_leaves_with_a_key_may_ask_again() {
    let app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let bob = app.patient("bob").await;
    let keyed = bob.with("idempotency-key", "k");
    let (id, other) = (group(&ada, &["bob"]).await, group(&ada, &["bob"]).await);
    let (path, leave) = (format!("/api/rooms/{id}/"), format!("/api/rooms/{id}/leave/"));
    for left in join_all((0..5).map(|_| keyed.post(&leave, json!({})))).await {
        left.is(204);
    }
    keyed.post(&leave, json!({})).await.is(204);
    bob.post(&leave, json!({})).await.is(404);
    keyed.post(&format!("/api/rooms/{other}/leave/"), json!({})).await.is(422);
    eve.with("idempotency-key", "k").post(&leave, json!({})).await.is(404);
    let log = ada.get(&log_path(&id, "after=0")).await;
    assert_eq!(log.body["results"].as_array().unwrap().len(), 1);
    // Whoever is let in again is not put out by what was asked for before.
    ada.patch(&path, json!({"members": ["ada", "bob"]})).await.is(200);
    keyed.post(&leave, json!({})).await.is(204);
    bob.get(&path).await.is(200);
    bob.with("idempotency-key", "another").post(&leave, json!({})).await.is(204);
    bob.get(&path).await.is(404);
}

#[actix_web::test]
async fn a_key_of_leaving_counts_when_nobody_was_told_of_it_or_others_were_faster() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let id = group(&ada, &["bob"]).await;
    let out = Write::Update {
        collection: "rooms",
        filter: Filter::id(id.clone()),
        change: Change::set("members", json!(["ada"])).and_add("_version", 1),
    };
    let (path, leave) = (format!("/api/rooms/{id}/"), format!("/api/rooms/{id}/leave/"));
    for (key, mischief) in
        [("k", Mischief::Forget("rooms")), ("l", Mischief::BeforeCommit("rooms", vec![out]))]
    {
        app.meddler.plan(mischief);
        let keyed = bob.with("idempotency-key", key);
        keyed.post(&leave, json!({})).await.is(204);
        bob.get(&path).await.is(404);
        keyed.post(&leave, json!({})).await.is(204);
        ada.patch(&path, json!({"members": ["ada", "bob"]})).await.is(200);
        keyed.post(&leave, json!({})).await.is(204);
        bob.get(&path).await.is(200);
    }
}

#[actix_web::test]
async fn there_is_one_direct_room_for_each_pair() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    app.patient("cy").await;
    let direct = |name: &str| json!({"kind": "direct", "members": [name]});
    let first = ada.post("/api/rooms/", direct("bob")).await.is(201);
    let id = first.text_at("/id");
    assert_eq!(ada.post("/api/rooms/", direct("bob")).await.is(200).text_at("/id"), id);
    assert_eq!(bob.post("/api/rooms/", direct("ada")).await.is(200).text_at("/id"), id);
    let path = format!("/api/rooms/{id}/");
    ada.patch(&path, json!({"members": ["ada", "bob", "cy"]})).await.is(400);
    ada.patch(&path, json!({"members": ["bob", "ada"], "name": "us"})).await.is(200);
    for members in [json!([]), json!(["bob", "cy"]), json!(["ada"])] {
        let body = json!({"kind": "direct", "members": members});
        assert!(ada.post("/api/rooms/", body).await.is(400).text.contains("members"));
    }
    bob.post(&format!("{path}leave/"), json!({})).await.is(204);
    bob.get(&path).await.is(404);
    assert_eq!(bob.post("/api/rooms/", direct("ada")).await.is(200).text_at("/id"), id);
    bob.get(&path).await.is(200);
}

#[actix_web::test]
async fn a_log_is_read_in_pages_either_way() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let id = group(&ada, &["bob"]).await;
    for seq in 1..=5 {
        say(&app, &id, seq, "ada", &format!("m{seq}")).await;
    }
    let seqs = |answer: &crate::support::Answer| -> Vec<u64> {
        let rows = answer.body["results"].as_array().unwrap();
        rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect()
    };
    for (query, expected, more) in [
        ("", vec![1, 2, 3, 4, 5], false),
        ("limit=2", vec![4, 5], true),
        ("before=3&limit=5", vec![1, 2], false),
        ("after=1&limit=2", vec![2, 3], true),
        ("after=5", vec![], false),
    ] {
        let page = bob.get(&log_path(&id, query)).await.is(200);
        assert_eq!((seqs(&page), &page.body["more"]), (expected, &json!(more)), "{query}");
    }
    bob.get(&log_path(&id, "after=x")).await.is(400);
    let seen = bob.get(&format!("/api/rooms/{id}/")).await;
    assert_eq!(
        (&seen.body["unread"], &seen.body["last_message"]["text"]),
        (&json!(5), &json!("m5"))
    );
    let document = json!({"_id": format!("{id}:bob"), "seq": 3}).as_object().unwrap().clone();
    let marker = Write::Insert { collection: "read_markers", document };
    app.ctx.store.commit(vec![marker]).await.unwrap();
    assert_eq!(bob.get("/api/rooms/").await.body["results"][0]["unread"], 2);
    assert_eq!(ada.get("/api/rooms/").await.body["results"][0]["unread"], 0);
}

/// Takes somebody out and says something right before the next read of the log.
fn remove_before_the_log_is_read(app: &App, room: &str, name: &str) {
    let entry = message(app, 1, "ada", "not for everybody");
    app.meddler.plan(Mischief::BeforeLog(vec![
        Write::Update {
            collection: "rooms",
            filter: Filter::id(room),
            change: Change::default().and_exclude("members", name),
        },
        Write::Append { room: room.parse().unwrap(), entries: vec![entry] },
    ]));
}

#[actix_web::test]
async fn whoever_is_removed_while_the_log_is_read_reads_nothing_of_it() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    for query in ["after=0", ""] {
        let id = group(&ada, &["bob"]).await;
        remove_before_the_log_is_read(&app, &id, "bob");
        let read = bob.get(&log_path(&id, query)).await;
        assert!(app.meddler.is_done());
        read.details(404, "No Room matches the given query.");
    }
    let id = group(&ada, &["bob"]).await;
    remove_before_the_log_is_read(&app, &id, "bob");
    let seen = bob.get(&format!("/api/rooms/{id}/")).await;
    assert!(app.meddler.is_done());
    assert_eq!((&seen.body["last_message"], &seen.body["unread"]), (&Value::Null, &json!(0)));
}

#[actix_web::test]
async fn a_deleted_user_is_out_of_all_rooms() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let id = group(&ada, &["bob"]).await;
    bob.post("/api/rooms/", json!({"kind": "direct", "members": ["ada"]})).await.is(201);
    ada.delete("/api/users/ada/").await.is(204);
    let left = bob.get(&format!("/api/rooms/{id}/")).await.is(200);
    assert_eq!((&left.body["members"], &left.body["admins"]), (&json!(["bob"]), &json!(["bob"])));
    let log = bob.get(&log_path(&id, "after=0")).await;
    assert_eq!(log.body["results"][0]["removed"], json!(["ada"]));
}
