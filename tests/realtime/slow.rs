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
    let mut slow = bob.socket(&format!("/ws/chat/{room}/")).await;
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
    let bearer = format!("Bearer {}", bob.token());
    let headers = [("Authorization", bearer.as_str())];
    app.until("the place is free", async || app.handshake("/ws/", &headers).await == 101).await;
}
