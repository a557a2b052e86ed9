//! A store that fails and does not come back: everybody is answered within a bounded time, and
//! what waits stays bounded.

use std::collections::{BTreeMap, BTreeSet};

use ihs_store::RoomId;

use crate::{
    client::Asked,
    world::{Mode, World},
};

/// Milliseconds between two looks.
const TICK: u64 = 500;

/// Ticks until everybody is answered: 8 s, with calls that end after 1.5 s.
const ANSWERED: usize = 16;

impl World {
    /// Lets the store fail for long, and clients send all the same.
    pub(crate) async fn endure(&mut self) {
        let modes = [(1, Mode::ReadOnly), (1, Mode::Away), (1, Mode::Silent)];
        self.mode = self.dice.weighted(&modes);
        self.dice.note(format_args!("the store is {:?}, for long", self.mode));
        for client in &mut self.clients {
            client.slow = false;
        }
        let sends = self.dice.chance(60);
        for number in 0..self.clients.len() {
            if self.clients[number].session.is_some() {
                for _ in 0..self.dice.below(6) * usize::from(sends) {
                    let room = self.some_room();
                    self.draft(number, room);
                }
            }
        }
        self.flow();
        self.check_waiting();
        for _ in 0..ANSWERED {
            self.wait(TICK).await;
            self.retire();
            self.flow();
            self.check_waiting();
        }
        for (number, client) in self.clients.iter().enumerate() {
            let waits = client.asked.values().any(|asked| matches!(asked, Asked::Send(_)));
            assert!(!waits, "client {number} waits: {:?}", client.asked);
        }
    }

    /// No more messages wait in a room of a node than may, one batch that is under way, and as many
    /// of those whom the room does not know.
    fn check_waiting(&self) {
        let desk = self.ground.desk.lock();
        // While a room is loaded, its mailbox holds what comes.
        let loading = desk.calls.iter().filter(|call| call.ask.is_of_loading());
        let loading: BTreeSet<u32> = loading.map(|call| call.node).collect();
        let mut waiting: BTreeMap<(u32, RoomId), usize> = BTreeMap::new();
        for client in &self.clients {
            let Some(session) = &client.session else { continue };
            for asked in client.asked.values() {
                if let Asked::Send(draft) = asked
                    && !loading.contains(&session.node)
                {
                    *waiting.entry((session.node, self.drafts[*draft].room)).or_default() += 1;
                }
            }
        }
        let rooms = &self.ground.settings.rooms;
        let most = 2 * rooms.pending + rooms.batch;
        let found = waiting.values().copied().max().unwrap_or(0);
        assert!(found <= most, "{found} messages wait in one room, of {most}");
    }
}
