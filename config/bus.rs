//! Section `bus`: what carries events between nodes.

use serde::{Deserialize, Serialize};

use crate::{fault::Faults, secret::Secret};

/// Section `bus`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusSettings {
    /// `local`, or a `redis://` address, which may hold a password.
    pub url: Secret,
}

impl BusSettings {
    /// Whether events stay within this process.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.url.expose() == "local"
    }

    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        let url = self.url.expose();
        if !self.is_local()
            && !["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme))
        {
            faults.add("bus.url", "must be `local` or a redis:// address");
        }
    }
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { url: Secret::new("local".to_owned()) }
    }
}
