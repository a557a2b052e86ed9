//! Who is there: in a room, and at all.

use std::time::Duration;

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn whoever_joins_and_leaves_a_room_is_told_to_the_others_once() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    let (mut phone, mut tablet) = (bob.socket("/ws/").await, bob.socket("/ws/").await);
    assert_eq!(phone.join(&room).await["online"], json!(["ada", "bob"]));
    tablet.join(&room).await;
    let came = at_ada.next_of("presence").await;
    assert_eq!(came, json!({"type": "presence", "room": room, "user": "bob", "online": true}));
    drop(phone);
    at_ada.hears_nothing_of("presence", Duration::from_millis(300)).await;
    tablet.send(json!({"type": "leave", "ref": 1, "room": room})).await;
    assert_eq!(at_ada.next_of("presence").await["online"], false);
    tablet.send(json!({"type": "ping"})).await;
    assert_eq!(tablet.next_of("pong").await["type"], "pong");
    tablet.hears_nothing_of("presence", Duration::ZERO).await;
}

#[tokio::test]
async fn a_profile_says_who_is_online_and_when_they_were_seen_last() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let profile = async || ada.get("/api/patients/ada/").await.ok();
    assert_eq!(profile().await["online"], false);
    assert!(profile().await["last_seen"].is_null());
    let socket = ada.socket("/ws/").await;
    assert_eq!(profile().await["online"], true);
    drop(socket);
    app.until("she is offline, and was seen", async || {
        let profile = profile().await;
        profile["online"] == false && profile["last_seen"].is_string()
    })
    .await;
}

#[tokio::test]
async fn whoever_is_on_a_node_that_dies_is_offline_soon() {
    let app = App::on_mongodb(&[]).await;
    let ada = app.patient("ada").await;
    let mut second = app.another_node();
    let _socket = App::there(&second, &ada).socket("/ws/").await;
    let online = async || ada.get("/api/patients/ada/").await.ok()["online"] == true;
    app.until("she is online on another node", online).await;
    second.kill();
    let begun = std::time::Instant::now();
    while online().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "she is still online");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(ada.get("/api/patients/ada/").await.ok()["last_seen"].is_string());
}
