//! Coming back: history and resume.

use serde_json::{Value, json};

use crate::support::{App, socket::Socket, user::User};

async fn say(user: &User, room: &str, from: u64, to: u64) {
    let mut socket = user.socket("/ws/").await;
    for number in from..=to {
        let text = format!("number {number}");
        socket.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
    }
    for _ in from..=to {
        socket.next_of("ack").await;
    }
}

async fn expect(socket: &mut Socket, from: u64, to: u64) {
    for seq in from..=to {
        let message = socket.next_of("message").await;
        assert_eq!(
            (&message["seq"], &message["text"]),
            (&json!(seq), &json!(format!("number {seq}")))
        );
    }
}

async fn unlimited() -> App {
    App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await
}

#[tokio::test]
async fn a_join_behind_an_entry_brings_what_was_missed_and_then_what_comes() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 700).await;
    for after in [0, 1, 350, 699, 700] {
        let mut socket = ada.socket("/ws/").await;
        socket.send(json!({"type": "join", "ref": 1, "room": room, "after": after})).await;
        assert_eq!(socket.next_of("joined").await["seq"], 700);
        expect(&mut socket, after + 1, 700).await;
        socket.send(json!({"type": "ping", "ref": 2})).await;
        assert_eq!(socket.next().await["type"], "pong", "nothing twice");
    }
}

#[tokio::test]
async fn resuming_while_others_write_has_no_gap_and_no_double() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 500).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}/?after=100")).await;
    let writer = say(&ada, &room, 501, 900);
    let ((), ()) = tokio::join!(writer, expect(&mut socket, 101, 900));
}

#[tokio::test]
async fn a_join_with_history_brings_the_last_messages() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 30).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}?history=5")).await;
    assert_eq!(socket.next_of("joined").await["seq"], 30);
    expect(&mut socket, 26, 30).await;
    let mut whole = ada.socket("/ws/").await;
    whole.send(json!({"type": "join", "ref": 1, "room": room, "history": 100})).await;
    expect(&mut whole, 1, 30).await;
}

#[tokio::test]
async fn history_pages_back_to_the_first_message() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 25).await;
    let mut socket = ada.socket("/ws/").await;
    let mut seqs: Vec<u64> = Vec::new();
    let mut before = Value::Null;
    loop {
        let ask = json!({"type": "history", "ref": 1, "room": room, "before": before, "limit": 10});
        socket.send(ask).await;
        let page = socket.next_of("history").await;
        let messages = page["messages"].as_array().expect("messages");
        let page_seqs: Vec<u64> =
            messages.iter().map(|message| message["seq"].as_u64().expect("a seq")).collect();
        assert!(page_seqs.is_sorted());
        seqs.splice(0..0, page_seqs);
        before = json!(seqs[0]);
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(seqs, (1..=25).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_client_that_has_what_the_log_has_not_is_told_so() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 3).await;
    let entries = ada.get(&format!("/api/rooms/{room}/messages/?after=0")).await.json();
    let id = entries["results"][1]["id"].clone();
    let mut socket = ada.socket("/ws/").await;
    let join = |after: u64, last: &Value| json!({"type": "join", "ref": 1, "room": room, "after": after, "last": last});
    socket.send(join(2, &id)).await;
    assert!(socket.next_of("joined").await.get("diverged").is_none());
    expect(&mut socket, 3, 3).await;
    for (after, last) in [(3, &id), (9, &id)] {
        let mut socket = ada.socket("/ws/").await;
        socket.send(join(after, last)).await;
        assert_eq!(socket.next_of("joined").await["diverged"], true);
        expect(&mut socket, 1, 3).await;
    }
}

#[tokio::test]
async fn joins_and_leaves_are_granted_in_the_order_in_which_they_are_said() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut speaker = ada.socket("/ws/").await;
    let mut socket = ada.socket("/ws/").await;
    for round in 0..10 {
        speaker.say(&room, "one more").await;
        let first = round * 10;
        for (place, kind) in ["join", "leave", "join", "join", "leave"].iter().enumerate() {
            let mut frame = json!({"type": kind, "ref": first + place, "room": room});
            if place % 2 == 0 && *kind == "join" {
                frame["after"] = json!(0);
            }
            socket.send(frame).await;
        }
        for (place, kind) in ["joined", "ok", "joined", "joined", "ok"].iter().enumerate() {
            let answer = socket.next_where(|frame| frame.get("ref").is_some()).await;
            assert_eq!((&answer["type"], &answer["ref"]), (&json!(kind), &json!(first + place)));
        }
    }
}
