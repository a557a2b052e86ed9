//! Keeps the connection that listens: makes it anew whenever it ends or falls silent.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    task::coop::unconstrained,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    backoff::Backoff,
    exchange::Exchange,
    line::{Ear, Mouth},
    publisher::Outgoing,
    server::{Server, Trouble},
    table::Step,
};
use crate::bus::Health;

/// The first and the longest wait before the connection is made anew.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));

/// Topics that are told to look at once: each costs the store a read.
const SLICE: usize = 100;

/// How often is looked whether the Redis is still the master.
const FOLLOW: Duration = Duration::from_secs(5);

/// How far apart such slices are.
const PAUSE: Duration = Duration::from_millis(50);

/// Listens for as long as the bus is there.
pub(super) async fn run(
    exchange: &Exchange,
    server: &Server,
    every: Duration,
    queue: mpsc::Sender<Outgoing>,
) {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    loop {
        let trouble = match server.listen().await {
            Ok((mouth, ear)) => tokio::select! {
                // All that has come is taken before anything else runs, so that it cannot pile up.
                trouble = unconstrained(hear(exchange, ear)) => trouble,
                trouble = ask(exchange, server, mouth, &queue) => trouble,
                trouble = watch(exchange, every, &queue, &mut backoff) => trouble,
                trouble = follow(server) => trouble,
            },
            Err(trouble) => trouble,
        };
        exchange.lost(&trouble);
        server.forget_connections();
        sleep(backoff.next(rand::random())).await;
    }
}

/// Tells those who are owed a word, a slice at a time.
pub(super) async fn tell(exchange: &Exchange) {
    loop {
        exchange.owing.notified().await;
        while exchange.tell_owed(SLICE) {
            sleep(PAUSE).await;
        }
    }
}

/// Hears until the connection ends.
async fn hear(exchange: &Exchange, mut ear: Ear) -> Trouble {
    while let Some(heard) = ear.next().await {
        if let Err(trouble) = exchange.hear(heard) {
            return trouble;
        }
    }
    Trouble::Closed
}

/// Asks for what is wanted, the probes first.
async fn ask(
    exchange: &Exchange,
    server: &Server,
    mut mouth: Mouth,
    queue: &mpsc::Sender<Outgoing>,
) -> Trouble {
    for probe in exchange.probes() {
        let step = Step::Subscribe(vec![probe.clone()]);
        if let Err(trouble) = mouth.ask(&step, server.patience()).await {
            return trouble;
        }
    }
    exchange.connected();
    // So as not to wait for the next one. When there is no place for it, that one will do.
    let _ = queue.try_send(Outgoing::Probe);
    loop {
        while let Some(step) = exchange.next_step() {
            if let Err(trouble) = mouth.ask(&step, server.patience()).await {
                return trouble;
            }
            exchange.settle(step);
        }
        // There may be nobody to tell, and then it is known now that all is well.
        exchange.owing.notify_one();
        exchange.wanted.notified().await;
    }
}

/// Sends probes, and gives up a connection over which none comes back.
async fn watch(
    exchange: &Exchange,
    every: Duration,
    queue: &mpsc::Sender<Outgoing>,
    backoff: &mut Backoff,
) -> Trouble {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Without a place in the queue, announcements get lost, too: that is not a bus that is up.
        let _ = queue.try_send(Outgoing::Probe);
        if exchange.is_silent() {
            return Trouble::Silent;
        }
        if exchange.health() == Health::Up {
            backoff.reset();
        }
    }
}

/// Gives up a Redis that is no master any more. Probes do not tell: they come back from a replica,
/// too, but nodes that already know the new master do not hear what is published on it.
async fn follow(server: &Server) -> Trouble {
    while server.is_cluster() || !server.is_replica().await {
        sleep(FOLLOW).await;
    }
    Trouble::Replica
}
