//! How a stream of events stays, and how it ends.

use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::support::{App, events::Events};

fn path(room: &str) -> String {
    format!("/api/rooms/{room}/events/")
}

/// The code in the last event of a stream that ends.
async fn closed(stream: &mut Events) -> Value {
    let rest = stream.rest().await;
    let last = rest.last().expect("an end");
    assert_eq!(last.name, "close", "{rest:?}");
    last.data["code"].clone()
}

#[tokio::test]
async fn whoever_is_removed_sees_nothing_from_there_on() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_bob = bob.events(&path(&room), None).await;
    at_bob.next_of("joined").await;
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada"]})).await.ok();
    let rest = at_bob.rest().await;
    let names: Vec<&str> = rest.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["left", "close"]);
    assert_eq!(rest[0].data["reason"], "removed");
    assert_eq!(rest[1].data["code"], 4403);
    assert_eq!(bob.get(&path(&room)).await.status, 404);
}

#[tokio::test]
async fn a_revoked_login_ends_its_streams() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let other_login = app.log_in("ada").await;
    let room = ada.room_with(&[]).await;
    let mut here = ada.events(&path(&room), None).await;
    let mut there = other_login.events(&path(&room), None).await;
    for stream in [&mut here, &mut there] {
        stream.next_of("joined").await;
    }
    ada.post("/api/token/revoke/", json!({})).await;
    assert_eq!(closed(&mut here).await, 4401);
    other_login.socket("/ws/").await.say(&room, "still here").await;
    there.next_of("message").await;
}

#[tokio::test]
async fn a_token_that_ends_takes_its_stream_with_it() {
    let app = App::with(&[("IHS_AUTH__ACCESS_SECONDS", "2")]).await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut stream = ada.events(&path(&room), None).await;
    assert_eq!(closed(&mut stream).await, 4401);
}

#[tokio::test]
async fn a_node_that_stops_says_how_long_to_wait() {
    let mut app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut stream = ada.events(&path(&room), None).await;
    stream.next_of("joined").await;
    assert!(stream.retry.expect("a time") >= 1_000, "a lost node is not asked at once");
    ada.socket("/ws/").await.say(&room, "one").await;
    let last = stream.next_of("message").await.id;
    app.restart();
    let rest = stream.rest().await;
    let close = rest.last().expect("an end");
    assert_eq!((close.name.as_str(), &close.data["code"]), ("close", &json!(1012)));
    let wait: u64 = close.data["reason"].as_str().expect("a time").parse().expect("a number");
    assert_eq!(stream.retry, Some(wait));
    ada.socket("/ws/").await.say(&room, "two").await;
    let mut back = ada.events(&path(&room), last).await;
    assert_eq!(back.next_of("message").await.data["text"], "two");
}

#[tokio::test]
async fn a_stream_on_which_nothing_happens_stays() {
    let app = App::with(&[("IHS_LIMITS__HEARTBEAT_SECONDS", "1")]).await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut stream = ada.events(&path(&room), None).await;
    stream.next_of("joined").await;
    // A socket that answers none of so many has ended.
    stream.beats(4).await;
    ada.socket("/ws/").await.say(&room, "after a while").await;
    assert_eq!(stream.next_of("message").await.data["text"], "after a while");
}

#[tokio::test]
async fn a_stream_takes_the_place_of_a_socket_until_its_client_is_gone() {
    let app =
        App::with(&[("IHS_LIMITS__HEARTBEAT_SECONDS", "1"), ("IHS_LIMITS__SOCKETS_PER_USER", "1")])
            .await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let mut stream = ada.events(&path(&room), None).await;
    stream.next_of("joined").await;
    let refused = ada.get(&path(&room)).await;
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (429, &HeaderValue::from_static("1"))
    );
    assert_eq!(ada.try_socket("/ws/").await.err(), Some(429));
    drop(stream);
    app.until("the place is free", async || ada.try_socket("/ws/").await.is_ok()).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_ended_and_its_place_is_free_again() {
    let app = App::with(&[
        ("IHS_LIMITS__MESSAGES_PER_SECOND", "0"),
        ("IHS_LIMITS__STALLED_SECONDS", "2"),
        ("IHS_LIMITS__SOCKETS_PER_USER", "1"),
    ])
    .await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut slow = bob.events(&path(&room), None).await;
    slow.next_of("joined").await;
    let mut fast = ada.socket("/ws/").await;
    let text = "x".repeat(3_900);
    for _ in 0..40 {
        for number in 0..100 {
            fast.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
        }
        for _ in 0..100 {
            fast.next_of("ack").await;
        }
    }
    app.until("the place is free", async || bob.try_socket("/ws/").await.is_ok()).await;
    drop(slow);
}
