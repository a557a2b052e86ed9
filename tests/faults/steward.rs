//! Removes and adds members by REST while everybody talks.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tokio::time::sleep;

use crate::world::{Stage, World};

/// The admin of a room, and whom they send out and let in again.
pub(crate) struct Steward {
    pub(crate) world: Arc<World>,
    pub(crate) token: String,
    pub(crate) room: String,
    /// Who always stays.
    pub(crate) members: Vec<String>,
    /// Who comes and goes. At the end the first is in, and the others are out.
    pub(crate) guests: Vec<String>,
}

impl Steward {
    /// Goes on until nothing new shall happen.
    pub(crate) async fn run(self, seed: u64) {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut present = self.guests.clone();
        while self.world.stage() == Stage::Busy {
            sleep(Duration::from_millis(chance.random_range(500..3_000))).await;
            let guest = &self.guests[chance.random_range(0..self.guests.len())];
            match present.iter().position(|name| name == guest) {
                Some(place) => drop(present.swap_remove(place)),
                None => present.push(guest.clone()),
            }
            self.set(&present, &mut chance).await;
        }
        self.set(&[], &mut chance).await;
        self.set(&self.guests[..1], &mut chance).await;
    }

    /// Asks nodes until one has done it.
    async fn set(&self, present: &[String], chance: &mut StdRng) {
        let members: Vec<&String> = self.members.iter().chain(present).collect();
        loop {
            let door = &self.world.doors[chance.random_range(0..self.world.doors.len())];
            let request = self.world.client.patch(format!("{door}/api/rooms/{}/", self.room));
            let request = request.bearer_auth(&self.token).json(&json!({"members": members}));
            match request.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200) => return,
                // Too busy, or not there: try again.
                Ok(409 | 412 | 502 | 503) | Err(_) => {}
                Ok(status) => self.world.odd(format!("members by REST: {status}")),
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}
