//! The binary as whoever runs it sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]
#![allow(clippy::similar_names, reason = "people, their rooms and sockets have short names")]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod chat;
mod demo;
mod kubernetes;
mod manifests;
mod readme;
mod settings;
mod start;
mod store_away;
mod superuser;
mod transfer;
