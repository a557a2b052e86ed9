//! The WebSocket protocol, as pure functions: text in, [`Request`] out; entries and answers in,
//! text out. Knows no socket, room or store.
//!
//! - [`request`]: what a client asks, and how a frame is decoded; `fields`: from its fields
//! - [`mod@reference`]: the client's `ref`
//! - [`text`]: the text of a message; [`notice`]: what a notification says
//! - [`code`]: error codes and close codes
//! - [`entry`]: entries of a room's log as frames
//! - [`answer`]: answers and passing events as frames
//! - [`event`]: frames as Server-Sent Events

pub mod answer;
pub mod code;
pub mod entry;
pub mod event;
mod fields;
pub mod notice;
pub mod reference;
pub mod request;
pub mod text;

pub use answer::{Answer, Joined, SyncedRoom};
pub use code::{CloseCode, ErrorCode};
pub use entry::{EntryView, encode_entry};
pub use fields::MAX_HISTORY;
pub use notice::{Category, MAX_TITLE, Notice, Notification};
pub use reference::Reference;
pub use request::{FrameError, JoinFrom, Request, Verb, Viewed, decode};
pub use text::{MessageKey, MessageText};
