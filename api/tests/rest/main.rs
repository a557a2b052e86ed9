//! The REST layer over a real embedded store, as its clients see it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod auth;
mod concurrency;
mod errors;
mod glass;
mod lists;
mod matrix;
mod meddler;
mod messages;
mod negotiation;
mod profiles;
mod records;
mod rooms;
mod sockets;
mod support;
mod sweep;
mod users;
mod wire;
