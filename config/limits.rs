//! Section `limits`: what one client may use. The defaults are those of the wire contract.

use serde::{Deserialize, Serialize};

use crate::fault::Faults;

/// Section `limits`. 0 switches a rate off.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Longest message text, in characters.
    pub message_chars: usize,
    /// Largest WebSocket frame or message from a client, in bytes.
    pub frame_bytes: usize,
    /// Sends of one user per second, in the long run.
    pub messages_per_second: u32,
    /// Sends of one user at once.
    pub messages_burst: u32,
    /// Rooms joined on one socket.
    pub rooms_per_socket: usize,
    /// Sockets of one user.
    pub sockets_per_user: usize,
    /// Sockets of one node.
    pub sockets: usize,
    /// Seconds between pings to a client.
    pub heartbeat_seconds: u64,
    /// Seconds after which a client that reads nothing is closed.
    pub stalled_seconds: u64,
}

impl LimitSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        faults.within("limits.message_chars", self.message_chars, 1, 1 << 20);
        faults.within("limits.frame_bytes", self.frame_bytes, 1, 16 << 20);
        if self.messages_per_second > 0 {
            faults.at_least("limits.messages_burst", self.messages_burst, 1);
        }
        faults.at_least("limits.rooms_per_socket", self.rooms_per_socket, 1);
        faults.at_least("limits.sockets_per_user", self.sockets_per_user, 1);
        faults.at_least("limits.sockets", self.sockets, 1);
        faults.within("limits.heartbeat_seconds", self.heartbeat_seconds, 1, 3_600);
        faults.at_least("limits.stalled_seconds", self.stalled_seconds, 1);
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            message_chars: 4_000,
            frame_bytes: 65_536,
            messages_per_second: 20,
            messages_burst: 60,
            rooms_per_socket: 500,
            sockets_per_user: 20,
            sockets: 100_000,
            heartbeat_seconds: 25,
            stalled_seconds: 120,
        }
    }
}
