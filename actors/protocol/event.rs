//! Frames as Server-Sent Events. An event has the type of its frame as its name and the frame as its
//! data; what moves its reader on in a log has the seq as its id.

use std::fmt::Write as _;

use ihs_store::Seq;
use serde::Serialize;

use super::code::CloseCode;

/// A sign of life, which clients pass over.
pub const HEARTBEAT: &str = ":\n\n";

/// How every frame begins: its type comes first.
const KIND: &str = "{\"type\":\"";

/// Why a stream has ended.
#[derive(Serialize)]
struct Close<'a> {
    code: u16,
    reason: &'a str,
}

/// The type of a frame.
#[must_use]
pub fn kind(frame: &str) -> &str {
    let rest = frame.strip_prefix(KIND).unwrap_or_default();
    rest.split('"').next().filter(|kind| !kind.is_empty()).unwrap_or("message")
}

/// Adds a frame. Frames are compact JSON, so that each is one line of data.
pub fn push(text: &mut String, frame: &str, id: Option<Seq>) {
    text.push_str("event: ");
    text.push_str(kind(frame));
    if let Some(seq) = id {
        // Writing to a string does not fail.
        let _ = write!(text, "\nid: {seq}");
    }
    text.push_str("\ndata: ");
    text.push_str(frame);
    text.push_str("\n\n");
}

/// Adds how many milliseconds a client that loses the stream waits before it opens it again.
pub fn push_retry(text: &mut String, millis: u64) {
    // As above.
    let _ = write!(text, "retry: {millis}\n\n");
}

/// Adds the end. The reason of a node that goes away is the time to wait.
pub fn push_close(text: &mut String, code: CloseCode, reason: &str) {
    if let (CloseCode::GoingAway, Ok(millis)) = (code, reason.parse()) {
        push_retry(text, millis);
    }
    let data = super::answer::encode(&Close { code: code.number(), reason });
    text.push_str("event: close\ndata: ");
    text.push_str(&data);
    text.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use ihs_store::{Body, EntryId, LogEntry, RoomId, Timestamp};

    use super::*;
    use crate::protocol::{Answer, encode_entry};

    fn room() -> RoomId {
        RoomId::from_bytes([0; 12])
    }

    fn pushed(frame: &str, id: Option<Seq>) -> String {
        let mut text = String::new();
        push(&mut text, frame, id);
        text
    }

    #[test]
    fn an_entry_has_its_seq_as_id_and_one_line_of_data() {
        let entry = LogEntry {
            seq: Seq::new(7),
            id: EntryId::from_bytes([1; 12]),
            time: Timestamp::default(),
            sender: "ada".to_owned(),
            key: None,
            body: Body::message("one\ntwo\r\nevent: close\n\n".to_owned()),
        };
        let frame = encode_entry(room(), &entry);
        let text = pushed(&frame, Some(entry.seq));
        assert_eq!(text, format!("event: message\nid: 7\ndata: {frame}\n\n"));
        assert_eq!(text.lines().count(), 4);
        assert!(!text.contains('\r'));
    }

    #[test]
    fn a_passing_event_has_its_type_and_no_id() {
        let frame = Answer::Typing { room: room(), user: "ada" }.encode();
        assert_eq!(pushed(&frame, None), format!("event: typing\ndata: {frame}\n\n"));
        let frame = Answer::Left { room: room(), reason: "removed" }.encode();
        assert!(pushed(&frame, None).starts_with("event: left\n"));
    }

    #[test]
    fn the_end_says_why() {
        let mut text = String::new();
        push_close(&mut text, CloseCode::TokenEnded, "token revoked");
        assert_eq!(text, "event: close\ndata: {\"code\":4401,\"reason\":\"token revoked\"}\n\n");
    }

    #[test]
    fn a_node_that_goes_away_says_how_long_to_wait() {
        let mut text = String::new();
        push_close(&mut text, CloseCode::GoingAway, "150");
        let close = "event: close\ndata: {\"code\":1012,\"reason\":\"150\"}\n\n";
        assert_eq!(text, format!("retry: 150\n\n{close}"));
    }

    #[test]
    fn what_is_no_frame_is_a_message() {
        for odd in ["", "{}", "{\"type\":\"\"}", "{\"a\":1}"] {
            assert_eq!(kind(odd), "message");
        }
    }
}
