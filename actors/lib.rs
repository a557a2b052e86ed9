//! The realtime core of IHS: rooms, sessions and what lies between them.
//!
//! - [`hub`]: what a node's rooms, sessions and threads share; where the rest of the node comes in
//! - [`room`]: the actor of a room; [`room_log`]: its decisions; [`membership`], [`admission`],
//!   [`delivery`], [`touch`]: its parts
//! - [`session`]: the actor of a WebSocket; [`socket`], [`outbox`]: what it shares with its thread
//! - [`fan_out`]: the actor of a thread; [`feed`]: its decisions; [`frames`], [`pages`]: what it
//!   hands out
//! - [`users`], [`rate`]: limits per user; [`asker`]: the way back to who asked
//! - [`bus`]: the port between nodes
//! - [`protocol`]: frames, as pure functions
//!
//! Nothing here knows of HTTP resources.

pub mod admission;
pub mod asker;
pub mod bus;
pub mod delivery;
pub mod fan_out;
pub mod feed;
#[cfg(test)]
mod feed_tests;
pub mod frames;
pub mod hub;
pub mod membership;
pub mod outbox;
pub mod pages;
pub mod protocol;
pub mod rate;
pub mod room;
pub mod room_log;
#[cfg(test)]
mod room_log_tests;
pub mod session;
pub mod socket;
pub mod touch;
pub mod username;
pub mod users;

pub use fan_out::FanOut;
pub use hub::{Hub, Parts};
pub use session::Opening;
pub use username::Username;
