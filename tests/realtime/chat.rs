//! Two people talk.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn two_users_chat_and_each_gets_every_message_once() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket(&format!("/ws/chat/{room}/")).await;
    let mut at_bob = bob.socket("/ws/").await;
    let joined = at_ada.next_of("joined").await;
    assert_eq!((&joined["room"], &joined["seq"]), (&json!(room), &json!(0)));
    assert!(joined.get("ref").is_none());
    at_bob.send(json!({"type": "join", "ref": "j", "room": room})).await;
    let joined = at_bob.next_of("joined").await;
    assert_eq!(joined["ref"], "j");
    assert_eq!(joined["online"], json!(["ada", "bob"]));

    at_ada.send(json!({"type": "message", "ref": 1, "room": room, "text": "سلام bob 👋"})).await;
    let ack = at_ada.next_of("ack").await;
    assert_eq!((&ack["ref"], &ack["seq"], &ack["room"]), (&json!(1), &json!(1), &json!(room)));
    for socket in [&mut at_ada, &mut at_bob] {
        let message = socket.next_of("message").await;
        assert_eq!(message["text"], "سلام bob 👋");
        assert_eq!(message["sender"], "ada");
        assert_eq!(message["seq"], 1);
        assert_eq!(message["id"], ack["id"]);
        assert_eq!(message["time"], ack["time"]);
        assert!(message.get("ref").is_none());
    }
    at_bob.send(json!({"type": "message", "ref": 2, "room": room, "text": "hello"})).await;
    assert_eq!(at_bob.next_of("ack").await["seq"], 2);
    assert_eq!(at_ada.next_of("message").await["seq"], 2);
}

#[tokio::test]
async fn the_same_key_is_one_message_and_another_text_a_conflict() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut socket = ada.socket("/ws/").await;
    let send = |reference: u32, key: &str, text: &str| json!({"type": "message", "ref": reference, "room": room, "text": text, "key": key});
    socket.send(send(1, "k", "once")).await;
    socket.send(send(2, "k", "once")).await;
    let (first, second) = (socket.next_of("ack").await, socket.next_of("ack").await);
    assert_eq!((&first["seq"], &first["id"]), (&second["seq"], &second["id"]));
    assert_eq!((&first["ref"], &second["ref"]), (&json!(1), &json!(2)));
    socket.send(send(3, "k", "another")).await;
    let error = socket.next_of("error").await;
    assert_eq!((&error["code"], &error["ref"]), (&json!("conflict"), &json!(3)));
    let mut other = bob.socket("/ws/").await;
    other.send(json!({"type": "message", "ref": 1, "room": room, "text": "x", "key": "k"})).await;
    assert_eq!(other.next_of("ack").await["seq"], 2, "keys belong to their sender");
}

#[tokio::test]
async fn who_leaves_the_feed_stays_a_member_and_hears_nothing() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_bob = bob.socket("/ws/").await;
    at_bob.send(json!({"type": "join", "ref": 1, "room": room})).await;
    at_bob.next_of("joined").await;
    at_bob.send(json!({"type": "leave", "ref": 2, "room": room})).await;
    assert_eq!(at_bob.next_of("ok").await["ref"], 2);
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.send(json!({"type": "message", "ref": 1, "room": room, "text": "unheard"})).await;
    at_ada.next_of("ack").await;
    at_bob.send(json!({"type": "ping", "ref": 3})).await;
    assert_eq!(at_bob.next().await["type"], "pong", "nothing came before the pong");
    at_bob.send(json!({"type": "join", "ref": 4, "room": room, "after": 0})).await;
    assert_eq!(at_bob.next_of("joined").await["unread"], 1);
    assert_eq!(at_bob.next_of("message").await["text"], "unheard");
}

#[tokio::test]
async fn many_senders_in_one_room_see_one_order() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let mut users = Vec::new();
    for number in 0..8 {
        users.push(app.patient(&format!("user{number}")).await);
    }
    let others: Vec<_> = users.iter().skip(1).collect();
    let room = users[0].room_with(&others).await;
    let mut tasks = Vec::new();
    for user in users {
        let room = room.clone();
        let mut socket = user.socket(&format!("/ws/chat/{room}/?after=0")).await;
        tasks.push(tokio::spawn(async move {
            socket.next_of("joined").await;
            for number in 0..25 {
                let text = format!("{} {number}", user.username);
                socket
                    .send(json!({"type": "message", "ref": number, "room": room, "text": text}))
                    .await;
            }
            let mut ids = Vec::new();
            while ids.len() < 200 {
                let frame = socket.next().await;
                if frame["type"] == "message" {
                    assert_eq!(frame["seq"], ids.len() + 1, "in order, without gap or double");
                    ids.push(frame["id"].clone());
                }
            }
            ids
        }));
    }
    let mut orders = Vec::new();
    for task in tasks {
        orders.push(task.await.expect("a member"));
    }
    assert!(orders.iter().all(|order| *order == orders[0]));
}

#[tokio::test]
async fn one_socket_carries_many_rooms() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(ada.room_with(&[&bob]).await);
    }
    let mut at_bob = bob.socket("/ws/").await;
    for room in &rooms {
        at_bob.send(json!({"type": "join", "room": room})).await;
        assert_eq!(at_bob.next_of("joined").await["room"], json!(room));
    }
    let mut at_ada = ada.socket("/ws/").await;
    for (place, room) in rooms.iter().enumerate() {
        let text = format!("to {place}");
        at_ada.send(json!({"type": "message", "ref": place, "room": room, "text": text})).await;
        let message = at_bob.next_of("message").await;
        assert_eq!((&message["room"], &message["text"]), (&json!(room), &json!(text)));
        assert_eq!(message["seq"], 1, "every room counts by itself");
    }
}

#[tokio::test]
async fn what_is_sent_right_behind_a_join_comes_behind_it() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for _ in 0..20 {
        let room = ada.room_with(&[]).await;
        let mut socket = ada.socket(&format!("/ws/chat/{room}/")).await;
        socket.send(json!({"type": "message", "ref": 1, "room": room, "text": "at once"})).await;
        assert_eq!(socket.next_of("joined").await["seq"], 0);
        assert_eq!(socket.next_of("message").await["seq"], 1);
    }
}
