//! Chat over WebSocket, against the real binary.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod chat;
mod crash;
mod handshake;
mod log_by_rest;
mod membership;
mod nodes;
mod resume;
mod slow;
