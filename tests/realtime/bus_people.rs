//! People on several nodes: who is there, and what they are told.

use serde_json::json;

use crate::support::{redis::Redis, town::Town};

#[tokio::test]
async fn who_is_in_a_room_is_known_on_every_node() {
    let redis = Redis::start();
    let town = Town::of(3, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    town.until_bus_is("up").await;
    let mut at_ada = ada.socket("/ws/").await;
    assert_eq!(at_ada.join(&room).await["online"], json!(["ada"]));
    let mut at_bob = town.at(1, &bob).socket("/ws/").await;
    assert_eq!(at_bob.join(&room).await["online"], json!(["ada", "bob"]));
    let came = at_ada.next_of("presence").await;
    assert_eq!((&came["user"], &came["online"]), (&json!("bob"), &json!(true)));
    let mut again = town.at(2, &bob).socket("/ws/").await;
    again.join(&room).await;
    again.send(json!({"type": "typing", "room": room})).await;
    assert_eq!(at_ada.next_of("typing").await["user"], "bob");
    drop(at_bob);
    // Bob is still there, on the third node; what comes next on the same way shows it.
    again.send(json!({"type": "typing", "room": room})).await;
    at_ada.next_of("typing").await;
    at_ada.hears_nothing_of("presence", std::time::Duration::from_millis(300)).await;
    drop(again);
    assert_eq!(at_ada.next_of("presence").await["online"], false);
    assert_eq!(ada.get("/api/patients/ada/").await.ok()["online"], true);
    assert_eq!(town.at(2, &ada).get("/api/patients/ada/").await.ok()["online"], true);
}

#[tokio::test]
async fn whoever_is_in_a_room_on_a_node_that_dies_leaves_it_soon() {
    let redis = Redis::start();
    let mut town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    town.until_bus_is("up").await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    let mut at_bob = town.at(1, &bob).socket("/ws/").await;
    at_bob.join(&room).await;
    assert_eq!(at_ada.next_of("presence").await["online"], true);
    town.kill(1);
    at_ada.say(&room, "are you there?").await;
    let gone = at_ada.wait_long_for("presence").await;
    assert_eq!((&gone["user"], &gone["online"]), (&json!("bob"), &json!(false)));
}

#[tokio::test]
async fn an_inbox_is_one_on_all_nodes() {
    let redis = Redis::start();
    let mut town = Town::of(2, &redis.url()).await;
    let root = town.app.superuser("root").await;
    let ada = town.app.patient("ada").await;
    town.until_bus_is("up").await;
    let (mut here, mut there) = (
        ada.socket("/ws/notifications/").await,
        town.at(1, &ada).socket("/ws/notifications/").await,
    );
    here.next_of("notifications").await;
    there.next_of("notifications").await;
    let mut sender = root.socket("/ws/").await;
    sender.send(json!({"type": "notify", "user": "ada", "title": "t", "text": "t"})).await;
    let id = sender.next_of("notified").await["id"].clone();
    assert_eq!(here.next_of("notification").await["id"], id);
    assert_eq!(there.next_of("notification").await["id"], id);
    there.send(json!({"type": "viewed", "ref": 1, "notifications": [id]})).await;
    there.next_of("ok").await;
    assert_eq!(here.next_of("viewed").await["notifications"], json!([id]));
    let room = root.room_with(&[&ada]).await;
    let mut at_root = root.socket("/ws/").await;
    at_root.join(&room).await;
    at_root.say(&room, "hello").await;
    let told = there.next_of("notification").await;
    assert_eq!(here.next_of("notification").await["id"], told["id"]);
    ada.post("/api/token/revoke/", json!({"all": true})).await;
    assert_eq!((here.closed().await, there.closed().await), (4401, 4401));
}

#[tokio::test]
async fn a_message_to_somebody_who_is_there_on_another_node_notifies_nobody() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    town.until_bus_is("up").await;
    let mut at_bob = town.at(1, &bob).socket("/ws/").await;
    at_bob.join(&room).await;
    let mut inbox = bob.socket("/ws/notifications/").await;
    inbox.next_of("notifications").await;
    let mut at_ada = ada.socket("/ws/").await;
    at_ada.join(&room).await;
    for number in 0..5 {
        at_ada.say(&room, &format!("message {number}")).await;
    }
    at_bob.next_where(|frame| frame["seq"] == 5).await;
    inbox.hears_nothing_of("notification", std::time::Duration::from_millis(1_500)).await;
}
