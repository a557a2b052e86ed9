//! The log of a room over REST.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn the_log_reads_the_same_over_rest_and_socket() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}/")).await;
    let mut seen = Vec::new();
    for number in 1..=7 {
        socket.send(json!({"type": "message", "ref": number, "room": room, "text": format!("{number}")})).await;
        seen.push(socket.next_of("message").await);
    }
    let path = format!("/api/rooms/{room}/messages/");
    let page = bob.get(&format!("{path}?after=2&limit=3")).await.ok();
    assert_eq!(page, json!({"results": seen[2..5], "more": true}));
    let page = bob.get(&format!("{path}?after=5&limit=3")).await.ok();
    assert_eq!(page, json!({"results": seen[5..], "more": false}));
    let page = bob.get(&format!("{path}?before=4&limit=2")).await.ok();
    assert_eq!(page, json!({"results": seen[1..3], "more": true}));
    let page = bob.get(&path).await.ok();
    assert_eq!(page, json!({"results": seen, "more": false}));
}

#[tokio::test]
async fn only_members_read_the_log_and_staff_do_not() {
    let mut app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let boss = app.superuser("root").await;
    let room = ada.room_with(&[]).await;
    let path = format!("/api/rooms/{room}/messages/");
    assert_eq!(eve.get(&path).await.status, 404);
    assert_eq!(app.anonymous().get(&path).await.status, 401);
    assert_eq!(boss.get(&format!("/api/rooms/{room}/")).await.status, 200);
    assert_eq!(boss.get(&path).await.status, 403);
    assert_eq!(ada.get(&format!("{path}?after=x")).await.status, 400);
    assert_eq!(ada.get(&format!("{path}?nonsense=1")).await.status, 400);
}
