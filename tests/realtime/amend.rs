//! Messages that are edited or deleted.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn an_edit_is_an_entry_of_its_own_and_changes_what_history_shows() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/")).await;
    at_bob.next_of("joined").await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.say(&room, "teh").await;
    at_ada.send(json!({"type": "edit", "ref": 2, "room": room, "seq": 1, "text": "the"})).await;
    let ack = at_ada.next_where(|frame| frame["ref"] == 2).await;
    assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(2)));
    let edited = at_bob.next_of("edited").await;
    assert_eq!((&edited["target"], &edited["text"]), (&json!(1), &json!("the")));
    assert_eq!((&edited["seq"], &edited["sender"]), (&json!(2), &json!("ada")));
    at_bob.send(json!({"type": "history", "ref": 3, "room": room})).await;
    let history = at_bob.next_of("history").await;
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
    assert_eq!(history["messages"][0]["text"], "the");
}

#[tokio::test]
async fn a_deleted_text_is_gone_from_the_log() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}/")).await;
    socket.say(&room, "a secret").await;
    socket
        .send(json!({"type": "edit", "ref": 2, "room": room, "seq": 1, "text": "a secret too"}))
        .await;
    socket.next_where(|frame| frame["ref"] == 2).await;
    socket.send(json!({"type": "delete", "ref": 3, "room": room, "seq": 1})).await;
    assert_eq!(socket.next_where(|frame| frame["ref"] == 3).await["seq"], 3);
    assert_eq!(socket.next_of("deleted").await["target"], 1);
    let log = ada.get(&format!("/api/rooms/{room}/messages/?after=0")).await;
    assert_eq!(log.ok()["results"].as_array().unwrap().len(), 3);
    assert!(!log.text.contains("secret"), "{}", log.text);
    let mut again = ada.socket(&format!("/ws/chat/{room}/?after=0")).await;
    for kind in ["joined", "message", "edited", "deleted"] {
        let frame = again.next().await;
        assert_eq!(frame["type"], kind);
        assert!(!frame.to_string().contains("secret"), "{frame}");
    }
    for frame in [
        json!({"type": "edit", "ref": 4, "room": room, "seq": 1, "text": "back"}),
        json!({"type": "delete", "ref": 4, "room": room, "seq": 1}),
        json!({"type": "delete", "ref": 4, "room": room, "seq": 99}),
        json!({"type": "delete", "ref": 4, "room": room, "seq": 3}),
    ] {
        again.send(frame).await;
        assert_eq!(again.next_of("error").await["code"], "not_found");
    }
}

#[tokio::test]
async fn only_the_sender_changes_a_message() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    ada.socket("/ws/").await.say(&room, "mine").await;
    let mut socket = bob.socket("/ws/").await;
    for frame in [
        json!({"type": "edit", "ref": 1, "room": room, "seq": 1, "text": "his"}),
        json!({"type": "delete", "ref": 1, "room": room, "seq": 1}),
    ] {
        socket.send(frame).await;
        assert_eq!(socket.next_of("error").await["code"], "forbidden");
    }
}

#[tokio::test]
async fn a_message_that_is_sent_again_together_with_an_edit_holds_nobody_up() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    let message = |number: usize, key: &str| json!({"type": "message", "ref": number, "room": room, "text": "hello", "key": key});
    socket.send(message(0, "first")).await;
    socket.next_of("ack").await;
    // While one append is under way, what comes gathers into the next.
    for round in 0..20 {
        socket.send(message(1, &format!("new {round}"))).await;
        socket.send(message(2, "first")).await;
        let edit = json!({"type": "edit", "ref": 3, "room": room, "seq": 1, "text": "hello"});
        socket.send(edit).await;
    }
    for _ in 0..60 {
        let ack = socket.next_of("ack").await;
        assert_eq!(ack["ref"] == 2, ack["seq"] == 1, "{ack}");
    }
}

#[tokio::test]
async fn of_many_who_change_and_delete_one_message_at_once_one_deletes_it_and_it_stays_so() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let path = format!("/ws/chat/{room}/");
    let (mut one, mut other) = (ada.socket(&path).await, ada.socket(&path).await);
    one.say(&room, "first").await;
    for reference in 1..=4 {
        let edit = json!({"type": "edit", "ref": reference, "room": room, "seq": 1, "text": "x"});
        let delete = json!({"type": "delete", "ref": reference + 4, "room": room, "seq": 1});
        for socket in [&mut one, &mut other] {
            socket.send(edit.clone()).await;
            socket.send(delete.clone()).await;
        }
    }
    let mut deleted = 0;
    for socket in [&mut one, &mut other] {
        for reference in 1..=8 {
            let answer = socket.next_where(|frame| frame["ref"] == reference).await;
            if answer["type"] == "ack" {
                deleted += usize::from(reference > 4);
            } else {
                assert_eq!(answer["code"], "not_found", "{answer}");
            }
        }
    }
    assert_eq!(deleted, 1);
    let log = ada.get(&format!("/api/rooms/{room}/messages/?after=0&limit=200")).await.ok();
    let kinds: Vec<&str> =
        log["results"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.last(), Some(&"deleted"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "deleted").count(), 1);
}

#[tokio::test]
async fn edits_that_are_said_in_a_breath_are_made_in_their_order() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket(&format!("/ws/chat/{room}/")).await;
    socket.say(&room, "first").await;
    for number in 2..=30 {
        let text = format!("text {number}");
        let edit = json!({"type": "edit", "ref": number, "room": room, "seq": 1, "text": text});
        socket.send(edit).await;
    }
    for number in 2..=30 {
        let ack = socket.next_where(|frame| frame["ref"] == number).await;
        assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(number)));
    }
    socket.send(json!({"type": "history", "ref": 31, "room": room})).await;
    assert_eq!(socket.next_of("history").await["messages"][0]["text"], "text 30");
}
