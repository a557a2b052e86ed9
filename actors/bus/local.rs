//! The bus within one process: for a node alone, and for several nodes in one test.

use std::collections::HashMap;

use actix::Recipient;
use ihs_store::RoomId;
use parking_lot::Mutex;

use super::{Announcement, Bus, NodeId};

/// Who listens to a room.
type Listeners = Vec<(NodeId, Recipient<Announcement>)>;

/// Listeners by room.
#[derive(Default)]
pub struct LocalBus {
    rooms: Mutex<HashMap<RoomId, Listeners>>,
}

impl Bus for LocalBus {
    fn publish(&self, announcement: Announcement) {
        let rooms = self.rooms.lock();
        let listeners = rooms.get(&announcement.room).into_iter().flatten();
        for (_, listener) in listeners.filter(|(node, _)| *node != announcement.node) {
            // A listener whose mailbox is full has work to do, and then finds the entries in the
            // log.
            if listener.try_send(announcement.clone()).is_err() {
                tracing::debug!(room = %announcement.room, "announcement dropped");
            }
        }
    }

    fn subscribe(&self, room: RoomId, node: NodeId, listener: Recipient<Announcement>) {
        let mut rooms = self.rooms.lock();
        let listeners = rooms.entry(room).or_default();
        listeners.retain(|(known, _)| *known != node);
        listeners.push((node, listener));
    }

    fn unsubscribe(&self, room: RoomId, node: NodeId) {
        let mut rooms = self.rooms.lock();
        if let Some(listeners) = rooms.get_mut(&room) {
            listeners.retain(|(known, _)| *known != node);
            if listeners.is_empty() {
                rooms.remove(&room);
            }
        }
    }
}
