//! A client that does not read: it costs the others nothing, and misses nothing.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn a_slow_client_gets_everything_once_it_reads() {
    let app = App::with(&[("IHS_LIMITS__MESSAGES_PER_SECOND", "0")]).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut slow = bob.socket(&format!("/ws/chat/{room}/")).await;
    slow.next_of("joined").await;
    let mut fast = ada.socket(&format!("/ws/chat/{room}/")).await;
    fast.next_of("joined").await;
    let text = "x".repeat(3_900);
    // About 12 MB: more than socket buffers and the outbox hold.
    for _ in 0..30 {
        for number in 0..100 {
            fast.send(json!({"type": "message", "ref": number, "room": room, "text": text})).await;
        }
        for _ in 0..100 {
            fast.next_of("ack").await;
        }
    }
    for seq in 1..=3_000 {
        assert_eq!(slow.next_of("message").await["seq"], seq);
    }
}
