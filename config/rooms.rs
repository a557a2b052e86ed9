//! Section `rooms`: how the realtime core shares memory and store.

use serde::{Deserialize, Serialize};

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
