//! The REST layer over a real embedded store, as its clients see it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod auth;
mod auth_races;
mod concurrency;
mod drf;
mod errors;
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
mod throttle;
mod users;
mod wire;
