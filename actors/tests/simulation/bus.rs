//! The bus between simulated nodes: announcements lie on the wires until the schedule delivers,
//! repeats or loses them.

use std::sync::Arc;

use actix::Recipient;
use ihs_actors::{
    Health,
    bus::{Announcement, Bus, News, NodeId, Topic},
};
use parking_lot::Mutex;

/// What connects the nodes.
pub(crate) struct Wires {
    listeners: Vec<(Topic, NodeId, Recipient<Announcement>)>,
    /// On their way, each to one node.
    pub(crate) under_way: Vec<(NodeId, Announcement)>,
    /// Whether it takes anything.
    pub(crate) up: bool,
    /// What nodes take it for: they may not have noticed yet.
    health: Health,
}

/// The bus as one node reaches it.
pub(crate) struct NodeBus(pub(crate) Arc<Mutex<Wires>>);

impl Wires {
    pub(crate) fn new() -> Self {
        Self { listeners: Vec::new(), under_way: Vec::new(), up: true, health: Health::Up }
    }

    /// Nodes notice how the bus is. When it is back, it says that they may have missed something.
    pub(crate) fn notice(&mut self) {
        let health = if self.up { Health::Up } else { Health::Away };
        if std::mem::replace(&mut self.health, health) != health && self.up {
            let missed = self.listeners.iter().map(|(topic, node, _)| {
                let (topic, news) = (topic.clone(), News::Changed);
                (*node, Announcement { node: *node, topic, news })
            });
            self.under_way.extend(missed);
        }
    }

    /// Delivers one, and keeps it if it is to come again.
    pub(crate) fn deliver(&mut self, place: usize, again: bool) {
        let (node, announcement) = self.under_way[place].clone();
        if !again {
            self.under_way.remove(place);
        }
        let wanted = |(topic, listens, _): &&(Topic, NodeId, Recipient<Announcement>)| {
            *topic == announcement.topic && *listens == node
        };
        if let Some((_, _, listener)) = self.listeners.iter().find(wanted) {
            let _ = listener.try_send(announcement.clone());
        }
    }

    /// Whether it can be lost: what the bus says itself cannot.
    pub(crate) fn may_be_lost(&self, place: usize) -> bool {
        let (node, announcement) = &self.under_way[place];
        *node != announcement.node
    }

    /// How many rooms listen.
    pub(crate) fn rooms(&self) -> usize {
        self.listeners.iter().filter(|(topic, ..)| matches!(topic, Topic::Room(_))).count()
    }

    /// Forgets a node that is gone.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.listeners.retain(|(_, listens, _)| *listens != node);
        self.under_way.retain(|(to, _)| *to != node);
    }
}

impl Bus for NodeBus {
    fn publish(&self, announcement: Announcement) {
        let mut wires = self.0.lock();
        if !wires.up {
            return;
        }
        let listeners = wires.listeners.iter();
        let others = listeners
            .filter(|(topic, node, _)| *topic == announcement.topic && *node != announcement.node)
            .map(|(_, node, _)| (*node, announcement.clone()));
        let others: Vec<_> = others.collect();
        wires.under_way.extend(others);
    }

    fn subscribe(&self, topic: Topic, node: NodeId, listener: Recipient<Announcement>) {
        let mut wires = self.0.lock();
        wires.listeners.retain(|(known, listens, _)| (known, *listens) != (&topic, node));
        wires.listeners.push((topic, node, listener));
    }

    fn unsubscribe(&self, topic: &Topic, node: NodeId) {
        let mut wires = self.0.lock();
        wires.listeners.retain(|(known, listens, _)| (known, *listens) != (topic, node));
    }

    fn health(&self) -> Health {
        self.0.lock().health
    }
}
