//! Messages in many frames, frames that lie, and clients that close only their half.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn a_message_in_fragments_arrives_whole_and_pings_between_them_are_answered() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    socket.join(&room).await;
    let text = "سلام 😀".repeat(20);
    let frame = json!({"type": "message", "ref": 1, "room": room, "text": text});
    socket.send_in_fragments(&frame.to_string(), 7).await;
    assert_eq!(socket.next_of("ack").await["seq"], 1);
    assert_eq!(socket.next_of("message").await["text"], text);
}

#[tokio::test]
async fn a_frame_that_would_be_too_large_ends_the_socket_before_it_is_sent() {
    let app = App::start().await;
    let mut socket = app.patient("ada").await.socket("/ws/").await;
    socket.send_header_of(1 << 40).await;
    assert_eq!(socket.closed().await, 4413);
}

#[tokio::test]
async fn fragments_that_are_too_large_together_end_the_socket() {
    let app = App::start().await;
    let mut socket = app.patient("ada").await.socket("/ws/").await;
    socket.send_in_fragments(&"x".repeat(70_000), 1_000).await;
    assert_eq!(socket.closed().await, 4413);
}

#[tokio::test]
async fn a_client_that_closes_its_half_gets_the_answers_that_it_waits_for() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    for number in 1..=20 {
        socket.send(json!({"type": "message", "ref": number, "room": room, "text": "bye"})).await;
    }
    socket.close_half().await;
    for _ in 1..=20 {
        socket.next_of("ack").await;
    }
    socket.closed().await;
}
