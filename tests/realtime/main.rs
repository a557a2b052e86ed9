//! Chat over WebSocket, against the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]
#![allow(clippy::similar_names, reason = "people, their rooms and sockets have short names")]

#[path = "../support/mod.rs"]
mod support;

mod amend;
mod bad_input;
mod bus;
mod bus_faults;
mod bus_kinds;
mod bus_people;
mod chat;
mod conversation;
mod crash;
mod event_stream;
mod event_stream_ends;
mod event_stream_inbox;
mod frames;
mod handshake;
mod inbox;
mod log_by_rest;
mod membership;
mod nodes;
mod presence;
mod read;
mod receipts;
mod rest;
mod resume;
mod revoked;
mod slow;
mod sync;
