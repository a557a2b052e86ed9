//! What is checked once everything is at rest: who is said to be there, and who is notified of
//! what they missed.

use std::collections::BTreeSet;

use ihs_actors::inbox::shelf::{NOTIFICATIONS, SLOT};
use ihs_store::{Filter, Query, RoomId, Seq};

use crate::world::World;

/// Milliseconds between two looks.
const STRIDE: u64 = 4_000;

/// Until nodes that died are taken for dead, and what was lost on the bus was said again: 36 s.
const CALM: usize = 9;

/// Frames that must fit into an outbox, so that no passing event is dropped.
const ROOMY: usize = 4;

impl World {
    /// Waits until nodes agree on who is there.
    pub(crate) async fn calm_down(&mut self) {
        for _ in 0..CALM {
            self.wait(STRIDE).await;
            self.retire();
            self.flow();
        }
    }

    /// What every client knows of who is there is so.
    pub(crate) fn check_online(&self) {
        if self.ground.settings.rooms.outbox_frames < ROOMY {
            return;
        }
        for room in &self.rooms {
            let fed = self.clients.iter().filter(|client| client.views[room].fed);
            let there: BTreeSet<&str> = fed.map(|client| client.user.as_str()).collect();
            for (number, client) in self.clients.iter().enumerate() {
                let view = &client.views[room];
                let Some(online) = view.online.as_ref().filter(|_| view.fed) else { continue };
                let online: BTreeSet<&str> = online.iter().map(String::as_str).collect();
                assert_eq!(online, there, "client {number} is told who is in {room}");
            }
        }
    }

    /// Somebody goes, and misses something: they are told once, even if the node that took it is
    /// gone at once; and not any more when they have read it.
    pub(crate) async fn miss_something(&mut self) {
        let away = self.clients[self.dice.below(self.clients.len())].user.clone();
        for number in 0..self.clients.len() {
            if self.clients[number].user == away {
                self.hang_up(number);
                self.flow();
            }
        }
        self.check_online();
        let heads = self.heads();
        for number in 0..self.clients.len() {
            for room in self.rooms.clone() {
                let user = self.clients[number].user.clone();
                if user != away && self.is_member(user.as_str(), room) {
                    self.draft(number, room);
                    self.flow();
                }
            }
        }
        if self.profile.crashes > 0 {
            let number = self.dice.below(self.nodes.len());
            self.crash(number);
            self.start_node();
        }
        self.calm_down().await;
        for (room, head) in heads {
            self.check_notices(room, "admin", Seq::ZERO);
            self.check_notices(room, away.as_str(), head);
        }
        self.read_everything(away.as_str());
    }

    /// The user comes back, and reads what they missed.
    fn read_everything(&mut self, user: &str) {
        let theirs = |number: &usize| self.clients[*number].user.as_str() == user;
        let Some(number) = (0..self.clients.len()).find(theirs) else { return };
        self.connect(number);
        for room in self.rooms.clone() {
            if self.is_member(user, room) {
                let head = self.ground.desk.lock().model.log(room).head();
                self.clients[number].mark_read(room, head, &mut self.dice);
                self.flow();
                assert_eq!(self.notices(room, user), 0, "{user} has read {room}");
            }
        }
    }

    fn heads(&self) -> Vec<(RoomId, Seq)> {
        let desk = self.ground.desk.lock();
        self.rooms.iter().map(|room| (*room, desk.model.log(*room).head())).collect()
    }

    /// Whoever has missed something behind `head` has one notification of it, and nobody has
    /// several.
    fn check_notices(&self, room: RoomId, user: &str, head: Seq) {
        let count = self.notices(room, user);
        let behind = self.ground.desk.lock().model.unread(room, user, head) > 0;
        let missed = behind && self.is_member(user, room);
        assert!(count <= 1, "{user} is notified of {room} {count} times");
        assert!(!missed || count == 1, "{user} is not notified of what they missed in {room}");
    }

    /// Unseen notifications of a room.
    fn notices(&self, room: RoomId, user: &str) -> usize {
        let slot = Filter::eq(SLOT, format!("{room}:{user}"));
        let unseen = Query::new(NOTIFICATIONS, slot.and(Filter::eq("viewed", false)), 10);
        self.ground.desk.lock().model.find(&unseen).len()
    }
}
