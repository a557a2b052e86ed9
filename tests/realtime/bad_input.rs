//! Frames that are wrong: each is answered, and the socket goes on.

use serde_json::{Value, json};

use crate::support::{App, socket::Socket};

async fn refused(socket: &mut Socket, frame: Value) -> Value {
    socket.send(frame).await;
    socket.next_of("error").await
}

#[tokio::test]
async fn every_wrong_frame_gets_its_error_and_the_socket_goes_on() {
    let app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    let long = "x".repeat(4_001);
    let cases = [
        (json!({"ref": 1}), "bad_request"),
        (json!({"type": "fly", "ref": 1}), "bad_request"),
        (json!({"type": 7, "ref": 1}), "bad_request"),
        (json!({"type": "join", "ref": 1}), "bad_request"),
        (json!({"type": "join", "ref": 1, "room": 5}), "bad_request"),
        (json!({"type": "join", "ref": 1, "room": room, "after": -1}), "bad_request"),
        (json!({"type": "join", "ref": 1, "room": "ffffffffffffffffffffffff"}), "not_found"),
        (json!({"type": "join", "ref": 1, "room": "nonsense"}), "not_found"),
        (json!({"type": "message", "ref": 1, "room": room}), "bad_request"),
        (json!({"type": "message", "ref": 1, "room": room, "text": ""}), "bad_request"),
        (json!({"type": "message", "ref": 1, "room": room, "text": " \n"}), "bad_request"),
        (json!({"type": "message", "ref": 1, "room": room, "text": ["x"]}), "bad_request"),
        (json!({"type": "message", "ref": 1, "room": room, "text": long}), "too_large"),
        (
            json!({"type": "message", "ref": 1, "room": room, "text": "x", "key": "k".repeat(65)}),
            "bad_request",
        ),
        (json!({"type": "history", "ref": 1, "room": room, "before": "x"}), "bad_request"),
    ];
    for (frame, code) in cases {
        let shown: String = frame.to_string().chars().take(100).collect();
        let error = refused(&mut socket, frame).await;
        assert_eq!((&error["code"], &error["ref"]), (&json!(code), &json!(1)), "{shown}");
        assert!(error["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let error = refused(&mut socket, json!([1, 2])).await;
    assert_eq!(error["code"], "bad_request");
    let error = refused(&mut socket, json!({"type": "ping", "ref": "x".repeat(65)})).await;
    assert_eq!(error["code"], "bad_request");

    let mut stranger = eve.socket("/ws/").await;
    for frame in [
        json!({"type": "join", "ref": 1, "room": room}),
        json!({"type": "message", "ref": 1, "room": room, "text": "let me in"}),
        json!({"type": "history", "ref": 1, "room": room}),
    ] {
        assert_eq!(refused(&mut stranger, frame).await["code"], "not_found");
    }
    socket
        .send(json!({"type": "message", "ref": "fine", "room": room, "text": "x".repeat(4_000)}))
        .await;
    assert_eq!(socket.next_of("ack").await["seq"], 1, "nothing refused was stored");
}

#[tokio::test]
async fn ten_frames_that_are_not_json_end_the_socket() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let mut socket = ada.socket("/ws/").await;
    for number in 0..10 {
        if number % 2 == 0 {
            socket.send_text("this is not JSON").await;
        } else {
            socket.send_binary(b"{}").await;
        }
        assert_eq!(socket.next_of("error").await["code"], "bad_request");
    }
    assert_eq!(socket.closed().await, 4400);
}

#[tokio::test]
async fn json_that_is_wrong_does_not_count_towards_the_end() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let mut socket = ada.socket("/ws/").await;
    for _ in 0..15 {
        socket.send(json!([])).await;
        assert_eq!(socket.next_of("error").await["code"], "bad_request");
    }
    socket.send(json!({"type": "ping", "ref": 1})).await;
    assert_eq!(socket.next_of("pong").await["ref"], 1);
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_socket_and_nothing_else() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let mut other = ada.socket("/ws/").await;
    let mut socket = ada.socket("/ws/").await;
    socket.send_text(&"x".repeat(2_000_000)).await;
    assert_eq!(socket.closed().await, 4413);
    other.send(json!({"type": "ping", "ref": 1})).await;
    other.next_of("pong").await;
}

#[tokio::test]
async fn refs_come_back_as_they_were_sent() {
    let app = App::start().await;
    let mut socket = app.patient("ada").await.socket("/ws/").await;
    for reference in ["\"a\"", "1.50", "-3", "123456789012345678901234567890", "\"😀\""] {
        socket.send_text(&format!(r#"{{"type":"ping","ref":{reference}}}"#)).await;
        let pong = socket.next_text().await;
        assert!(pong.contains(&format!(r#""ref":{reference}"#)), "{pong}");
    }
}

#[tokio::test]
async fn who_sends_too_fast_is_told_when_to_try_again() {
    let settings = [("IHS_LIMITS__MESSAGES_PER_SECOND", "1"), ("IHS_LIMITS__MESSAGES_BURST", "3")];
    let app = App::with(&settings).await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    for number in 0..5 {
        socket.send(json!({"type": "message", "ref": number, "room": room, "text": "x"})).await;
    }
    let error = socket.next_of("error").await;
    assert_eq!(error["code"], "rate_limited");
    assert!(error["retry_after"].as_u64().is_some_and(|seconds| seconds >= 1));
}
