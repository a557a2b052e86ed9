//! The bus over Redis pub/sub: one connection that listens, and a few that publish.
//!
//! Nothing here is waited for by rooms and sessions: what cannot be sent is dropped, and found in
//! the log. Each process sends itself probes, over the way that announcements take. While they do
//! not come back the bus is [`Health::Away`] and rooms look at their logs more often; it is up
//! again once everything is subscribed to on a new connection and everybody was told to look.
//!
//! - `server`: the Redis, a cluster of them, or the master that sentinels name; `line`: the
//!   connection that listens
//! - `publisher`, `subscriber`: the two tasks; `exchange`: what they share
//! - `table`: who listens to what; `probe`: whether anything arrives; `channels`: names;
//!   `wire`: payloads; `backoff`: how long to wait
//!
//! It runs on a thread of its own, so that a busy node does not take itself for cut off.

mod backoff;
mod channels;
mod exchange;
mod line;
mod probe;
mod publisher;
mod server;
mod subscriber;
mod table;
#[cfg(test)]
mod table_tests;
mod wire;

use std::{error::Error, io, sync::Arc, thread, time::Duration};

use actix::Recipient;
use ihs_config::{AddressError, BusSettings};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use self::{channels::Channels, exchange::Exchange, publisher::Outgoing, server::Server};
use super::{Announcement, Bus, Health, NodeId, Topic};

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The settings do not name a Redis.
    #[error("bus.url cannot be used")]
    Address(#[from] AddressError),
    /// The settings name something that the client cannot connect to.
    #[error("bus.url cannot be used")]
    Server(#[source] Box<dyn Error + Send + Sync>),
    /// There is no thread for it.
    #[error("the bus cannot be started")]
    Thread(#[from] io::Error),
    /// It does not come up.
    #[error("the bus does not deliver: {0}")]
    Away(String),
}

/// A bus between all processes that use the same Redis.
pub struct RedisBus {
    exchange: Arc<Exchange>,
    queue: mpsc::Sender<Outgoing>,
    payload_bytes: usize,
    /// The thread ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

/// What the thread of the bus works with.
struct Work {
    exchange: Arc<Exchange>,
    server: Server,
    waiting: mpsc::Receiver<Outgoing>,
    queue: mpsc::Sender<Outgoing>,
    payload_bytes: usize,
    probe_every: Duration,
}

impl RedisBus {
    /// Starts the bus. It connects by itself, now or whenever it can.
    ///
    /// # Errors
    /// [`BusError`] when the settings name no Redis.
    pub fn start(settings: &BusSettings) -> Result<Self, BusError> {
        let address = settings.redis()?;
        let server =
            Server::new(&address, settings).map_err(|error| BusError::Server(Box::new(error)))?;
        let channels = if server.is_cluster() {
            Channels::sharded(&settings.prefix)
        } else {
            Channels::single(&settings.prefix)
        };
        let exchange = Arc::new(Exchange::new(channels, settings));
        let (queue, waiting) = mpsc::channel(settings.queue);
        let (stop, stopped) = oneshot::channel();
        let work = Work {
            exchange: Arc::clone(&exchange),
            server,
            waiting,
            queue: queue.clone(),
            payload_bytes: settings.payload_bytes,
            probe_every: Duration::from_millis(settings.probe_ms),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("bus".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = work.run() => {}
                    _ = stopped => {}
                }
            });
        })?;
        let payload_bytes = settings.payload_bytes;
        Ok(Self { exchange, queue, payload_bytes, _stop: stop })
    }

    /// Waits until a probe has come back.
    ///
    /// # Errors
    /// [`BusError::Away`] when none does within the time.
    pub async fn up_within(&self, limit: Duration) -> Result<(), BusError> {
        timeout(limit, self.exchange.up()).await.map_err(|_| {
            let trouble = self.exchange.trouble();
            BusError::Away(trouble.unwrap_or_else(|| "it does not answer".to_owned()))
        })
    }
}

impl Work {
    async fn run(self) {
        let Self { exchange, server, waiting, queue, payload_bytes, probe_every } = self;
        tokio::join!(
            publisher::run(&exchange, &server, payload_bytes, waiting),
            subscriber::run(&exchange, &server, probe_every, queue),
            subscriber::tell(&exchange),
        );
    }
}

impl Bus for RedisBus {
    fn publish(&self, announcement: Announcement) {
        let Announcement { node, topic, news } = announcement;
        // Here already, so that what waits is bounded in bytes, too.
        let news = wire::lighten(news, self.payload_bytes);
        if self.queue.try_send(Outgoing::News(Announcement { node, topic, news })).is_err() {
            tracing::debug!("announcement dropped");
        }
    }

    fn subscribe(&self, topic: Topic, node: NodeId, listener: Recipient<Announcement>) {
        self.exchange.subscribe(topic, node, listener);
    }

    fn unsubscribe(&self, topic: &Topic, node: NodeId) {
        self.exchange.unsubscribe(topic, node);
    }

    fn health(&self) -> Health {
        self.exchange.health()
    }
}
