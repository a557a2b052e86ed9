//! The inbox: what is unseen, what comes, and what other devices have viewed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::App;

fn ids(frame: &Value) -> Vec<Value> {
    frame["unseen"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
}

#[tokio::test]
async fn what_is_unseen_comes_first_and_what_is_new_comes_live() {
    let mut app = App::start().await;
    let (root, ada) = (app.superuser("root").await, app.patient("ada").await);
    let first = json!({"user": "ada", "title": "one", "text": "first"});
    let first = root.post("/api/notifications/", first).await.created();
    let mut socket = ada.socket("/ws/notifications/").await;
    let open = socket.next_of("notifications").await;
    assert_eq!((&open["count"], ids(&open)), (&json!(1), vec![first["id"].clone()]));
    assert!(open.get("ref").is_none());
    let mut sender = root.socket("/ws/").await;
    let notify = json!({"type": "notify", "ref": 1, "user": "ada", "title": "two",
        "text": "second", "category": "appointment", "key": "k"});
    sender.send(notify.clone()).await;
    let notified = sender.next_of("notified").await;
    let news = socket.next_of("notification").await;
    assert_eq!(news["id"], notified["id"]);
    assert_eq!(
        (&news["title"], &news["text"], &news["category"]),
        (&json!("two"), &json!("second"), &json!("appointment"))
    );
    sender.send(notify.clone()).await;
    assert_eq!(sender.next_of("notified").await["id"], notified["id"], "the same key again");
    let mut other = notify;
    other["text"] = json!("other");
    sender.send(other).await;
    assert_eq!(sender.next_of("error").await["code"], "conflict");
    let listed = ada.get("/api/notifications/").await.ok();
    assert_eq!(listed["count"], 2);
    assert_eq!(listed["results"][0]["id"], notified["id"], "newest first");
}

#[tokio::test]
async fn what_one_device_has_viewed_the_others_know() {
    let mut app = App::start().await;
    let (root, ada) = (app.superuser("root").await, app.patient("ada").await);
    let mut made = Vec::new();
    for text in ["one", "two", "three"] {
        let body = json!({"user": "ada", "title": "title", "text": text});
        made.push(root.post("/api/notifications/", body).await.created()["id"].clone());
    }
    let mut phone = ada.socket("/ws/").await;
    phone.send(json!({"type": "inbox", "ref": 8})).await;
    let open = phone.next_of("notifications").await;
    assert_eq!((&open["ref"], &open["count"]), (&json!(8), &json!(3)));
    let mut tablet = ada.socket("/ws/notifications/").await;
    tablet.next_of("notifications").await;
    phone.send(json!({"type": "viewed", "ref": 9, "notifications": [made[0]]})).await;
    assert_eq!(phone.next_of("ok").await["ref"], 9);
    assert_eq!(tablet.next_of("viewed").await["notifications"], json!([made[0]]));
    ada.patch(
        &format!("/api/notifications/{}/", made[1].as_str().unwrap()),
        json!({"viewed": true}),
    )
    .await
    .ok();
    assert_eq!(tablet.next_of("viewed").await["notifications"], json!([made[1]]));
    assert_eq!(phone.next_of("viewed").await["notifications"], json!([made[1]]));
    tablet.send(json!({"type": "viewed", "ref": 1, "all": true})).await;
    tablet.next_of("ok").await;
    assert_eq!(phone.next_of("viewed").await["notifications"], json!([made[2]]));
    phone.hears_nothing_of("viewed", Duration::from_millis(100)).await;
    assert_eq!(ada.get("/api/notifications/?viewed=false").await.ok()["count"], 0);
}

#[tokio::test]
async fn nobody_touches_the_notifications_of_others() {
    let mut app = App::start().await;
    let (root, ada, bob) =
        (app.superuser("root").await, app.patient("ada").await, app.patient("bob").await);
    let body = json!({"user": "ada", "title": "title", "text": "text"});
    let made = root.post("/api/notifications/", body.clone()).await.created();
    let path = format!("/api/notifications/{}/", made["id"].as_str().unwrap());
    assert_eq!(bob.get(&path).await.status, 404);
    assert_eq!(root.get(&path).await.status, 404);
    assert_eq!(bob.get("/api/notifications/").await.ok()["count"], 0);
    assert_eq!(bob.get("/api/notifications/?user=ada").await.ok()["count"], 0);
    assert_eq!(bob.post("/api/notifications/", body).await.status, 403);
    let mut socket = bob.socket("/ws/").await;
    socket.send(json!({"type": "viewed", "ref": 1, "notifications": [made["id"]]})).await;
    socket.next_of("ok").await;
    assert_eq!(ada.get(&path).await.ok()["viewed"], false);
    socket
        .send(json!({"type": "notify", "ref": 2, "user": "ada", "title": "t", "text": "t"}))
        .await;
    assert_eq!(socket.next_of("error").await["code"], "forbidden");
    let medic = app.doctor("medic").await;
    let verified = root.patch("/api/doctors/medic/", json!({"verified": true})).await.ok();
    assert_eq!(verified["verified"], true);
    let mut socket = medic.socket("/ws/").await;
    let notify = |user: &str| json!({"type": "notify", "user": user, "title": "t", "text": "t"});
    for stranger in ["ada", "nobody"] {
        socket.send(notify(stranger)).await;
        assert_eq!(socket.next_of("error").await["code"], "not_found");
    }
    let body = |user: &str| json!({"user": user, "title": "t", "text": "t"});
    let known = medic.post("/api/notifications/", body("ada")).await;
    let unknown = medic.post("/api/notifications/", body("nobody")).await;
    assert_eq!((known.status, unknown.status), (400, 400));
    assert_eq!(
        known.text.replace("ada", "X"),
        unknown.text.replace("nobody", "X"),
        "who may not be notified is as if they were not there"
    );
}

#[tokio::test]
async fn bad_requests_to_the_inbox_are_named() {
    let app = App::start().await;
    let mut socket = app.patient("ada").await.socket("/ws/").await;
    for frame in [
        json!({"type": "viewed"}),
        json!({"type": "viewed", "notifications": "all"}),
        json!({"type": "viewed", "notifications": [1]}),
        json!({"type": "viewed", "all": true, "notifications": []}),
        json!({"type": "notify", "user": "ada", "title": " ", "text": "t"}),
        json!({"type": "notify", "user": "ada", "title": "t"}),
        json!({"type": "notify", "user": "ada", "title": "t", "text": "t", "category": "x"}),
        json!({"type": "token"}),
    ] {
        socket.send(frame.clone()).await;
        assert_eq!(socket.next().await["code"], "bad_request", "{frame}");
    }
    socket.send(json!({"type": "token", "ref": 1, "token": "x"})).await;
    assert_eq!(socket.next_of("error").await["code"], "unauthenticated");
}

#[tokio::test]
async fn a_member_who_is_away_has_one_notification_of_a_room_until_they_read_it() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut inbox = bob.socket("/ws/notifications/").await;
    assert_eq!(inbox.next_of("notifications").await["count"], 0);
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    for text in ["one", "two", "three"] {
        at_ada.say(&room, text).await;
    }
    let told = inbox
        .next_where(|frame| frame["text"].as_str().is_some_and(|text| text.starts_with('3')))
        .await;
    assert_eq!(
        (&told["type"], &told["category"], &told["title"]),
        (&json!("notification"), &json!("message"), &json!("a room"))
    );
    let unseen = bob.get("/api/notifications/?viewed=false").await.ok();
    assert_eq!((&unseen["count"], &unseen["results"][0]["id"]), (&json!(1), &told["id"]));
    assert_eq!(ada.get("/api/notifications/").await.ok()["count"], 0, "the sender is not told");
    let mut at_bob = bob.socket("/ws/").await;
    at_bob.join(&room).await;
    at_bob.send(json!({"type": "read", "ref": 1, "room": room, "seq": 3})).await;
    at_bob.next_of("ok").await;
    assert_eq!(inbox.next_of("viewed").await["notifications"], json!([told["id"]]));
    assert_eq!(bob.get("/api/notifications/?viewed=false").await.ok()["count"], 0);
    inbox.forget();
    at_ada.say(&room, "four").await;
    at_bob.next_where(|frame| frame["seq"] == 4).await;
    inbox.hears_nothing_of("notification", Duration::from_millis(600)).await;
    drop(at_bob);
    at_ada.next_where(|frame| frame["type"] == "presence" && frame["online"] == false).await;
    at_ada.say(&room, "five").await;
    let again = inbox.next_of("notification").await;
    assert_ne!(again["id"], told["id"]);
}

#[tokio::test]
async fn a_notification_of_messages_survives_the_node() {
    let mut app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    at_ada.say(&room, "are you there?").await;
    app.kill9();
    let bob = app.log_in_after_a_crash("bob").await;
    app.until_late("bob is told", async || {
        let unseen = bob.get("/api/notifications/?viewed=false").await.ok();
        assert!(unseen["count"].as_u64() <= Some(1));
        unseen["count"] == 1
    })
    .await;
}

#[tokio::test]
async fn what_was_viewed_by_rest_does_not_change_any_more() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut inbox = bob.socket("/ws/notifications/").await;
    inbox.next_of("notifications").await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    at_ada.say(&room, "one").await;
    let told = inbox.next_of("notification").await;
    let path = format!("/api/notifications/{}/", told["id"].as_str().unwrap());
    let viewed = bob.patch(&path, json!({"viewed": true})).await.ok();
    at_ada.say(&room, "two").await;
    let again = inbox
        .next_where(|frame| frame["type"] == "notification" && frame["id"] != told["id"])
        .await;
    assert_eq!(again["category"], "message");
    assert_eq!(bob.get(&path).await.ok(), viewed);
}
