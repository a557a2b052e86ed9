//! The WebSocket protocol, as pure functions: text in, [`Request`] out; entries and answers in,
//! text out. Knows no socket, room or store.
//!
//! - [`request`]: what a client asks, and how a frame is decoded
//! - [`mod@reference`]: the client's `ref`
//! - [`text`]: the text of a message
//! - [`code`]: error codes and close codes
//! - [`entry`]: entries of a room's log as frames
//! - [`answer`]: answers and passing events as frames

pub mod answer;
pub mod code;
pub mod entry;
pub mod reference;
pub mod request;
pub mod text;

pub use answer::{Answer, Joined};
pub use code::{CloseCode, ErrorCode};
pub use entry::{EntryView, encode_entry};
pub use reference::Reference;
pub use request::{FrameError, JoinFrom, MAX_HISTORY, Request, Verb, decode};
pub use text::{MAX_KEY_CHARS, MessageKey, MessageText};
