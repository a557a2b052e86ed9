//! Typed settings of IHS.
//!
//! - [`settings`]: all sections together, and how they are loaded
//! - one file per section: [`server`], [`store`], [`bus`], [`auth`], [`api`], [`rooms`],
//!   [`limits`], [`log`]
//! - [`redis`]: addresses of a Redis
//! - [`secret`]: a text that does not print; `key`: whether one is easily guessed
//! - [`fault`]: what can be wrong with settings
//! - `layers`: the file, the environment and the flags, as values for keys
//! - `default.toml`: every key with its default and its meaning

pub mod api;
pub mod auth;
pub mod bus;
pub mod fault;
mod key;
mod layers;
pub mod limits;
pub mod log;
pub mod redis;
pub mod rooms;
pub mod secret;
pub mod server;
pub mod settings;
pub mod store;

pub use api::{ApiSettings, UnknownParameters};
pub use auth::{AuthSettings, KEY_MIN_BYTES};
pub use bus::BusSettings;
pub use fault::{Fault, Origin, SettingsError};
pub use limits::LimitSettings;
pub use log::{LogFormat, LogSettings};
pub use redis::{AddressError, Login, RedisAddress, RedisKind};
pub use rooms::RoomSettings;
pub use secret::Secret;
pub use server::{Profile, ServerSettings};
pub use settings::{Overrides, Settings};
pub use store::StoreSettings;
