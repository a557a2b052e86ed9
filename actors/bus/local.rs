//! The bus within one process: for a node alone, and for several nodes in one test.

use std::collections::HashMap;

use actix::Recipient;
use parking_lot::Mutex;

use super::{Announcement, Bus, Health, NodeId, Topic};

/// Who listens to a topic.
type Listeners = Vec<(NodeId, Recipient<Announcement>)>;

/// Listeners by topic.
#[derive(Default)]
pub struct LocalBus {
    topics: Mutex<HashMap<Topic, Listeners>>,
}

impl Bus for LocalBus {
    fn publish(&self, announcement: Announcement) {
        let topics = self.topics.lock();
        let listeners = topics.get(&announcement.topic).into_iter().flatten();
        for (_, listener) in listeners.filter(|(node, _)| *node != announcement.node) {
            // A listener whose mailbox is full has work to do, and then finds what is new in the
            // store.
            if listener.try_send(announcement.clone()).is_err() {
                tracing::debug!(topic = ?announcement.topic, "announcement dropped");
            }
        }
    }

    fn subscribe(&self, topic: Topic, node: NodeId, listener: Recipient<Announcement>) {
        let mut topics = self.topics.lock();
        let listeners = topics.entry(topic).or_default();
        listeners.retain(|(known, _)| *known != node);
        listeners.push((node, listener));
    }

    fn unsubscribe(&self, topic: &Topic, node: NodeId) {
        let mut topics = self.topics.lock();
        if let Some(listeners) = topics.get_mut(topic) {
            listeners.retain(|(known, _)| *known != node);
            if listeners.is_empty() {
                topics.remove(topic);
            }
        }
    }

    fn health(&self) -> Health {
        Health::Alone
    }
}
