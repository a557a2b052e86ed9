//! Moving a whole store: what `ihs export` writes and `ihs import` reads.
//!
//! What is moved is every collection but those that pass (`ihs_api::lasting_collections`), each
//! document as it is, and the log of every room, each entry as it is: ids, versions, owners, password
//! hashes, read markers, receipts, notifications and those still owed. Left behind are
//! - sessions and tickets: they are credentials, and mean nothing without the keys of their node,
//!   which are no part of the store either; people log in again
//! - idempotency keys of REST (those of messages are in the logs): nobody retries over a move
//! - nodes and connections: what they say is about processes
//! - logs of rooms that are no more: nobody can read them.
//!
//! Records written during an export may be in it or not, but what is in it is whole: a document as
//! it was at one time, a log from its beginning to one time. (A message may be older than a change
//! of it further on: restoring the log changes it again.) The embedded store has one user only, so
//! that a node must be stopped for it.
//!
//! - [`mod@line`]: the lines of a file; [`seal`]: the hash over them
//! - [`writer`], [`reader`]: a file's lines with their seals
//! - [`part`]: the file on its way; [`position`]: where an export goes on
//! - [`source`]: a store as lines; [`target`]: lines as a store; [`content`]: what may be in them
//! - [`progress`]: the bar

pub(crate) mod content;
pub(crate) mod line;
pub(crate) mod part;
pub(crate) mod position;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod seal;
pub(crate) mod source;
pub(crate) mod target;
pub(crate) mod writer;

/// The collection whose documents are rooms: each has a log.
pub(crate) const ROOMS: &str = "rooms";

/// The file that is standard output or standard input.
pub(crate) const STANDARD: &str = "-";
