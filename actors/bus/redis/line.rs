//! The connection that listens: one half asks for channels, the other hears what is sent.

use futures_util::StreamExt as _;
use redis::{
    FromRedisValue as _, Msg, PushInfo, PushKind,
    aio::{PubSubSink, PubSubStream},
    cluster_async::ClusterConnection,
};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};

use super::{channels::Channel, server::Trouble, table::Step};
use std::time::Duration;

/// Asks for channels.
pub(super) enum Mouth {
    /// One Redis.
    Single(PubSubSink),
    /// A cluster.
    Cluster(Box<ClusterConnection>),
}

/// Hears what is sent. What it waits in has no bound of its own: whoever holds it must take all
/// there is before anything else runs on the thread.
pub(super) enum Ear {
    /// One Redis.
    Single(PubSubStream),
    /// A cluster.
    Cluster(UnboundedReceiver<PushInfo>),
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A payload on a channel.
    Payload(String, Vec<u8>),
    /// A channel is not sent any more.
    Ended(String),
}

impl Mouth {
    /// Asks for what a step says, and waits until Redis has confirmed all of it.
    pub(super) async fn ask(&mut self, step: &Step, patience: Duration) -> Result<(), Trouble> {
        let confirmed = match step {
            Step::Subscribe(channels) => timeout(patience, self.subscribe(channels)).await,
            Step::Unsubscribe(channels) => timeout(patience, self.unsubscribe(channels)).await,
        };
        confirmed.map_err(|_| Trouble::Late(patience))?
    }

    async fn subscribe(&mut self, channels: &[Channel]) -> Result<(), Trouble> {
        let names = names(channels);
        match self {
            Self::Single(sink) => sink.subscribe(names).await?,
            Self::Cluster(connection) => connection.ssubscribe(names).await?,
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, channels: &[Channel]) -> Result<(), Trouble> {
        let names = names(channels);
        match self {
            Self::Single(sink) => sink.unsubscribe(names).await?,
            Self::Cluster(connection) => connection.sunsubscribe(names).await?,
        }
        Ok(())
    }
}

impl Ear {
    /// What comes next; `None` when the connection has ended.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        match self {
            Self::Single(stream) => loop {
                let message = stream.next().await?;
                if let Ok(channel) = message.get_channel() {
                    return Some(Heard::Payload(channel, message.get_payload_bytes().to_vec()));
                }
            },
            Self::Cluster(pushes) => loop {
                let push = pushes.recv().await?;
                if push.kind == PushKind::Disconnection {
                    return None;
                }
                if let Some(heard) = heard(push) {
                    return Some(heard);
                }
            },
        }
    }
}

fn names(channels: &[Channel]) -> Vec<&str> {
    channels.iter().map(|channel| &*channel.name).collect()
}

fn heard(push: PushInfo) -> Option<Heard> {
    if push.kind == PushKind::SUnsubscribe {
        let channel = push.data.into_iter().next()?;
        return String::from_redis_value(channel).ok().map(Heard::Ended);
    }
    let message = Msg::from_push_info(push)?;
    let channel = message.get_channel().ok()?;
    Some(Heard::Payload(channel, message.get_payload_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    fn push(kind: PushKind, words: &[&str]) -> PushInfo {
        let data = words.iter().map(|word| Value::BulkString(word.as_bytes().to_vec())).collect();
        PushInfo { kind, data }
    }

    #[test]
    fn a_cluster_sends_payloads_and_ends() {
        let message = push(PushKind::SMessage, &["channel", "payload"]);
        let payload = Heard::Payload("channel".to_owned(), b"payload".to_vec());
        assert_eq!(heard(message), Some(payload));
        let end = push(PushKind::SUnsubscribe, &["channel", "3"]);
        assert_eq!(heard(end), Some(Heard::Ended("channel".to_owned())));
        assert_eq!(heard(push(PushKind::SSubscribe, &["channel", "3"])), None);
    }
}
