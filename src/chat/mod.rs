//! The terminal chat client.
//!
//! - [`client`]: connects, reconnects and carries out what the conversation asks for
//! - [`conversation`]: what is joined, shown and not yet acknowledged, without any I/O
//! - [`account`]: logging in, fresh tokens and the REST requests
//! - [`link`]: one WebSocket connection
//! - [`frame`]: what comes over it; [`mod@line`]: what a person types
//! - [`input`], [`screen`]: the terminal, or a pipe in its place
//! - [`address`], [`backoff`]: where to connect, and when again

pub(crate) mod account;
pub(crate) mod address;
mod backoff;
pub(crate) mod client;
mod conversation;
mod frame;
pub(crate) mod input;
mod line;
mod link;
pub(crate) mod screen;
