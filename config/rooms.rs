//! Section `rooms`: how the realtime core shares memory and store.

use serde::{Deserialize, Serialize};

use crate::fault::Faults;

/// Section `rooms`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoomSettings {
    /// Most entries that one append takes.
    pub batch: usize,
    /// Most sends that wait in one room; more are refused as unavailable.
    pub pending: usize,
    /// Recent entries that a room keeps in memory on each thread, in bytes.
    pub tail_bytes: usize,
    /// Frames that wait for one socket before it is brought up to date from the log instead.
    pub outbox_frames: usize,
    /// The same in bytes.
    pub outbox_bytes: usize,
    /// Entries of one page while a socket catches up.
    pub page: u64,
    /// Sockets of the node that read pages from the store at the same time.
    pub catch_ups: usize,
    /// Seconds without a socket after which a room leaves memory.
    pub idle_seconds: u64,
}

impl RoomSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        faults.within("rooms.batch", self.batch, 1, 10_000);
        faults.at_least("rooms.pending", self.pending, 1);
        faults.at_least("rooms.outbox_frames", self.outbox_frames, 1);
        faults.at_least("rooms.outbox_bytes", self.outbox_bytes, 1);
        faults.within("rooms.page", self.page, 1, 10_000);
        faults.at_least("rooms.catch_ups", self.catch_ups, 1);
    }
}

impl Default for RoomSettings {
    fn default() -> Self {
        Self {
            batch: 256,
            pending: 4_096,
            tail_bytes: 65_536,
            outbox_frames: 512,
            outbox_bytes: 131_072,
            page: 200,
            catch_ups: 32,
            idle_seconds: 60,
        }
    }
}
