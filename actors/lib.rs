//! The realtime core of IHS: rooms, sessions and what lies between them.
//!
//! - [`hub`]: what a node's rooms, sessions and threads share; where the rest of the node comes in
//! - [`room`]: the actor of a room
//! - [`session`]: the actor of a WebSocket
//! - [`fan_out`]: the actor of a thread, which hands what rooms deliver to its sockets
//! - [`inbox`]: the actor of a user's inbox; [`gate`]: what is asked about accounts
//! - [`bus`]: the port between nodes; [`peers`]: which of them live
//! - [`online`]: which users are online, and when they were seen last
//! - [`protocol`]: frames, as pure functions
//! - [`receipts`]: who has got and read what, since when; `activity`: when rooms were last active
//! - [`username`]: the name by which people are known
//!
//! Nothing here knows of HTTP resources.

mod activity;
pub mod bus;
pub mod fan_out;
pub mod gate;
pub mod hub;
pub mod inbox;
pub mod online;
pub mod peers;
pub mod protocol;
pub mod receipts;
pub mod room;
pub mod session;
pub mod username;

pub use bus::{Bus, BusError, Health, LocalBus, RedisBus};
pub use fan_out::FanOut;
pub use gate::{Denied, Gate, Renewal};
pub use hub::{Hub, Parts};
pub use session::Opening;
pub use username::Username;
