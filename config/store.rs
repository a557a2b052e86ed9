//! Section `store`: which database, and how long to wait for it.

use serde::{Deserialize, Serialize};

use crate::{fault::Faults, secret::Secret};

/// Section `store`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `embedded`, or a `mongodb://` or `mongodb+srv://` address, which may hold a password.
    pub url: Secret,
    /// Name of the MongoDB database when the address has none.
    pub database: String,
    /// Threads that read the embedded store.
    pub readers: usize,
    /// Longest wait for one operation, in milliseconds. On MongoDB an operation may wait as long for
    /// its turn, too.
    pub timeout_ms: u64,
    /// Operations that may wait for the embedded store's writer or for its readers; more are
    /// refused as unavailable.
    pub queue: usize,
    /// Collections of at least so many documents have what is searched in them in memory; 0 for
    /// none.
    pub roster_from: u64,
    /// Documents that were read by their ids or names and are held in memory, in KiB; 0 for none.
    pub recent_kib: usize,
}

impl StoreSettings {
    /// Whether the embedded store is meant.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.url.expose() == "embedded"
    }
}

/// Characters that MongoDB does not take in the name of a database.
const NOT_IN_NAMES: &[char] = &['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?', '\0'];

impl StoreSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        let url = self.url.expose();
        let remote = ["mongodb://", "mongodb+srv://"];
        if !self.is_embedded() && !remote.iter().any(|scheme| url.starts_with(scheme)) {
            faults.add("store.url", "must be `embedded` or a mongodb:// address");
        }
        let name = &self.database;
        if !(1..=63).contains(&name.len()) || name.contains(NOT_IN_NAMES) {
            faults.add("store.database", "is not the name of a MongoDB database");
        }
        faults.within("store.readers", self.readers, 1, 256);
        faults.within("store.timeout_ms", self.timeout_ms, 10, 600_000);
        faults.at_least("store.queue", self.queue, 1);
        faults.within("store.recent_kib", self.recent_kib, 0, 4_194_304);
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: Secret::new("embedded".to_owned()),
            database: "ihs".to_owned(),
            readers: 4,
            timeout_ms: 5_000,
            queue: 10_000,
            roster_from: 20_000,
            recent_kib: 4_096,
        }
    }
}
