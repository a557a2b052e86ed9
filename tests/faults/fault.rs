//! What can go wrong with a site, and how it is put right.

use std::{fmt, time::Duration};

use nix::sys::signal::Signal;
use tokio::{task::block_in_place, time::sleep};

use crate::{gate::Gate, site::Site, world::Weather};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fault {
    NodeKilled,
    NodeStopped,
    NodeDrained,
    AllNodesKilled,
    ClientsCut,
    ClientsHeld,
    ClientsDelayed,
    ClientsForgotten,
    RedisKilled,
    RedisStopped,
    RedisFlushed,
    RedisListenersCut,
    RedisPublishersCut,
    RedisWayCut,
    RedisWayHeld,
    RedisWayDelayed,
    RedisWayForgotten,
    RedisAwayAndNodeKilled,
    StoreKilled,
    StoreStopped,
    StoreWayCut,
    StoreWayHeld,
    StoreWayDelayed,
    StoreWayForgotten,
}

use Fault::*;

/// What can happen to one node with an embedded store.
pub(crate) const ALONE: [Fault; 7] = [
    NodeKilled,
    NodeStopped,
    NodeDrained,
    ClientsCut,
    ClientsHeld,
    ClientsDelayed,
    ClientsForgotten,
];

/// What can happen to several nodes with Redis and a store between them.
pub(crate) const TOGETHER: [Fault; 24] = [
    NodeKilled,
    NodeStopped,
    NodeDrained,
    AllNodesKilled,
    ClientsCut,
    ClientsHeld,
    ClientsDelayed,
    ClientsForgotten,
    RedisKilled,
    RedisStopped,
    RedisFlushed,
    RedisListenersCut,
    RedisPublishersCut,
    RedisWayCut,
    RedisWayHeld,
    RedisWayDelayed,
    RedisWayForgotten,
    RedisAwayAndNodeKilled,
    StoreKilled,
    StoreStopped,
    StoreWayCut,
    StoreWayHeld,
    StoreWayDelayed,
    StoreWayForgotten,
];

/// Delay of every piece on a way that is slow.
const SLOW: Duration = Duration::from_millis(150);

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl Fault {
    /// How the ways between nodes are meanwhile.
    pub(crate) const fn weather(self) -> Weather {
        match self {
            RedisKilled | RedisStopped | RedisWayCut | RedisWayHeld => Weather::Away,
            _ => Weather::Other,
        }
    }

    /// Has it happen to this node, or to what stands behind all of them, for this long.
    pub(crate) async fn happen(self, site: &mut Site, node: usize, time: Duration) {
        match self {
            NodeKilled => kill(site, node),
            NodeStopped => {
                site.posts[node].node.signal(Signal::SIGSTOP);
                sleep(time).await;
                site.posts[node].node.signal(Signal::SIGCONT);
            }
            NodeDrained => drain(site, node),
            AllNodesKilled => (0..site.posts.len()).for_each(|number| kill(site, number)),
            ClientsCut => cut(&site.posts[node].door, time).await,
            ClientsHeld => hold(&site.posts[node].door, time).await,
            ClientsDelayed => delay(&site.posts[node].door, time).await,
            ClientsForgotten => forget(&site.posts[node].door, time).await,
            RedisKilled | RedisStopped | RedisFlushed | RedisListenersCut | RedisPublishersCut => {
                self.hit_redis(site, time).await;
            }
            RedisWayCut => cut(bus(site, node), time).await,
            RedisWayHeld => hold(bus(site, node), time).await,
            RedisWayDelayed => delay(bus(site, node), time).await,
            RedisWayForgotten => forget(bus(site, node), time).await,
            RedisAwayAndNodeKilled => {
                site.redis.as_mut().expect("a Redis").kill();
                sleep(time).await;
                kill(site, node);
                block_in_place(|| site.redis.as_mut().expect("a Redis").start_again());
            }
            StoreKilled => {
                site.store.as_mut().expect("a store").kill();
                sleep(time).await;
                block_in_place(|| site.store.as_mut().expect("a store").start_again());
            }
            StoreStopped => {
                let store = site.store.as_ref().expect("a store");
                store.signal(Signal::SIGSTOP);
                sleep(time).await;
                store.signal(Signal::SIGCONT);
            }
            StoreWayCut => cut(data(site, node), time).await,
            StoreWayHeld => hold(data(site, node), time).await,
            StoreWayDelayed => delay(data(site, node), time).await,
            StoreWayForgotten => forget(data(site, node), time).await,
        }
    }

    async fn hit_redis(self, site: &mut Site, time: Duration) {
        let redis = site.redis.as_mut().expect("a Redis");
        match self {
            RedisKilled => {
                redis.kill();
                sleep(time).await;
                block_in_place(|| redis.start_again());
            }
            RedisStopped => {
                redis.stand_still();
                sleep(time).await;
                redis.go_on();
            }
            RedisListenersCut => {
                block_in_place(|| redis.ask(&["client", "kill", "type", "pubsub"]));
            }
            RedisPublishersCut => {
                block_in_place(|| redis.ask(&["client", "kill", "type", "normal"]));
            }
            _ => drop(block_in_place(|| redis.ask(&["flushall"]))),
        }
    }
}

fn kill(site: &mut Site, node: usize) {
    site.posts[node].node.kill();
    site.start_again(node);
}

fn drain(site: &mut Site, node: usize) {
    let status = block_in_place(|| site.posts[node].node.terminate());
    assert!(status.success(), "the node ended with {status}:\n{}", site.said());
    site.start_again(node);
}

fn bus(site: &Site, node: usize) -> &Gate {
    site.posts[node].to_bus.as_ref().expect("a way to Redis")
}

fn data(site: &Site, node: usize) -> &Gate {
    site.posts[node].to_store.as_ref().expect("a way to the store")
}

async fn cut(gate: &Gate, time: Duration) {
    gate.close();
    sleep(time).await;
    gate.open();
}

async fn hold(gate: &Gate, time: Duration) {
    gate.hold();
    sleep(time).await;
    gate.open();
}

async fn delay(gate: &Gate, time: Duration) {
    gate.slow_down(SLOW);
    sleep(time).await;
    gate.open();
}

async fn forget(gate: &Gate, time: Duration) {
    gate.forget();
    sleep(time).await;
}
