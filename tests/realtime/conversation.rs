//! Two people in a room.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn what_one_says_the_other_hears() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let bob = app.doctor("bob").await;
    let room = ada.post("/api/rooms/", json!({"kind": "direct", "members": ["bob"]})).await;
    let room = room.created()["id"].as_str().unwrap().to_owned();
    let mut hers = ada.socket("/ws/").await;
    let mut his = bob.socket("/ws/").await;
    hers.join(&room).await;
    his.join(&room).await;
    let ack = hers.say(&room, "Good morning").await;
    let heard = his.next_of("message").await;
    assert_eq!(heard["text"], "Good morning");
    assert_eq!(heard["sender"], "ada");
    assert_eq!(heard["seq"], ack["seq"]);
    assert_eq!(heard["id"], ack["id"]);
}

#[tokio::test]
async fn a_socket_needs_a_token() {
    let app = App::start().await;
    assert_eq!(app.anonymous().try_socket("/ws/").await.err(), Some(401));
}
