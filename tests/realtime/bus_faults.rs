//! Redis fails in every way there is: nodes go on through the log, and come back by themselves.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    bus::{hear_all, say_all},
    support::{redis::Redis, road::Road, socket::Socket, town::Town, user::User},
};

/// Ada, who speaks on the first node, and Bob, who listens on the second.
struct Talk {
    ada: User,
    room: String,
    here: Socket,
    there: Socket,
    heard: u64,
}

impl Talk {
    async fn on(town: &Town) -> Self {
        let (ada, bob) = (town.app.patient("ada").await, town.app.patient("bob").await);
        let room = ada.room_with(&[&bob]).await;
        let mut here = ada.socket("/ws/").await;
        here.join(&room).await;
        let mut there = town.at(1, &bob).socket(&format!("/ws/chat/{room}/")).await;
        there.next_of("joined").await;
        Self { ada, room, here, there, heard: 0 }
    }

    /// Says one more thing, which comes to the other node.
    async fn one_more(&mut self) {
        self.here.say(&self.room, "one more").await;
        self.hear(1).await;
    }

    async fn hear(&mut self, count: u64) {
        hear_all(&mut self.there, self.heard + 1, self.heard + count).await;
        self.heard += count;
    }

    /// Says a hundred things on two nodes while something happens; all are heard, in order.
    async fn go_on_while(&mut self, town: &Town, something: impl Future<Output = ()>) {
        let senders: Vec<_> = (0..2)
            .map(|node| tokio::spawn(say_all(town.at(node, &self.ada), self.room.clone(), 50)))
            .collect();
        self.hear(20).await;
        something.await;
        self.hear(80).await;
        for sender in senders {
            sender.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_redis_that_dies_costs_no_message_and_is_used_again_when_it_is_back() {
    let mut redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    talk.go_on_while(&town, async { redis.kill() }).await;
    town.until_bus_is("away").await;
    let visitor = town.app.anonymous();
    assert_eq!(visitor.get("/readyz").await.ok()["status"], "degraded");
    for _ in 0..3 {
        talk.one_more().await;
    }
    redis.start_again();
    town.until_bus_is("up").await;
    for _ in 0..10 {
        talk.one_more().await;
    }
    talk.there.hears_nothing_of("message", Duration::from_millis(300)).await;
    let said = town.app.said();
    assert_eq!(said.matches("the bus is away").count(), 1, "{said}");
}

#[tokio::test]
async fn a_redis_that_stands_still_holds_nobody_up() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    redis.stand_still();
    // Whoever waited until it is known that Redis stands still would wait for three seconds.
    let mut shortest = Duration::MAX;
    for _ in 0..2 {
        let begin = Instant::now();
        talk.here.say(&talk.room, "is it acknowledged?").await;
        shortest = shortest.min(begin.elapsed());
    }
    assert!(shortest < Duration::from_secs(2), "{shortest:?}");
    talk.hear(2).await;
    town.until_bus_is("away").await;
    talk.go_on_while(&town, async {}).await;
    redis.go_on();
    town.until_bus_is("up").await;
    talk.go_on_while(&town, async {}).await;
    talk.there.hears_nothing_of("message", Duration::from_millis(300)).await;
}

#[tokio::test]
async fn connections_that_redis_cuts_are_made_anew_and_nothing_is_missed() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    for kind in ["pubsub", "normal", "pubsub"] {
        town.until_bus_is("up").await;
        let cut = async {
            redis.ask(&["client", "kill", "type", kind]);
        };
        talk.go_on_while(&town, cut).await;
    }
    town.until_bus_is("up").await;
    talk.there.hears_nothing_of("message", Duration::from_millis(300)).await;
}

#[tokio::test]
async fn a_flushed_redis_changes_nothing() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    let flush = async {
        redis.ask(&["flushall"]);
    };
    talk.go_on_while(&town, flush).await;
    assert_eq!(town.app.said().matches("the bus is away").count(), 0);
}

#[tokio::test]
async fn a_node_that_redis_cut_for_being_slow_catches_up() {
    let redis = Redis::start();
    redis.ask(&["config", "set", "client-output-buffer-limit", "pubsub 1mb 0 0"]);
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    let channel = format!("ihs:room:{}", talk.room);
    redis.until("both nodes listen", || redis.listeners(&channel) == 2);
    town.other(1).signal(Signal::SIGSTOP);
    // More than the sockets between them hold.
    let large = "x".repeat(100_000);
    redis.until("the slow one is cut", || {
        for _ in 0..20 {
            redis.ask(&["publish", &channel, &large]);
        }
        redis.listeners(&channel) == 1
    });
    for _ in 0..20 {
        talk.here.say(&talk.room, "meanwhile").await;
    }
    town.other(1).signal(Signal::SIGCONT);
    talk.hear(20).await;
    town.until_bus_is("up").await;
    talk.go_on_while(&town, async {}).await;
}

#[tokio::test]
async fn a_node_starts_without_its_redis_and_finds_it_later() {
    let mut redis = Redis::absent();
    let town = Town::of(2, &redis.url()).await;
    town.until_bus_is("away").await;
    let mut talk = Talk::on(&town).await;
    talk.one_more().await;
    town.app.until("it is said", async || town.app.said().contains("the bus is away")).await;
    redis.start_again();
    town.until_bus_is("up").await;
    talk.one_more().await;
}

#[tokio::test]
async fn a_single_lost_announcement_is_made_up_for() {
    let redis = Redis::start();
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    // The connections that publish are cut, and forbidden to come back for as long as it takes to
    // lose what is published next.
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        redis.ask(&["acl", "setuser", "default", "-publish"]);
        let begin = Instant::now();
        talk.here.say(&talk.room, "lost on its way").await;
        redis.ask(&["acl", "setuser", "default", "+publish"]);
        talk.hear(1).await;
        shortest = shortest.min(begin.elapsed());
        town.until_bus_is("up").await;
    }
    // The promise is five seconds; a machine that is too busy for it once is not so thrice.
    assert!(shortest < Duration::from_secs(5), "{shortest:?}");
}

#[tokio::test]
async fn a_redis_that_was_demoted_is_left_until_it_is_the_master_again() {
    let (redis, other) = (Redis::start(), Redis::start());
    let town = Town::of(2, &redis.url()).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    let (host, port) =
        other.place().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).unwrap();
    redis.ask(&["replicaof", &host, &port]);
    town.until_bus_is("away").await;
    talk.one_more().await;
    redis.ask(&["replicaof", "no", "one"]);
    town.until_bus_is("up").await;
    talk.go_on_while(&town, async {}).await;
}

#[tokio::test]
async fn a_connection_that_is_open_on_one_side_only_is_noticed_and_made_anew() {
    let redis = Redis::start();
    let road = Road::to(&redis.place());
    let town = Town::of(2, &format!("redis://{}", road.place())).await;
    let mut talk = Talk::on(&town).await;
    town.until_bus_is("up").await;
    // As when a firewall forgets the connections that listen: nobody is told of it.
    road.swallow_what_is_on_the_way("SUBSCRIBE");
    talk.here.say(&talk.room, "into the void").await;
    talk.hear(1).await;
    let noticed = || town.app.said().contains("away") && town.other(1).said().contains("away");
    town.app.until("both have noticed", async || noticed()).await;
    town.until_bus_is("up").await;
    talk.go_on_while(&town, async {}).await;
}
