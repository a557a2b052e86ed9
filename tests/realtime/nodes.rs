//! Two nodes over one MongoDB, without a bus between them: the log alone keeps them in order.

use serde_json::{Value, json};

use crate::support::{App, user::User};

async fn send(user: User, room: String, count: usize) -> Vec<(String, u64)> {
    let mut socket = user.socket("/ws/").await;
    let mut acked = Vec::new();
    for number in 0..count {
        let text = format!("{} at {} {number}", user.username, user.url());
        socket.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
        if number % 5 == 4 {
            for number in number - 4..=number {
                let ack = socket.next_of("ack").await;
                assert_eq!(ack["ref"], number);
                let text = format!("{} at {} {number}", user.username, user.url());
                acked.push((text, ack["seq"].as_u64().expect("a seq")));
            }
        }
    }
    acked
}

#[tokio::test]
async fn two_processes_that_append_to_one_log_make_one_order() {
    let settings = [("IHS_LIMITS__MESSAGES_PER_SECOND", "0")];
    let first = App::on_mongodb(&settings).await;
    let second = first.another_node();
    let (ada, bob) = (first.patient("ada").await, first.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let (there_ada, there_bob) = (App::there(&second, &ada), App::there(&second, &bob));
    let users = [ada.clone(), bob, there_ada, there_bob];
    let senders: Vec<_> =
        users.iter().map(|user| tokio::spawn(send(user.clone(), room.clone(), 50))).collect();
    let mut acked = Vec::new();
    for sender in senders {
        acked.extend(sender.await.expect("a sender"));
    }
    let mut log: Vec<Value> = Vec::new();
    loop {
        let path = format!("/api/rooms/{room}/messages/?after={}&limit=100", log.len());
        let page = ada.get(&path).await.ok();
        log.extend(page["results"].as_array().expect("results").iter().cloned());
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(log.len(), 200);
    for (place, entry) in log.iter().enumerate() {
        assert_eq!(entry["seq"], place + 1, "1..n without gap or double");
    }
    for (text, seq) in acked {
        assert_eq!(log[usize::try_from(seq - 1).expect("a place")]["text"], text);
    }
}

#[tokio::test]
async fn what_happens_on_one_node_reaches_sockets_on_another_without_a_bus() {
    let mut first = App::on_mongodb(&[]).await;
    let root = first.superuser("root").await;
    let second = first.another_node();
    let ada = first.patient("ada").await;
    let (mut inbox, mut socket) = (
        App::there(&second, &ada).socket("/ws/notifications/").await,
        App::there(&second, &ada).socket("/ws/").await,
    );
    inbox.next_of("notifications").await;
    let room = ada.room_with(&[]).await;
    socket.join(&room).await;
    let mut at_first = ada.socket("/ws/").await;
    at_first.say(&room, "over there?").await;
    assert_eq!(socket.next_of("message").await["text"], "over there?");
    let body = json!({"user": "ada", "title": "title", "text": "text"});
    let made = root.post("/api/notifications/", body).await.created();
    assert_eq!(inbox.next_of("notification").await["id"], made["id"]);
    at_first.send(json!({"type": "viewed", "ref": 1, "all": true})).await;
    at_first.next_of("ok").await;
    assert_eq!(inbox.next_of("viewed").await["notifications"], json!([made["id"]]));
    ada.post("/api/token/revoke/", json!({"all": true})).await;
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(inbox.closed().await, 4401);
}
