//! The server is killed while people write: nothing that was acknowledged is lost.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{App, user::User};

/// Sends until the connection breaks, and returns what was acknowledged: key and seq.
async fn send_until_cut(user: User, room: String) -> Vec<(String, u64)> {
    let mut socket = user.socket("/ws/").await;
    let mut acked = Vec::new();
    for number in 0_u64.. {
        let key = format!("{}-{number}", user.username);
        let frame = json!({
            "type": "message", "ref": key, "room": room, "text": format!("text of {key}"), "key": key,
        });
        if socket.try_send(frame).await.is_err() {
            break;
        }
        let Some(ack) = socket.try_next_of("ack").await else {
            break;
        };
        acked.push((key, ack["seq"].as_u64().expect("a seq")));
    }
    acked
}

#[tokio::test]
async fn every_acknowledged_message_outlives_kill_9_once_and_in_order() {
    let mut app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(app.patient(&format!("user{number}")).await);
    }
    let others: Vec<_> = users.iter().skip(1).collect();
    let room = users[0].room_with(&others).await;
    let mut watcher = users[0].socket(&format!("/ws/chat/{room}/")).await;
    watcher.next_of("joined").await;
    let senders: Vec<_> =
        users.iter().map(|user| tokio::spawn(send_until_cut(user.clone(), room.clone()))).collect();
    let mut seen = 0;
    while seen < 150 {
        seen = watcher.next_of("message").await["seq"].as_u64().expect("a seq");
    }
    app.kill9();
    let mut acked = HashMap::new();
    for sender in senders {
        acked.extend(sender.await.expect("a sender"));
    }
    assert!(acked.len() >= 100, "{}", acked.len());

    let log = entries(&users[0], &room).await;
    for (place, entry) in log.iter().enumerate() {
        assert_eq!(entry["seq"], place + 1, "1..n without gap or double");
    }
    let mut texts: Vec<&str> = log.iter().filter_map(|entry| entry["text"].as_str()).collect();
    for (key, seq) in &acked {
        let entry = &log[usize::try_from(seq - 1).expect("a place")];
        assert_eq!(entry["text"], format!("text of {key}"), "acked at {seq}");
    }
    texts.sort_unstable();
    let total = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), total, "no message twice");

    // Whoever saw an entry before the crash finds it at the same place, and resumes behind it.
    let mut back = users[1].socket(&format!("/ws/chat/{room}/?after={seen}")).await;
    let joined = back.next_of("joined").await;
    assert_eq!(joined["seq"], log.len());
    for seq in seen + 1..=log.len() as u64 {
        assert_eq!(back.next_of("message").await["seq"], seq);
    }
    // A sender who repeats its last message with its key gets the old place, or a new one once.
    let mut again = users[2].socket("/ws/").await;
    let (key, seq) = acked.iter().find(|(key, _)| key.starts_with("user2-")).map_or_else(
        || ("user2-new".to_owned(), log.len() as u64 + 1),
        |(key, seq)| (key.clone(), *seq),
    );
    again
        .send(json!({
            "type": "message", "ref": 1, "room": room, "text": format!("text of {key}"), "key": key,
        }))
        .await;
    assert_eq!(again.next_of("ack").await["seq"], seq);
}

async fn entries(user: &User, room: &str) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let path = format!("/api/rooms/{room}/messages/?after={}&limit=100", entries.len());
        let page = user.get(&path).await.ok();
        entries.extend(page["results"].as_array().expect("results").iter().cloned());
        if page["more"] == false {
            return entries;
        }
    }
}
