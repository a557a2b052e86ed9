//! Section `log`: what the node writes about itself.

use serde::{Deserialize, Serialize};

use crate::fault::Faults;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Section `log`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,ihs_actors=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// Names of levels, as logs are filtered by.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl LogSettings {
    /// Every directive names a level: `verbose` alone would be taken for the name of a module.
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        let mut directives = self.level.split(',').map(str::trim);
        let is_level = |directive: &str| {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            LEVELS.contains(&level)
        };
        if let Some(directive) = directives.find(|directive| !is_level(directive)) {
            let levels = LEVELS.join(", ");
            faults.add("log.level", format!("`{directive}` does not name a level: {levels}"));
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}
