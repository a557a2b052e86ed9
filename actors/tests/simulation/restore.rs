//! A store that is put back to an earlier state, with every node down or with one that goes on.

use ihs_store::{RoomId, Seq};

use crate::{model::Model, world::World};

/// Milliseconds between two looks.
const TICK: u64 = 500;

/// Ticks until a node has noticed: 5 s.
const NOTICED: usize = 10;

impl World {
    /// Makes a backup, or puts the store back to the last one.
    pub(crate) async fn restore(&mut self) {
        let Some(backup) = self.backup.take() else {
            self.dice.note(format_args!("a backup is made"));
            self.backup = Some(self.ground.desk.lock().model.clone());
            return;
        };
        // One node at most: what several do meanwhile may look like what was lost.
        let stay = usize::from(self.dice.chance(60));
        while self.nodes.len() > stay {
            self.crash(stay);
        }
        self.dice.note(format_args!("the store is restored"));
        self.put_back(backup);
        self.ground.wires.lock().under_way.clear();
        self.deleted.clear();
        self.restored = true;
        if self.nodes.is_empty() {
            self.start_node();
        } else {
            self.let_nodes_notice().await;
        }
    }

    fn put_back(&mut self, backup: Model) {
        let mut desk = self.ground.desk.lock();
        desk.cut();
        desk.model = backup;
        for draft in &mut self.drafts {
            let entry = draft.ack.and_then(|(seq, _)| desk.model.log(draft.room).at(seq));
            draft.ack = draft.ack.filter(|(_, id)| entry.is_some_and(|entry| entry.id == *id));
        }
    }

    /// Whoever was given what is not in the log any more is told to come back. What clients read
    /// until then may be wrong.
    async fn let_nodes_notice(&mut self) {
        for client in &mut self.clients {
            client.haunted = client.session.is_some();
        }
        let misled: Vec<(usize, RoomId, Seq)> = self.misled();
        for _ in 0..NOTICED {
            self.flow();
            self.wait(TICK).await;
        }
        self.flow();
        for (number, room, seq) in misled {
            let session = self.clients[number].session.as_ref();
            let told = session.is_none_or(|session| {
                session.socket.ending.get() || !session.socket.rooms.borrow().contains(&room)
            });
            assert!(told, "client {number} has {seq} of {room}, and nobody said that it is gone");
        }
        for number in 0..self.clients.len() {
            if std::mem::take(&mut self.clients[number].haunted) {
                self.hang_up(number);
            }
        }
    }

    /// Clients that are fed from rooms, and have something that the log does not.
    fn misled(&self) -> Vec<(usize, RoomId, Seq)> {
        let desk = self.ground.desk.lock();
        let mut misled = Vec::new();
        for (number, client) in self.clients.iter().enumerate() {
            for (room, view) in &client.views {
                if let Some((seq, Some(last))) = view.cursor()
                    && view.fed
                    && view.word.is_none()
                    && desk.model.log(*room).at(seq).map(|entry| entry.id) != Some(last)
                    && client.session.is_some()
                {
                    misled.push((number, *room, seq));
                }
            }
        }
        misled
    }
}
