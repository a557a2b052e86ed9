//! A room as Server-Sent Events: the same as on a socket.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{App, events::Events, socket::Socket, user::User};

fn path(room: &str) -> String {
    format!("/api/rooms/{room}/events/")
}

async fn unlimited() -> App {
    App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await
}

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

async fn expect(stream: &mut Events, from: u64, to: u64) {
    for seq in from..=to {
        let event = stream.next_entry().await;
        assert_eq!((event.name.as_str(), event.id), ("message", Some(seq)));
        assert_eq!(event.data["text"], format!("number {seq}"));
    }
}

async fn entries(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut entries = Vec::new();
    while entries.len() < count {
        entries.push(socket.next_where(|frame| frame.get("time").is_some()).await);
    }
    entries
}

#[tokio::test]
async fn streams_and_sockets_see_the_same() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/")).await;
    at_bob.next_of("joined").await;
    let mut streams = [bob.events(&path(&room), None).await, ada.events(&path(&room), None).await];
    for stream in &mut streams {
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        assert_eq!(stream.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(stream.headers()["x-accel-buffering"], "no");
        let joined = stream.next().await.expect("an event");
        assert_eq!((joined.name.as_str(), &joined.data["seq"]), ("joined", &json!(0)));
    }
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.say(&room, "hello\nthere: {}\r\n\u{2028}").await;
    at_ada.say(&room, "typo").await;
    at_ada.send(json!({"type": "edit", "ref": 1, "room": room, "seq": 2, "text": "type"})).await;
    at_ada.next_of("ack").await;
    at_ada.send(json!({"type": "delete", "ref": 2, "room": room, "seq": 1})).await;
    at_ada.next_of("ack").await;
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada", "bob"], "name": "x"}))
        .await
        .ok();
    let seen: Vec<Value> = {
        let mut seen = Vec::new();
        for kind in ["message", "message", "edited", "deleted"] {
            seen.push(at_bob.next_of(kind).await);
        }
        seen
    };
    for stream in &mut streams {
        for frame in &seen {
            let event = stream.next_entry().await;
            assert_eq!(&event.data, frame);
            assert_eq!(event.name, frame["type"]);
            assert_eq!(event.id, frame["seq"].as_u64());
        }
    }
    at_bob.send(json!({"type": "read", "ref": 3, "room": room, "seq": 2})).await;
    at_bob.next_of("ok").await;
    at_bob.send(json!({"type": "typing", "room": room})).await;
    for stream in &mut streams {
        let read = stream.next_of("read").await;
        assert_eq!((read.id, &read.data["user"]), (None, &json!("bob")));
        assert_eq!(stream.next_of("typing").await.data["user"], "bob");
    }
}

#[tokio::test]
async fn a_stream_resumes_behind_what_its_client_has() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 700).await;
    let plain = path(&room);
    for (query, last, first) in [
        ("?after=0", None, 1),
        ("?after=350", None, 351),
        ("?after=350", Some(699), 700),
        ("", Some(2), 3),
        ("?history=5", None, 696),
        ("?history=5", Some(600), 601),
    ] {
        let mut stream = ada.events(&format!("{plain}{query}"), last).await;
        let joined = stream.next().await.expect("an event");
        assert_eq!((&joined.data["seq"], joined.id), (&json!(700), Some(first - 1)));
        assert!(joined.data.get("diverged").is_none());
        expect(&mut stream, first, 700).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_has_no_gap_and_no_double() {
    let app = unlimited().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let writer = tokio::spawn({
        let (ada, room) = (ada.clone(), room.clone());
        async move { say(&ada, &room, 1, 1_500).await }
    });
    let (mut seen, mut last) = (0, None);
    while seen < 1_500 {
        let mut stream = ada.events(&path(&room), last.or(Some(0))).await;
        assert_eq!(stream.next().await.expect("an event").name, "joined");
        let until = (seen + 170).min(1_500);
        expect(&mut stream, seen + 1, until).await;
        (seen, last) = (until, stream.last_id);
    }
    writer.await.expect("a writer");
}

#[tokio::test]
async fn who_comes_back_before_the_first_entry_has_missed_nothing() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 3).await;
    let mut stream = ada.events(&path(&room), None).await;
    stream.next_of("joined").await;
    let last = stream.last_id;
    drop(stream);
    say(&ada, &room, 4, 6).await;
    let mut stream = ada.events(&path(&room), last).await;
    stream.next_of("joined").await;
    expect(&mut stream, 4, 6).await;
}

#[tokio::test]
async fn a_client_that_has_what_the_log_has_not_gets_everything_anew() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    say(&ada, &room, 1, 3).await;
    let mut stream = ada.events(&path(&room), Some(9)).await;
    assert_eq!(stream.next().await.expect("an event").data["diverged"], true);
    expect(&mut stream, 1, 3).await;
}

#[tokio::test]
async fn a_slow_client_gets_everything_once_it_reads() {
    let app = unlimited().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut slow = bob.events(&path(&room), None).await;
    slow.next_of("joined").await;
    let mut fast = ada.socket(&format!("/ws/chat/{room}/")).await;
    let text = "x".repeat(3_900);
    // About 12 MB: more than the buffers of the connection and the outbox hold.
    for _ in 0..30 {
        for number in 0..100 {
            fast.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
        }
        for _ in 0..100 {
            fast.next_of("ack").await;
        }
    }
    for seq in 1..=3_000 {
        let event = slow.next_entry().await;
        assert_eq!((event.id, &event.data["seq"]), (Some(seq), &json!(seq)));
    }
}

#[tokio::test]
async fn changes_of_membership_are_events_too() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[]).await;
    let mut stream = ada.events(&path(&room), None).await;
    stream.next_of("joined").await;
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada", "bob"]})).await.ok();
    let members = stream.next_of("members").await;
    assert_eq!((members.id, &members.data["added"]), (Some(1), &json!(["bob"])));
    let mut at_bob = bob.socket(&format!("/ws/chat/{room}/?after=0")).await;
    assert_eq!(entries(&mut at_bob, 1).await, [members.data]);
}

#[tokio::test]
async fn only_members_get_a_stream() {
    let mut app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let boss = app.superuser("root").await;
    let (ada, eve) = (app.log_in(&ada.username).await, app.log_in(&eve.username).await);
    let room = ada.room_with(&[]).await;
    let path = path(&room);
    assert_eq!(app.anonymous().get(&path).await.status, 401);
    assert_eq!(eve.get(&path).await.status, 404);
    assert_eq!(boss.get(&path).await.status, 403);
    assert_eq!(ada.get("/api/rooms/0123456789abcdef01234567/events/").await.status, 404);
    for query in ["after=x", "after=-1", "nonsense=1", "after=1&history=1"] {
        let answer = ada.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let odd = ada.request(Method::GET, &path).header("last-event-id", "x");
    assert!(ada.send(odd).await.with_status(400)["Last-Event-ID"].is_array());
}

#[tokio::test]
async fn the_path_says_what_can_be_done_with_it() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let path = path(&ada.room_with(&[]).await);
    let json = ada.request(Method::GET, &path).header("accept", "application/json");
    assert_eq!(ada.send(json).await.status, 406);
    let head = ada.send(ada.request(Method::HEAD, &path)).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.headers["content-type"], "text/event-stream");
    let options = ada.options(&path).await;
    assert_eq!(options.ok()["renders"], json!(["text/event-stream"]));
    let post = ada.post(&path, json!({})).await;
    post.with_status(405);
    for answer in [head, options, post] {
        assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS");
    }
}

#[tokio::test]
async fn a_ticket_opens_one_stream() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = ada.room_with(&[]).await;
    let ticket = ada.post("/api/ws-ticket/", json!({})).await.json();
    let path = format!("{}?ticket={}", path(&room), ticket["ticket"].as_str().expect("a ticket"));
    let mut stream = app.anonymous().events(&path, None).await;
    assert_eq!(stream.next().await.expect("an event").name, "joined");
    assert_eq!(app.anonymous().get(&path).await.status, 401, "a second time");
}
