//! Who has read what, and who is writing.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn reading_is_told_to_the_others_and_counts_down_what_is_unread() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket(&format!("/ws/chat/{room}/")).await;
    at_ada.next_of("joined").await;
    for text in ["one", "two", "three"] {
        at_ada.say(&room, text).await;
    }
    let path = format!("/api/rooms/{room}/");
    assert_eq!(bob.get(&path).await.ok()["unread"], 3);
    assert_eq!(ada.get(&path).await.ok()["unread"], 0, "one's own are not unread");
    let mut at_bob = bob.socket("/ws/").await;
    assert_eq!(at_bob.join(&room).await["unread"], 3);
    at_bob.send(json!({"type": "read", "ref": 1, "room": room, "seq": 2})).await;
    at_bob.next_of("ok").await;
    let read = at_ada.next_of("read").await;
    assert_eq!((&read["user"], &read["seq"]), (&json!("bob"), &json!(2)));
    assert_eq!(bob.get(&path).await.ok()["unread"], 1);
    at_bob.send(json!({"type": "read", "ref": 2, "room": room, "seq": 1})).await;
    at_bob.next_of("ok").await;
    assert_eq!(bob.get(&path).await.ok()["unread"], 1, "a mark never moves back");
    let mut again = ada.socket("/ws/").await;
    assert_eq!(again.join(&room).await["read"], json!({"bob": 2}));
}

#[tokio::test]
async fn writing_is_told_to_the_others_alone() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let (mut at_ada, mut at_bob) = (ada.socket("/ws/").await, bob.socket("/ws/").await);
    at_ada.join(&room).await;
    at_bob.join(&room).await;
    at_ada.send(json!({"type": "typing", "room": room})).await;
    assert_eq!(at_bob.next_of("typing").await["user"], "ada");
    at_ada.send(json!({"type": "ping", "ref": 1})).await;
    at_ada.next_of("pong").await;
    at_ada.hears_nothing_of("typing", std::time::Duration::ZERO).await;
}
