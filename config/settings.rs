//! All sections together, and how they are loaded.

use serde::{Deserialize, Serialize};

use crate::{
    api::ApiSettings, auth::AuthSettings, bus::BusSettings, limits::LimitSettings,
    log::LogSettings, rooms::RoomSettings, server::ServerSettings, store::StoreSettings,
};

/// Every setting of a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the node listens and keeps its files.
    pub server: ServerSettings,
    /// Which database.
    pub store: StoreSettings,
    /// What carries events between nodes.
    pub bus: BusSettings,
    /// Tokens and passwords.
    pub auth: AuthSettings,
    /// The REST layer.
    pub api: ApiSettings,
    /// The realtime core.
    pub rooms: RoomSettings,
    /// What one client may use.
    pub limits: LimitSettings,
    /// What the node writes about itself.
    pub log: LogSettings,
}
/// Placeholder.
#[derive(Debug, Clone, Default)]
pub struct Overrides {}
/// Placeholder.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct SettingsError;
