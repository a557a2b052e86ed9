//! Several nodes with Redis between them: what happens on one is seen on the others at once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{redis::Redis, socket::Socket, town::Town, user::User};

/// Says so many messages, each once the one before is acknowledged.
pub(crate) async fn say_all(user: User, room: String, count: usize) {
    let mut socket = user.socket("/ws/").await;
    for number in 0..count {
        socket.say(&room, &format!("{} {number}", user.url())).await;
    }
}

/// Hears entries up to this seq: each once, in order.
pub(crate) async fn hear_all(socket: &mut Socket, from: u64, to: u64) {
    for seq in from..=to {
        assert_eq!(socket.next_of("message").await["seq"], seq);
    }
}

/// Says ten things in a new room; they come over the bus.
///
/// Rooms look at the log too, each second at most. What is said right behind a look waits for the
/// next one: that all but the first take so long is a bus that does not bring them, however busy the
/// machine is.
pub(crate) async fn heard_through_the_bus(here: &mut Socket, there: &mut Socket, room: &str) {
    let mut shortest = Duration::MAX;
    for seq in 1..=10 {
        let begin = Instant::now();
        here.say(room, "hello").await;
        hear_all(there, seq, seq).await;
        if seq > 1 {
            shortest = shortest.min(begin.elapsed());
        }
    }
    assert!(shortest < Duration::from_millis(600), "{shortest:?}");
}

#[tokio::test]
async fn what_is_said_on_any_node_is_heard_on_all_in_one_order() {
    let redis = Redis::start();
    let town = Town::of(3, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let path = format!("/ws/chat/{room}/");
    let mut ears = Vec::new();
    for node in 0..3 {
        let mut ear = town.at(node, &bob).socket(&path).await;
        ear.next_of("joined").await;
        ears.push(ear);
    }
    town.until_bus_is("up").await;
    let senders: Vec<_> =
        (0..3).map(|node| tokio::spawn(say_all(town.at(node, &ada), room.clone(), 40))).collect();
    for ear in &mut ears {
        hear_all(ear, 1, 120).await;
    }
    for sender in senders {
        sender.await.unwrap();
    }
    for ear in &mut ears {
        ear.hears_nothing_of("message", Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn nobody_waits_for_a_look_at_the_log() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut here = ada.socket(&format!("/ws/chat/{room}/")).await;
    let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
    here.next_of("joined").await;
    there.next_of("joined").await;
    town.until_bus_is("up").await;
    heard_through_the_bus(&mut here, &mut there, &room).await;
}

#[tokio::test]
async fn typing_and_reading_are_seen_on_other_nodes() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut here = ada.socket(&format!("/ws/chat/{room}/")).await;
    let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
    here.next_of("joined").await;
    there.next_of("joined").await;
    town.until_bus_is("up").await;
    there.send(json!({"type": "typing", "room": room})).await;
    assert_eq!(here.next_of("typing").await["user"], "bob");
    here.say(&room, "read this").await;
    there.next_of("message").await;
    there.send(json!({"type": "read", "ref": 1, "room": room, "seq": 1})).await;
    let read = here.next_of("read").await;
    assert_eq!((&read["user"], &read["seq"]), (&json!("bob"), &json!(1)));
}

#[tokio::test]
async fn whoever_is_removed_by_rest_on_one_node_is_cut_off_on_another() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut there = town.at(1, &bob).socket("/ws/").await;
    there.join(&room).await;
    town.until_bus_is("up").await;
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada"]})).await.ok();
    let left = there.next_of("left").await;
    assert_eq!(left["reason"], "removed");
}

#[tokio::test]
async fn messages_too_large_to_travel_are_fetched_from_the_log() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut here = ada.socket("/ws/").await;
    let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
    there.next_of("joined").await;
    town.until_bus_is("up").await;
    redis.ask(&["config", "resetstat"]);
    // 12,000 bytes each: two of them, appended together, are more than travels whole.
    let text = "م".repeat(4_000);
    for number in 0..40 {
        let frame = json!({"type": "message", "ref": number, "room": room, "text": text});
        here.send(frame).await;
    }
    for seq in 1..=40 {
        let message = there.next_of("message").await;
        assert_eq!((&message["seq"], &message["text"]), (&json!(seq), &json!(text)));
    }
    let stats = redis.ask(&["info", "stats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("total_net_input_bytes:")).unwrap();
    let bytes: usize = line.trim().parse().unwrap();
    assert!(bytes < 40 * text.len(), "{bytes} bytes went into Redis");
}
