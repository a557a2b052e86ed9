//! What the black-box suites share: a real node, people who use it, and what they get.
//!
//! - [`app`]: a node of its own for each test
//! - [`process`]: the binary as a process; [`database`]: the store that `IHS_TEST_STORE` names
//! - [`terminal`]: a program that is typed to and looked at
//! - [`user`]: somebody who is logged in; [`answer`]: what came back; [`socket`]: a WebSocket
#![allow(dead_code, unused_imports, reason = "each suite uses a part")]
#![allow(
    clippy::unused_async,
    reason = "what takes time is awaited, however it waits today"
)]

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod database;
pub(crate) mod process;
pub(crate) mod socket;
pub(crate) mod terminal;
pub(crate) mod user;

pub(crate) use app::App;
pub(crate) use {socket::Socket, user::User};
