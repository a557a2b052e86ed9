//! Section `bus`: what carries events between nodes.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Section `bus`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusSettings {
    /// `local`, or a `redis://` address, which may hold a password.
    pub url: Secret,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            url: Secret::new("local".to_owned()),
        }
    }
}
