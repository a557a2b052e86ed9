//! Who comes and goes: it is in the log, and acts at once.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn whoever_is_removed_sees_nothing_from_there_on() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket(&format!("/ws/chat/{room}/")).await;
    at_ada.next_of("joined").await;
    let mut at_bob = bob.socket("/ws/").await;
    at_bob.join(&room).await;
    let mut only_room = bob.socket(&format!("/ws/chat/{room}/")).await;
    only_room.next_of("joined").await;

    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada"]})).await.ok();
    let members = at_ada.next_of("members").await;
    assert_eq!((&members["by"], &members["removed"]), (&json!("ada"), &json!(["bob"])));
    assert_eq!((&members["added"], &members["seq"]), (&json!([]), &json!(1)));
    let left = at_bob.next().await;
    assert_eq!((&left["type"], &left["reason"]), (&json!("left"), &json!("removed")));
    assert_eq!(only_room.closed().await, 4403);

    at_ada.send(json!({"type": "message", "ref": 1, "room": room, "text": "he is gone"})).await;
    assert_eq!(at_ada.next_of("ack").await["seq"], 2);
    at_bob.send(json!({"type": "message", "ref": 2, "room": room, "text": "am I?"})).await;
    let error = at_bob.next().await;
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("not_found")));
    assert_eq!(bob.get(&format!("/api/rooms/{room}/messages/")).await.status, 404);
}

#[tokio::test]
async fn whoever_is_added_can_join_at_once() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[]).await;
    let mut at_ada = ada.socket(&format!("/ws/chat/{room}/")).await;
    at_ada.next_of("joined").await;
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada", "bob"]})).await.ok();
    assert_eq!(at_ada.next_of("members").await["added"], json!(["bob"]));
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/?after=0")).await;
    assert_eq!(at_bob.next_of("members").await["seq"], 1);
    at_bob.send(json!({"type": "message", "ref": 1, "room": room, "text": "hello"})).await;
    assert_eq!(at_ada.next_of("message").await["sender"], "bob");
}

#[tokio::test]
async fn messages_and_changes_of_membership_at_once_make_one_order() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}/")).await;
    socket.next_of("joined").await;
    let path = format!("/api/rooms/{room}/");
    let changes = async {
        for round in 0..10 {
            let members = if round % 2 == 0 { json!(["ada", "bob"]) } else { json!(["ada"]) };
            ada.patch(&path, json!({"members": members})).await.ok();
        }
    };
    let messages = async {
        for number in 0..100 {
            socket.send(json!({"type": "message", "ref": number, "room": room, "text": "x"})).await;
        }
        for seq in 1..=110 {
            let entry = loop {
                let frame = socket.next().await;
                if frame.get("sender").is_some() || frame.get("by").is_some() {
                    break frame;
                }
                assert_ne!(frame["type"], "error", "{frame}");
            };
            assert_eq!(entry["seq"], seq);
        }
    };
    tokio::join!(changes, messages);
    assert_eq!(bob.get(&path).await.status, 404);
}
