//! Section `store`: which database, and how long to wait for it.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

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
    /// Longest wait for one operation, in milliseconds.
    pub timeout_ms: u64,
    /// Operations that may wait for the embedded store's writer or for its readers; more are
    /// refused as unavailable.
    pub queue: usize,
}

impl StoreSettings {
    /// Whether the embedded store is meant.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.url.expose() == "embedded"
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
        }
    }
}
