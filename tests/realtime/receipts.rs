//! Receipts: who has got a message, and who has read it, since when.

use serde_json::{Value, json};

use crate::support::{App, socket::Socket, user::User};

fn path(room: &str, seq: u64) -> String {
    format!("/api/rooms/{room}/messages/{seq}/receipts/")
}

async fn receipts(user: &User, room: &str, seq: u64) -> Value {
    user.get(&path(room, seq)).await.ok()
}

fn users(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    list.iter().map(|one| one["user"].as_str().expect("a user")).collect()
}

/// Waits until these users have it.
async fn until_delivered(app: &App, sender: &User, room: &str, seq: u64, to: &[&str]) {
    let what = format!("{seq} is delivered to {to:?}");
    let has = async || users(&receipts(sender, room, seq).await["delivered"]) == to;
    app.until(&what, has).await;
}

async fn mark_read(socket: &mut Socket, room: &str, seq: u64) {
    socket.send(json!({"type": "read", "ref": seq, "room": room, "seq": seq})).await;
    socket.next_of("ok").await;
}

#[tokio::test]
async fn a_sender_sees_who_has_got_and_read_a_message_and_who_has_not() {
    let app = App::start().await;
    let (ada, bob, eve) =
        (app.patient("ada").await, app.patient("bob").await, app.patient("eve").await);
    let room = ada.room_with(&[&bob, &eve]).await;
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/")).await;
    at_bob.next_of("joined").await;
    let mut at_ada = ada.socket("/ws/").await;
    let ack = at_ada.say(&room, "hello").await;
    at_bob.next_of("message").await;
    until_delivered(&app, &ada, &room, 1, &["bob"]).await;
    let found = receipts(&ada, &room, 1).await;
    assert_eq!((&found["room"], &found["seq"]), (&json!(room), &json!(1)));
    assert_eq!((&found["sender"], &found["stored"]), (&json!("ada"), &ack["time"]));
    assert!(found["delivered"][0]["since"].as_str() >= ack["time"].as_str());
    assert_eq!(found["read"], json!([]));
    assert_eq!(found["pending"], json!([{"user": "eve", "online": false}]));

    mark_read(&mut at_bob, &room, 1).await;
    let found = receipts(&ada, &room, 1).await;
    assert_eq!(users(&found["read"]), ["bob"]);
    let delivered = found["delivered"][0]["since"].as_str();
    assert!(found["read"][0]["since"].as_str() >= delivered);

    let mut at_eve = eve.events(&format!("/api/rooms/{room}/events/?after=0"), None).await;
    at_eve.next_of("message").await;
    until_delivered(&app, &ada, &room, 1, &["bob", "eve"]).await;
    assert_eq!(receipts(&ada, &room, 1).await["pending"], json!([]));
}

#[tokio::test]
async fn receipts_are_for_the_sender_and_staff() {
    let mut app = App::start().await;
    for name in ["ada", "bob", "eve"] {
        app.patient(name).await;
    }
    let boss = app.superuser("root").await;
    let (ada, bob, eve) =
        (app.log_in("ada").await, app.log_in("bob").await, app.log_in("eve").await);
    let room = ada.room_with(&[&bob]).await;
    let mut socket = ada.socket("/ws/").await;
    socket.say(&room, "secret").await;
    socket.send(json!({"type": "edit", "ref": 1, "room": room, "seq": 1, "text": "secrets"})).await;
    socket.next_of("ack").await;
    let seen = boss.get(&path(&room, 1)).await;
    assert_eq!(users(&seen.ok()["pending"]), ["bob"]);
    assert!(!seen.text.contains("secret"));
    assert_eq!(bob.get(&path(&room, 1)).await.status, 403);
    assert_eq!(eve.get(&path(&room, 1)).await.status, 404);
    assert_eq!(app.anonymous().get(&path(&room, 1)).await.status, 401);
    for seq in ["0", "2", "3", "x", "-1", "99999999999999999999"] {
        let odd = format!("/api/rooms/{room}/messages/{seq}/receipts/");
        assert_eq!(ada.get(&odd).await.status, 404, "{seq}");
    }
    assert_eq!(ada.post(&path(&room, 1), json!({})).await.status, 405);
}

#[tokio::test]
async fn whoever_starts_with_what_comes_next_has_not_got_what_was_before() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.say(&room, "before").await;
    let mut at_bob = bob.socket("/ws/").await;
    at_bob.join(&room).await;
    at_ada.say(&room, "after").await;
    at_bob.next_of("message").await;
    until_delivered(&app, &ada, &room, 2, &["bob"]).await;
    let before = receipts(&ada, &room, 1).await;
    assert_eq!(before["delivered"], json!([]));
    assert_eq!(before["pending"], json!([{"user": "bob", "online": true}]));
    mark_read(&mut at_bob, &room, 2).await;
    let before = receipts(&ada, &room, 1).await;
    assert_eq!((users(&before["delivered"]), users(&before["read"])), (vec!["bob"], vec!["bob"]));
}

#[tokio::test]
async fn what_a_slow_device_has_not_taken_is_still_to_come() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut slow = bob.socket(&format!("/ws/chat/{room}/")).await;
    slow.next_of("joined").await;
    let mut fast = ada.socket("/ws/").await;
    let text = "x".repeat(3_900);
    for _ in 0..30 {
        for number in 0..100 {
            fast.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
        }
        for _ in 0..100 {
            fast.next_of("ack").await;
        }
    }
    let found = receipts(&ada, &room, 3_000).await;
    assert_eq!(found["pending"], json!([{"user": "bob", "online": true}]));
    for _ in 1..=3_000 {
        slow.next_of("message").await;
    }
    until_delivered(&app, &ada, &room, 3_000, &["bob"]).await;
    until_delivered(&app, &ada, &room, 1, &["bob"]).await;
}

#[tokio::test]
async fn receipts_outlive_the_node_that_gave_them() {
    let mut app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/")).await;
    at_bob.next_of("joined").await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.say(&room, "one").await;
    at_bob.next_of("message").await;
    at_ada.say(&room, "two").await;
    at_bob.next_of("message").await;
    mark_read(&mut at_bob, &room, 1).await;
    until_delivered(&app, &ada, &room, 2, &["bob"]).await;
    let before = receipts(&ada, &room, 2).await;
    app.restart();
    assert_eq!(receipts(&ada, &room, 2).await["delivered"], before["delivered"]);
    let first = receipts(&ada, &room, 1).await;
    assert_eq!(users(&first["read"]), ["bob"]);
    assert!(first["read"][0]["since"].is_string());
}

#[tokio::test]
async fn after_a_crash_nothing_is_said_that_was_not_so() {
    let mut app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let (ada, bob, eve) =
        (app.patient("ada").await, app.patient("bob").await, app.patient("eve").await);
    let room = ada.room_with(&[&bob, &eve]).await;
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/")).await;
    at_bob.next_of("joined").await;
    let mut at_ada = ada.socket("/ws/").await;
    // Long enough for some of it to be written down.
    let start = std::time::Instant::now();
    let mut sent = 0;
    while start.elapsed() < std::time::Duration::from_secs(5) {
        at_ada.say(&room, "on and on").await;
        sent += 1;
    }
    app.kill9();
    let mut got = 0;
    while let Some(message) = at_bob.try_next_of("message").await {
        got = message["seq"].as_u64().expect("a seq");
    }
    assert!(got <= sent);
    assert_eq!(users(&receipts(&ada, &room, 1).await["delivered"]), ["bob"], "it was late");
    for seq in (1..=sent).rev().step_by(97) {
        let found = receipts(&ada, &room, seq).await;
        let delivered = users(&found["delivered"]);
        assert!(delivered.is_empty() || delivered == ["bob"] && seq <= got, "{found}");
        assert!(users(&found["pending"]).contains(&"eve"));
    }
}
