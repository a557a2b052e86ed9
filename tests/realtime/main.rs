//! Chat over WebSocket, against the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]
#![allow(clippy::similar_names, reason = "people, their rooms and sockets have short names")]

#[path = "../support/mod.rs"]
mod support;

mod amend;
mod bad_input;
mod chat;
mod conversation;
mod crash;
mod frames;
mod handshake;
mod log_by_rest;
mod membership;
mod nodes;
mod read;
mod resume;
mod revoked;
mod slow;
