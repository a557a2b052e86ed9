//! The sockets as clients see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]

#[path = "../support/mod.rs"]
mod support;

mod conversation;
