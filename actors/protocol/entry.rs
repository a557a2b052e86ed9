//! Entries of a room's log as frames, the same over WebSocket, Server-Sent Events and REST.

use ihs_store::{Body, EntryId, LogEntry, RoomId, Seq, Timestamp};
use serde::Serialize;

/// An entry as it goes to clients.
#[derive(Debug, Serialize)]
pub struct EntryView<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    room: RoomId,
    seq: Seq,
    id: EntryId,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<&'a [String]>,
}

impl<'a> EntryView<'a> {
    /// The view of an entry of this room.
    #[must_use]
    pub fn new(room: RoomId, entry: &'a LogEntry) -> Self {
        let mut view = Self {
            kind: "message",
            room,
            seq: entry.seq,
            id: entry.id,
            time: entry.time,
            sender: Some(&entry.sender),
            by: None,
            target: None,
            text: None,
            edited: None,
            deleted: None,
            added: None,
            removed: None,
        };
        match &entry.body {
            Body::Message { text, edited, deleted } => {
                view.text = Some(text);
                view.edited = edited.then_some(true);
                view.deleted = deleted.then_some(true);
            }
            Body::Edited { target, text } => {
                view.kind = "edited";
                view.target = Some(*target);
                view.text = Some(text);
            }
            Body::Deleted { target } => {
                view.kind = "deleted";
                view.target = Some(*target);
            }
            Body::Members { added, removed } => {
                view.kind = "members";
                view.sender = None;
                view.by = Some(&entry.sender);
                view.added = Some(added);
                view.removed = Some(removed);
            }
        }
        view
    }
}

/// An entry as a frame.
#[must_use]
pub fn encode_entry(room: RoomId, entry: &LogEntry) -> String {
    super::answer::encode(&EntryView::new(room, entry))
}
