//! The REST interface as clients see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]
#![allow(clippy::similar_names, reason = "people, their rooms and sockets have short names")]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod appointments;
mod keyset;
mod openapi;
mod records;
