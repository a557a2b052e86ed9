//! Who may open a socket.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn a_socket_needs_credentials_and_takes_each_of_the_three_kinds() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    assert_eq!(app.handshake("/ws/", &[]).await, 401);
    assert_eq!(app.handshake("/ws/", &[("Authorization", "Bearer nonsense")]).await, 401);
    let bearer = format!("Bearer {}", ada.token());
    assert_eq!(app.handshake("/ws/", &[("Authorization", &bearer)]).await, 101);
    let token = format!("token {}", ada.token());
    assert_eq!(app.handshake("/ws/", &[("Authorization", &token)]).await, 101);
    let protocols = format!("ihs.v1, bearer.{}", ada.token());
    assert_eq!(app.handshake("/ws/", &[("Sec-WebSocket-Protocol", &protocols)]).await, 101);
    let ticket = ada.post("/api/ws-ticket/", json!({})).await.json();
    let path = format!("/ws/?ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    assert_eq!(app.handshake(&path, &[]).await, 101);
    assert_eq!(app.handshake(&path, &[]).await, 401, "a ticket is good once");
}

#[tokio::test]
async fn a_ticket_opens_one_socket_however_many_come_with_it_at_once() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let ticket = ada.post("/api/ws-ticket/", json!({})).await.json();
    let path = format!("/ws/?ticket={}", ticket["ticket"].as_str().unwrap());
    let mut statuses = join_all((0..12).map(|_| app.handshake(&path, &[]))).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (101, [401; 11].as_slice()));
}

#[tokio::test]
async fn a_room_that_is_not_there_or_not_yours_is_refused_before_the_upgrade() {
    let app = App::start().await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let room = ada.room_with(&[]).await;
    let bearer = format!("Bearer {}", eve.token());
    let headers = [("Authorization", bearer.as_str())];
    for path in [
        format!("/ws/chat/{room}/"),
        "/ws/chat/ffffffffffffffffffffffff/".to_owned(),
        "/ws/chat/nonsense/".to_owned(),
        "/ws/chat/@nobody/".to_owned(),
    ] {
        assert_eq!(app.handshake(&path, &headers).await, 404, "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_open_no_sockets_unless_the_settings_name_them() {
    let app = App::with(&[("IHS_SERVER__ORIGINS", "https://console.example")]).await;
    let ada = app.patient("ada").await;
    let bearer = format!("Bearer {}", ada.token());
    let own = app.url().to_owned();
    for (origin, status) in [
        (own.as_str(), 101),
        ("https://console.example", 101),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Origin", origin)];
        assert_eq!(app.handshake("/ws/", &headers).await, status, "{origin}");
    }
}

#[tokio::test]
async fn a_name_leads_to_the_one_direct_room() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let mut at_ada = ada.socket("/ws/chat/@bob/").await;
    let mut at_bob = bob.socket("/ws/chat/@ada").await;
    let (first, second) = (at_ada.next_of("joined").await, at_bob.next_of("joined").await);
    assert_eq!(first["room"], second["room"]);
    at_ada.send(json!({"type": "message", "ref": 1, "room": first["room"], "text": "hi"})).await;
    assert_eq!(at_bob.next_of("message").await["text"], "hi");
}

#[tokio::test]
async fn a_user_has_as_many_sockets_as_the_limit_says() {
    let app = App::with(&[("IHS_LIMITS__SOCKETS_PER_USER", "2")]).await;
    let ada = app.patient("ada").await;
    let first = ada.socket("/ws/").await;
    let _second = ada.socket("/ws/").await;
    let bearer = format!("Bearer {}", ada.token());
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(app.handshake("/ws/", &headers).await, 429);
    drop(first);
    app.until("the place is free", async || app.handshake("/ws/", &headers).await == 101).await;
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_answered_in_json() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let answer = ada.get("/ws/").await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["detail"].is_string());
}
