//! Section `api`: the REST layer.

use serde::{Deserialize, Serialize};

use crate::fault::Faults;

/// What happens to query parameters that no resource knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownParameters {
    /// 400, naming them.
    Refuse,
    /// As if they were not there, like Django REST framework.
    Ignore,
}

/// Section `api`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiSettings {
    /// What happens to query parameters that no resource knows.
    pub unknown_parameters: UnknownParameters,
    /// Rows of a page when the client does not say.
    pub page_size: u64,
    /// Most rows of a page.
    pub page_size_max: u64,
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Resources that are served; empty means all.
    pub plugins: Vec<String>,
}

impl ApiSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        faults.within("api.page_size", self.page_size, 1, self.page_size_max);
        faults.within("api.page_size_max", self.page_size_max, 1, 10_000);
        faults.within("api.body_bytes", self.body_bytes, 1, 15 << 20);
        if self.plugins.iter().any(String::is_empty) {
            faults.add("api.plugins", "holds an empty name");
        }
    }
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            unknown_parameters: UnknownParameters::Refuse,
            page_size: 25,
            page_size_max: 100,
            body_bytes: 1_048_576,
            plugins: Vec::new(),
        }
    }
}
