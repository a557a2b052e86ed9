//! Publishes what waits, as one pipeline, while the next is gathered.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use super::{
    backoff::Backoff,
    exchange::Exchange,
    server::{Load, Server},
    wire,
};
use crate::bus::{Announcement, News, NodeId, Topic};

/// Announcements in one pipeline.
const BATCH: usize = 256;

/// Topics of which other nodes could not be told, that are remembered.
const MISSED: usize = 10_000;

/// The first and the longest wait after a failure: announcements are dropped meanwhile.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Something to publish.
pub(super) enum Outgoing {
    /// What another node may want to know.
    News(Announcement),
    /// A probe of every lane.
    Probe,
}

/// Publishes until nobody can publish any more.
pub(super) async fn run(
    exchange: &Exchange,
    server: &Server,
    limit: usize,
    mut queue: mpsc::Receiver<Outgoing>,
) {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    let mut quiet_until = Instant::now();
    let mut missed = Missed::default();
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        if Instant::now() < quiet_until {
            missed.note(batch.drain(..));
            continue;
        }
        let told = missed.take(BATCH - batch.len().min(BATCH - 1));
        let outgoing: Vec<Outgoing> = told.into_iter().chain(batch.drain(..)).collect();
        match server.publish(load(exchange, &outgoing, limit)).await {
            Ok(()) => backoff.reset(),
            Err(trouble) => {
                exchange.note(&trouble);
                missed.note(outgoing.into_iter());
                quiet_until = Instant::now() + backoff.next(rand::random());
            }
        }
    }
}

fn load(exchange: &Exchange, outgoing: &[Outgoing], limit: usize) -> Load {
    let mut load = Load::new();
    for outgoing in outgoing {
        match outgoing {
            Outgoing::Probe => {
                for channel in exchange.probes() {
                    let lane = load.entry(channel.lane).or_default();
                    lane.push((Arc::clone(&channel.name), exchange.probe_payload()));
                }
            }
            Outgoing::News(Announcement { node, topic, news }) => {
                let channel = exchange.channel(topic);
                match wire::encode(*node, news, limit) {
                    Ok(payload) => {
                        load.entry(channel.lane).or_default().push((channel.name, payload));
                    }
                    Err(error) => tracing::error!(%error, "an announcement cannot be encoded"),
                }
            }
        }
    }
    load
}

/// Topics of which other nodes are to be told once that is possible: they then need not wait until
/// they look by themselves.
#[derive(Debug, Default)]
struct Missed(HashMap<Topic, NodeId>);

impl Missed {
    fn note(&mut self, outgoing: impl Iterator<Item = Outgoing>) {
        for outgoing in outgoing {
            if let Outgoing::News(Announcement { node, topic, news }) = outgoing
                && !news.is_passing()
                && self.0.len() < MISSED
            {
                self.0.insert(topic, node);
            }
        }
    }

    fn take(&mut self, limit: usize) -> Vec<Outgoing> {
        let topics: Vec<Topic> = self.0.keys().take(limit).cloned().collect();
        let told = topics.into_iter().filter_map(|topic| {
            let node = self.0.remove(&topic)?;
            Some(Outgoing::News(Announcement { node, topic, news: News::Changed }))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use ihs_store::{RoomId, Seq};

    use super::*;
    use crate::username::Username;

    fn news(number: u8, news: News) -> Outgoing {
        let topic = Topic::Room(RoomId::from_bytes([number; 12]));
        Outgoing::News(Announcement { node: NodeId([1; 12]), topic, news })
    }

    #[test]
    fn what_could_not_be_told_is_told_once_and_what_passes_is_not() {
        let ada = Username::try_from("ada".to_owned()).unwrap();
        let mut missed = Missed::default();
        missed.note(
            [
                news(1, News::Changed),
                news(1, News::Entries(Arc::default())),
                news(2, News::Typing(ada.clone())),
                news(3, News::Read(ada, Seq::new(4))),
                news(4, News::Changed),
                Outgoing::Probe,
            ]
            .into_iter(),
        );
        let (first, second) = (missed.take(1), missed.take(9));
        assert_eq!((first.len(), second.len()), (1, 1));
        for told in first.iter().chain(&second) {
            assert!(matches!(told, Outgoing::News(Announcement { news: News::Changed, .. })));
        }
        assert!(missed.take(9).is_empty());
    }
}
