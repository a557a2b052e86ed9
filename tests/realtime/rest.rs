//! Messages by REST and over sockets are the same messages.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::App;

const LIST: &str = "/api/messages/";

#[tokio::test]
async fn what_is_sent_edited_and_deleted_by_rest_comes_to_sockets() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut socket = bob.socket(&format!("/ws/chat/{room}/")).await;
    socket.next_of("joined").await;
    let sent = ada.post(LIST, json!({"room": room, "text": "teh"})).await.created();
    let message = socket.next_of("message").await;
    for (by_rest, live) in
        [("id", "id"), ("seq", "seq"), ("text", "text"), ("time_created", "time")]
    {
        assert_eq!(sent[by_rest], message[live]);
    }
    let path = format!("{LIST}{}/", sent["id"].as_str().unwrap());
    ada.patch(&path, json!({"text": "the"})).await.ok();
    let edited = socket.next_of("edited").await;
    assert_eq!((&edited["target"], &edited["text"]), (&json!(1), &json!("the")));
    let tag = bob.get(&path).await.header(reqwest::header::ETAG).to_owned();
    let request = ada.request(reqwest::Method::PATCH, &path).header("if-match", tag);
    ada.send(request.json(&json!({"text": "The"}))).await.ok();
    assert_eq!(socket.next_of("edited").await["text"], "The");
    ada.delete(&path).await.no_content();
    assert_eq!(socket.next_of("deleted").await["target"], 1);
    assert_eq!(bob.get(&path).await.ok()["deleted"], true);
}

#[tokio::test]
async fn what_is_said_over_a_socket_is_listed_by_rest() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    let mut socket = ada.socket("/ws/chat/@bob/").await;
    let room = socket.next_of("joined").await["room"].as_str().unwrap().to_owned();
    let ack = socket.say(&room, "hello").await;
    let page = bob.get(&format!("{LIST}?sender=ada&receiver=bob")).await.ok();
    let row = &page["results"][0];
    assert_eq!(
        (&page["count"], &row["id"], &row["receiver"]),
        (&json!(1), &ack["id"], &json!("bob"))
    );
    socket.send(json!({"type": "delete", "ref": 2, "room": room, "seq": 1})).await;
    let ack = socket.next_where(|frame| frame["ref"] == 2).await;
    let row = bob.get(&format!("{LIST}{}/", row["id"].as_str().unwrap())).await.ok();
    assert_eq!((&row["deleted"], &row["time_updated"]), (&json!(true), &ack["time"]));
    ada.post(&format!("/api/rooms/{room}/leave/"), json!({})).await.no_content();
    assert_eq!(ada.get(LIST).await.ok()["count"], 0);
    assert_eq!(bob.get(LIST).await.ok()["count"], 1);
}

#[tokio::test]
async fn a_key_is_the_same_over_a_socket_and_by_rest() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut socket = ada.socket("/ws/").await;
    let frame =
        |text: &str| json!({"type": "message", "ref": 1, "room": room, "text": text, "key": "k"});
    socket.send(frame("once")).await;
    let ack = socket.next_of("ack").await;
    let body = json!({"room": room, "text": "once", "key": "k"});
    let sent = join_all((0..4).map(|_| ada.post(LIST, body.clone()))).await;
    for answer in sent {
        assert_eq!(answer.created()["id"], ack["id"]);
    }
    let other = json!({"room": room, "text": "twice"});
    let request = ada.request(reqwest::Method::POST, LIST).header("idempotency-key", "k");
    assert_eq!(ada.send(request.json(&other)).await.status, 422);
    ada.post(LIST, json!({"room": room, "text": "first", "key": "l"})).await.created();
    let second = json!({"type": "message", "ref": 1, "room": room, "text": "second", "key": "l"});
    socket.send(second).await;
    assert_eq!(socket.next_of("error").await["code"], "conflict");
    assert_eq!(ada.get(LIST).await.ok()["count"], 2);
}

#[tokio::test]
async fn pages_hold_still_while_messages_come_in() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let ada = app.patient("ada").await;
    let rooms = [ada.room_with(&[]).await, ada.room_with(&[]).await];
    let mut socket = ada.socket("/ws/").await;
    for number in 0..10 {
        socket.say(&rooms[number % 2], &format!("{number}")).await;
    }
    let (mut seen, mut next) = (Vec::new(), format!("{LIST}?cursor=&page_size=3"));
    while !next.is_empty() {
        let page = ada.get(&next).await.ok();
        seen.extend(page["results"].as_array().unwrap().iter().map(|row| row["text"].clone()));
        if seen.len() == 6 {
            socket.say(&rooms[0], "late").await;
        }
        next = page["next"].as_str().unwrap_or_default().replace(app.url(), "");
    }
    let mut wanted: Vec<Value> = (0..10).map(|number| json!(number.to_string())).collect();
    wanted.push(json!("late"));
    assert_eq!(seen.len(), wanted.len());
    // Within a millisecond, rooms stand side by side.
    for text in wanted {
        assert_eq!(seen.iter().filter(|seen| **seen == text).count(), 1, "{text}");
    }
}

#[tokio::test]
async fn all_ways_of_sending_share_one_rate() {
    let limits = [("IHS_LIMITS__MESSAGES_PER_SECOND", "1"), ("IHS_LIMITS__MESSAGES_BURST", "4")];
    let app = App::with(&limits).await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let body = json!({"room": room, "text": "x"});
    let mut socket = ada.socket("/ws/").await;
    socket.say(&room, "1").await;
    ada.post(LIST, body.clone()).await.created();
    drop(socket);
    // A reconnect renews nothing: of what is left, some may have been earned meanwhile.
    let mut socket = ada.socket("/ws/").await;
    let sent = join_all((0..20).map(|_| ada.post(LIST, body.clone()))).await;
    let slow = sent.iter().filter(|answer| answer.status == 429).count();
    assert!(slow >= 10, "{slow}");
    let refused = sent.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header(reqwest::header::RETRY_AFTER).parse::<u64>().unwrap() >= 1);
    let frame = json!({"type": "message", "ref": 1, "room": room, "text": "x"});
    for _ in 0..3 {
        socket.send(frame.clone()).await;
    }
    assert_eq!(socket.next_of("error").await["code"], "rate_limited");
}
