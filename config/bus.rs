//! Section `bus`: what carries events between nodes.

use serde::{Deserialize, Serialize};

use crate::{
    fault::Faults,
    redis::{AddressError, RedisAddress},
    secret::Secret,
};

/// Section `bus`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusSettings {
    /// `local`, or the address of a Redis, which may hold a password.
    pub url: Secret,
    /// What the names of all channels begin with.
    pub prefix: String,
    /// Largest announcement that travels whole, in bytes.
    pub payload_bytes: usize,
    /// Announcements that may wait to be published.
    pub queue: usize,
    /// Connections that publish.
    pub connections: usize,
    /// Longest wait for an answer of Redis, in milliseconds.
    pub timeout_ms: u64,
    /// Time between two probes, in milliseconds.
    pub probe_ms: u64,
    /// Time without a probe that came back after which the bus counts as away, in milliseconds.
    pub away_ms: u64,
}

impl BusSettings {
    /// Whether events stay within this process.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.url.expose() == "local"
    }

    /// Where the Redis is.
    ///
    /// # Errors
    /// [`AddressError`] when `url` is not the address of a Redis.
    pub fn redis(&self) -> Result<RedisAddress, AddressError> {
        RedisAddress::parse(self.url.expose())
    }

    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        if !self.is_local()
            && let Err(error) = self.redis()
        {
            faults.add("bus.url", error.to_string());
        }
        // What stands in braces decides on which node of a cluster a channel lives.
        if self.prefix.is_empty()
            || self.prefix.len() > 64
            || self
                .prefix
                .contains(|letter: char| !letter.is_ascii_graphic() || "{}".contains(letter))
        {
            faults.add("bus.prefix", "must have 1 to 64 ASCII letters, without blanks and braces");
        }
        faults.within("bus.payload_bytes", self.payload_bytes, 256, 1 << 20);
        faults.within("bus.queue", self.queue, 16, 1 << 20);
        faults.within("bus.connections", self.connections, 1, 1_024);
        faults.within("bus.timeout_ms", self.timeout_ms, 10, 60_000);
        faults.within("bus.probe_ms", self.probe_ms, 10, 60_000);
        faults.within("bus.away_ms", self.away_ms, self.probe_ms.saturating_mul(2), 600_000);
    }
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            url: Secret::new("local".to_owned()),
            prefix: "ihs".to_owned(),
            payload_bytes: 16_384,
            queue: 4_096,
            connections: 4,
            timeout_ms: 1_000,
            probe_ms: 1_000,
            away_ms: 3_000,
        }
    }
}
