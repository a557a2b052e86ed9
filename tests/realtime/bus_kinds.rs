//! A Redis Cluster, and a master that sentinels watch.

use crate::{
    bus::{hear_all, heard_through_the_bus, say_all},
    support::{redis::Redis, town::Town},
};

/// Ten rooms, spread over the lanes of a cluster: each is heard on both nodes, through the bus.
async fn many_rooms_are_heard(town: &Town) {
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let mut talks = Vec::new();
    for _ in 0..10 {
        let room = ada.room_with(&[&bob]).await;
        let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
        there.next_of("joined").await;
        talks.push((room, there));
    }
    let mut here = ada.socket("/ws/").await;
    for (room, there) in &mut talks {
        heard_through_the_bus(&mut here, there, room).await;
    }
}

#[tokio::test]
async fn a_password_is_used_and_never_said() {
    let redis = Redis::start();
    redis.ask(&["config", "set", "requirepass", "hun/ter2"]);
    let town = Town::of(2, &format!("redis://:hun%2Fter2@{}/3", redis.place())).await;
    town.until_bus_is("up").await;
    let wrong = Town::of(1, &format!("redis://:hunter3@{}", redis.place())).await;
    wrong.until_bus_is("away").await;
    let heard = async || wrong.app.said().contains("the bus is away");
    wrong.app.until("it says why", heard).await;
    let said = wrong.app.said() + &town.app.said();
    assert!(said.contains("authentication failed"), "{said}");
    assert!(said.contains(&redis.place()) && !said.contains("ter2") && !said.contains("hunter3"));
}

/// The rights that the README asks for.
const RIGHTS: [&str; 7] =
    ["on", ">secret", "&ihs:*", "+@connection", "+@pubsub", "+unwatch", "+role"];

#[tokio::test]
async fn a_user_with_few_rights_is_enough() {
    let redis = Redis::start();
    redis.ask(&[["acl", "setuser", "ihs"].as_slice(), &RIGHTS].concat());
    let town = Town::of(2, &format!("redis://ihs:secret@{}", redis.place())).await;
    town.until_bus_is("up").await;
    many_rooms_are_heard(&town).await;
    assert_eq!(redis.ask(&["acl", "log"]).trim(), "", "nothing was denied");

    let cluster = Redis::cluster_of_one();
    let rights = [["acl", "setuser", "ihs"].as_slice(), &RIGHTS, &["+cluster|slots"]].concat();
    cluster.ask(&rights);
    let town = Town::of(2, &format!("redis+cluster://ihs:secret@{}", cluster.place())).await;
    town.until_bus_is("up").await;
    many_rooms_are_heard(&town).await;
    assert_eq!(cluster.ask(&["acl", "log"]).trim(), "", "nothing was denied");
}

#[tokio::test]
async fn a_cluster_of_one_carries_everything_on_sharded_channels() {
    let redis = Redis::cluster_of_one();
    let town = Town::of(2, &format!("redis+cluster://{}", redis.place())).await;
    town.until_bus_is("up").await;
    many_rooms_are_heard(&town).await;
    assert_eq!(redis.ask(&["pubsub", "channels"]).trim(), "");
    let sharded = redis.ask(&["pubsub", "shardchannels"]);
    assert!(sharded.contains(":room:") && sharded.contains(":probe:"), "{sharded}");
}

#[tokio::test]
async fn a_cluster_that_loses_a_node_is_away_until_it_is_back() {
    let mut nodes = Redis::cluster_of_three();
    let places: Vec<String> = nodes.iter().map(Redis::place).collect();
    let town = Town::of(2, &format!("redis+cluster://{}", places.join(","))).await;
    town.until_bus_is("up").await;
    many_rooms_are_heard(&town).await;
    for node in &nodes {
        let channels = node.ask(&["pubsub", "shardchannels"]);
        assert!(channels.contains(":probe:"), "every node is probed: {channels}");
    }
    nodes[1].kill();
    town.until_bus_is("away").await;
    let (ada, bob) = (town.app.log_in("ada").await, town.app.log_in("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
    there.next_of("joined").await;
    say_all(ada.clone(), room.clone(), 20).await;
    hear_all(&mut there, 1, 20).await;
    nodes[1].start_again();
    town.until_bus_is("up").await;
    say_all(ada, room, 20).await;
    hear_all(&mut there, 21, 40).await;
}

#[tokio::test]
async fn sentinels_lead_to_the_new_master() {
    let mut master = Redis::start();
    let replica = Redis::replica_of(&master);
    let sentinel = Redis::sentinel_of(&master);
    let town = Town::of(2, &format!("redis+sentinel://{}/main", sentinel.place())).await;
    town.until_bus_is("up").await;
    let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
    let room = ada.room_with(&[&bob]).await;
    let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
    there.next_of("joined").await;
    say_all(ada.clone(), room.clone(), 5).await;
    hear_all(&mut there, 1, 5).await;
    master.kill();
    town.until_bus_is("away").await;
    say_all(ada.clone(), room.clone(), 5).await;
    hear_all(&mut there, 6, 10).await;
    town.until_bus_is("up").await;
    let channel = format!("ihs:room:{room}");
    replica.until("both nodes listen to the new master", || replica.listeners(&channel) == 2);
    say_all(ada, room, 5).await;
    hear_all(&mut there, 11, 15).await;
}
