//! The load generator: real users, rooms and sockets against a running node.
//!
//! - [`crew`]: users that it signs up, and the rooms that they share
//! - [`wire`]: a WebSocket client that costs little enough to run beside the server
//! - [`member`]: one socket in one room, which checks what it gets
//! - [`tally`]: what was counted; [`process`]: what the server used meanwhile
//! - [`load`]: fan-out and rooms; [`idle`]: sockets that only stay
//! - [`records`]: records over REST, [`phase`] after [`phase`]; [`http`]: the client for it

pub(crate) mod crew;
pub(crate) mod http;
pub(crate) mod idle;
pub(crate) mod load;
pub(crate) mod member;
pub(crate) mod phase;
pub(crate) mod process;
pub(crate) mod records;
pub(crate) mod tally;
pub(crate) mod wire;
