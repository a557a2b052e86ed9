//! The document store port of IHS and the two backends behind it.
//!
//! - [`port`]: the [`Store`] trait; its docs are the contract that both backends implement
//! - [`document`]: what is stored, and what a document may hold
//! - [`filter`], [`query`], [`mod@write`]: the typed query and write language
//! - [`collection`]: which indexes a collection has
//! - [`log`]: the append-only log of a room; [`message`]: messages out of many of them
//! - [`id`]: identifiers; [`time`]: the clock port and timestamps; [`fold`]: folding of text for search
//! - [`embedded`]: SQLite in the data folder; [`mongo`]: MongoDB
//!
//! This crate knows nothing of HTTP, sockets or healthcare.

#[cfg(test)]
extern crate self as ihs_store;

#[cfg(test)]
#[path = "tests/conformance/arbitrary.rs"]
mod arbitrary;
pub mod collection;
pub mod document;
pub mod embedded;
pub mod error;
pub mod filter;
pub mod fold;
pub mod id;
pub mod log;
pub mod message;
pub mod mongo;
mod open;
pub mod port;
pub mod query;
pub mod time;
pub mod write;

pub use collection::{Collection, Index};
pub use document::{Document, InvalidDocument};
pub use error::StoreError;
pub use filter::Filter;
pub use id::{EntryId, Ids, InvalidId, ObjectIds, RoomId, Seq};
pub use log::{Appended, Body, LogEntry, Stop};
pub use message::{By, Message, MessageQuery, Place};
pub use open::open;
pub use port::Store;
pub use query::{Direction, Query, Sort};
pub use time::{Clock, SystemClock, Timestamp};
pub use write::{Change, Write, Written};
