//! What the black-box suites share: a real node, people who use it, and what they get.
//!
//! - [`app`]: a node of its own for each test
//! - [`process`]: the binary as a process; [`database`]: the store that `IHS_TEST_STORE` names
//! - [`store`]: a MongoDB of a test's own
//! - [`redis`]: a Redis to stop and to hold up; [`road`]: a way to it that can fail; [`town`]:
//!   several nodes on one bus
//! - [`terminal`]: a program that is typed to and looked at
//! - [`user`]: somebody who is logged in; [`answer`]: what came back; [`socket`]: a WebSocket;
//!   [`events`]: Server-Sent Events
#![allow(dead_code, reason = "each suite uses a part")]

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod database;
pub(crate) mod events;
pub(crate) mod process;
pub(crate) mod redis;
pub(crate) mod road;
pub(crate) mod socket;
pub(crate) mod store;
pub(crate) mod terminal;
pub(crate) mod town;
pub(crate) mod user;

pub(crate) use app::App;
