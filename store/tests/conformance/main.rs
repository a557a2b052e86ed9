//! What the store port promises, asked of every backend on a real engine.
//!
//! A case is a plain async function over `&dyn Store`, or over two handles of one store;
//! [`cases!`] and [`pair_cases!`] name it as a test of each backend.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be is a failed test; clippy knows only the bodies of tests as such"
)]

#[macro_use]
mod backend;

mod arbitrary;
mod commits;
mod documents;
mod embedded;
mod filters;
mod indexes;
mod logs;
mod messages;
mod model;
mod mongo;
mod paging;
mod properties;
mod restore;
mod search;
