//! The bus between simulated nodes: announcements lie on the wires until the schedule delivers,
//! repeats or loses them.

use std::sync::Arc;

use actix::Recipient;
use ihs_actors::bus::{Announcement, Bus, NodeId};
use ihs_store::RoomId;
use parking_lot::Mutex;

/// What connects the nodes.
pub(crate) struct Wires {
    listeners: Vec<(RoomId, NodeId, Recipient<Announcement>)>,
    /// On their way, each to one node.
    pub(crate) under_way: Vec<(NodeId, Announcement)>,
    /// Whether it takes anything.
    pub(crate) up: bool,
}

/// The bus as one node reaches it.
pub(crate) struct NodeBus(pub(crate) Arc<Mutex<Wires>>);

impl Wires {
    pub(crate) fn new() -> Self {
        Self { listeners: Vec::new(), under_way: Vec::new(), up: true }
    }

    /// Delivers one, and keeps it if it is to come again.
    pub(crate) fn deliver(&mut self, place: usize, again: bool) {
        let (node, announcement) = self.under_way[place].clone();
        if !again {
            self.under_way.remove(place);
        }
        let wanted = |(room, listens, _): &&(RoomId, NodeId, Recipient<Announcement>)| {
            *room == announcement.room && *listens == node
        };
        if let Some((_, _, listener)) = self.listeners.iter().find(wanted) {
            let _ = listener.try_send(announcement.clone());
        }
    }

    /// How many rooms listen.
    pub(crate) fn listening(&self) -> usize {
        self.listeners.len()
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
            .filter(|(room, node, _)| *room == announcement.room && *node != announcement.node)
            .map(|(_, node, _)| (*node, announcement.clone()));
        let others: Vec<_> = others.collect();
        wires.under_way.extend(others);
    }

    fn subscribe(&self, room: RoomId, node: NodeId, listener: Recipient<Announcement>) {
        let mut wires = self.0.lock();
        wires.listeners.retain(|(known, listens, _)| (*known, *listens) != (room, node));
        wires.listeners.push((room, node, listener));
    }

    fn unsubscribe(&self, room: RoomId, node: NodeId) {
        let mut wires = self.0.lock();
        wires.listeners.retain(|(known, listens, _)| (*known, *listens) != (room, node));
    }
}
