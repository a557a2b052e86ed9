//! All rooms at once, and a socket that outlives its token.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{App, user::User};

fn row<'a>(synced: &'a Value, room: &str) -> &'a Value {
    let rooms = synced["rooms"].as_array().unwrap();
    rooms.iter().find(|row| row["room"] == room).unwrap()
}

#[tokio::test]
async fn one_request_brings_all_rooms_and_joins_them() {
    let app = App::start().await;
    let (ada, bob, cy) =
        (app.patient("ada").await, app.patient("bob").await, app.patient("cy").await);
    let (first, second) = (ada.room_with(&[&bob]).await, ada.room_with(&[&bob]).await);
    let strange = bob.room_with(&[&cy]).await;
    let mut at_bob = bob.socket("/ws/").await;
    for room in [&first, &second, &strange] {
        at_bob.join(room).await;
        for number in 1..=5 {
            at_bob.say(room, &format!("message {number}")).await;
        }
    }
    let mut at_ada = ada.socket("/ws/").await;
    let known = json!({first.clone(): 2, strange.clone(): 0, "nonsense": 1});
    at_ada.send(json!({"type": "sync", "ref": "s", "rooms": known, "newest": 3})).await;
    let synced = at_ada.next().await;
    assert_eq!((&synced["type"], &synced["ref"]), (&json!("synced"), &json!("s")));
    assert_eq!(synced["rooms"].as_array().unwrap().len(), 2, "none of which she is no member");
    let known = row(&synced, &first);
    assert_eq!((&known["seq"], &known["unread"]), (&json!(5), &json!(5)));
    assert_eq!((&known["name"], &known["kind"]), (&json!("a room"), &json!("group")));
    let unknown = row(&synced, &second);
    let texts: Vec<&Value> =
        unknown["newest"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["message 3", "message 4", "message 5"]);
    for seq in 3..=5 {
        let entry = at_ada.next_of("message").await;
        assert_eq!((&entry["room"], &entry["seq"]), (&json!(first), &json!(seq)));
    }
    at_bob.say(&first, "live").await;
    at_bob.say(&second, "live").await;
    at_bob.say(&strange, "not for her").await;
    for room in [&first, &second] {
        let entry = at_ada.next_of("message").await;
        assert_eq!((&entry["room"], &entry["seq"]), (&json!(room), &json!(6)));
    }
    at_ada.send(json!({"type": "ping"})).await;
    at_ada.next_of("pong").await;
    at_ada.hears_nothing_of("message", std::time::Duration::ZERO).await;
    at_ada.hears_nothing_of("joined", std::time::Duration::ZERO).await;
}

#[tokio::test]
async fn a_log_that_was_rolled_back_is_noticed_by_a_sync() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.send(json!({"type": "sync", "rooms": {room.clone(): 7}})).await;
    let synced = at_ada.next_of("synced").await;
    assert_eq!(row(&synced, &room)["diverged"], true);
    at_ada.say(&room, "first").await;
    assert_eq!(at_ada.next_of("message").await["seq"], 1);
}

#[tokio::test]
async fn bad_syncs_are_refused() {
    let app = App::start().await;
    let mut socket = app.patient("ada").await.socket("/ws/").await;
    for frame in [
        json!({"type": "sync", "ref": 1, "rooms": []}),
        json!({"type": "sync", "ref": 1, "rooms": {"x": -1}}),
        json!({"type": "sync", "ref": 1, "newest": "all"}),
    ] {
        socket.send(frame.clone()).await;
        assert_eq!(socket.next().await["code"], "bad_request", "{frame}");
    }
    socket.send(json!({"type": "sync", "ref": 1})).await;
    assert_eq!(socket.next().await, json!({"type": "synced", "ref": 1, "rooms": []}));
}

#[tokio::test]
async fn a_socket_outlives_its_token_with_a_fresh_one() {
    let app = App::with(&[("IHS_AUTH__ACCESS_SECONDS", "4")]).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let (mut renewed, mut left) = (ada.socket("/ws/").await, bob.socket("/ws/").await);
    renewed.send(json!({"type": "token", "ref": 1, "token": bob.token()})).await;
    assert_eq!(renewed.next_of("error").await["code"], "unauthenticated", "somebody else's");
    // A token is good for whole seconds from when it was issued: a later one ends later.
    let opened = Instant::now();
    let is_later = async || opened.elapsed() >= Duration::from_secs(2);
    app.until("a token is good for longer than theirs", is_later).await;
    let fresh = app.log_in("ada").await;
    renewed.send(json!({"type": "token", "ref": 2, "token": fresh.token()})).await;
    assert_eq!(renewed.next_of("ok").await["ref"], 2);
    assert_eq!(left.closed().await, 4401);
    renewed.send(json!({"type": "ping", "ref": 3})).await;
    assert_eq!(renewed.next_of("pong").await["ref"], 3);
    fresh.post("/api/token/revoke/", json!({})).await;
    assert_eq!(renewed.closed().await, 4401, "it goes with the login of its token");
}

#[tokio::test]
async fn all_rooms_are_named_and_as_many_are_live_as_a_socket_may_join() {
    let app = App::with(&[("IHS_LIMITS__ROOMS_PER_SOCKET", "3")]).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(ada.room_with(&[&bob]).await);
    }
    let mut socket = ada.socket("/ws/").await;
    socket.send(json!({"type": "sync", "ref": 1, "rooms": {rooms[0].clone(): 0}})).await;
    let synced = socket.next_of("synced").await;
    assert_eq!(synced["rooms"].as_array().unwrap().len(), 5);
    assert_eq!(synced["rooms"][0]["room"], rooms[0], "what the client knows comes first");
    for _ in 0..2 {
        assert_eq!(socket.next_of("left").await["reason"], "too many rooms");
    }
    bob.socket("/ws/").await.say(&rooms[0], "hello").await;
    assert_eq!(socket.next_of("message").await["room"], rooms[0]);
}

#[tokio::test]
async fn the_room_that_was_active_last_comes_first_as_soon_as_that_is_acknowledged() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(ada.room_with(&[&bob]).await);
    }
    let mut at_bob = bob.socket("/ws/").await;
    let mut at_ada = ada.socket("/ws/").await;
    // The one that was active before, then another in between, then bursts.
    for (number, place) in [0, 0, 1, 0, 2, 2, 2, 1, 0, 0, 2, 0].into_iter().enumerate() {
        let last = &rooms[place];
        if number % 2 == 0 {
            at_bob.say(last, "by socket").await;
        } else {
            let body = json!({"room": last, "text": "by REST"});
            bob.post("/api/messages/", body).await.created();
        }
        for path in ["/api/rooms/", "/api/rooms/?cursor="] {
            assert_eq!(ada.get(path).await.ok()["results"][0]["id"], *last, "{path} {number}");
        }
        at_ada.send(json!({"type": "sync", "ref": number})).await;
        assert_eq!(at_ada.next_of("synced").await["rooms"][0]["room"], *last, "{number}");
    }
    let listed = ada.get("/api/rooms/").await.ok();
    let order = listed["results"].as_array().unwrap().iter().map(|room| &room["id"]);
    assert_eq!(order.collect::<Vec<_>>(), [&rooms[0], &rooms[2], &rooms[1]]);
}

/// Says something in each of these rooms, so fast that not all of it stands in their documents.
async fn say_fast(user: &User, rooms: &[&String]) {
    let mut socket = user.socket("/ws/").await;
    for room in rooms {
        socket.say(room, "x").await;
    }
}

async fn first(user: &User) -> Value {
    user.get("/api/rooms/").await.ok()["results"][0]["id"].clone()
}

#[tokio::test]
async fn what_was_active_last_is_known_after_a_restart_and_found_out_after_a_crash() {
    let mut app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let (one, other) = (ada.room_with(&[&bob]).await, ada.room_with(&[&bob]).await);
    say_fast(&bob, &[&one, &other, &one, &one]).await;
    app.restart();
    let (ada, bob) = (app.log_in("ada").await, app.log_in("bob").await);
    assert_eq!(first(&ada).await, one);
    say_fast(&bob, &[&other, &one, &other, &other]).await;
    app.kill9();
    let ada = app.log_in_after_a_crash("ada").await;
    ada.socket("/ws/").await.join(&other).await;
    app.until("the room that was opened is first", async || first(&ada).await == *other).await;
}
