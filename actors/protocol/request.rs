//! What a client asks, and how a frame is decoded.

use std::collections::BTreeMap;

use ihs_store::{EntryId, RoomId, Seq};

use super::{
    code::ErrorCode,
    fields::{Fault, Fields},
    notice::Notice,
    reference::Reference,
    text::{MessageKey, MessageText},
};
use crate::username::Username;

/// A decoded frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Comes back in the answer.
    pub reference: Option<Reference>,
    /// What is asked.
    pub verb: Verb,
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// Feed this socket from a room.
    Join {
        /// The room.
        room: RoomId,
        /// From where on.
        from: JoinFrom,
    },
    /// Stop this socket's feed from a room.
    Leave {
        /// The room.
        room: RoomId,
    },
    /// Send a message.
    Message {
        /// The room.
        room: RoomId,
        /// What it says.
        text: MessageText,
        /// Makes a repeated send harmless.
        key: Option<MessageKey>,
    },
    /// Read messages before a point.
    History {
        /// The room.
        room: RoomId,
        /// Only before this one; the newest when missing.
        before: Option<Seq>,
        /// How many at most.
        limit: u64,
    },
    /// Replace the text of one's own message.
    Edit {
        /// The room.
        room: RoomId,
        /// The message.
        target: Seq,
        /// Its new text.
        text: MessageText,
    },
    /// Delete one's own message.
    Delete {
        /// The room.
        room: RoomId,
        /// The message.
        target: Seq,
    },
    /// Tell the others that one is writing.
    Typing {
        /// The room.
        room: RoomId,
    },
    /// Note how far one has read.
    Read {
        /// The room.
        room: RoomId,
        /// The last entry that was read.
        seq: Seq,
    },
    /// Join all of one's rooms.
    Sync {
        /// Rooms to be resumed behind what the client has.
        rooms: BTreeMap<RoomId, Seq>,
        /// Newest messages of each room in the answer.
        newest: u64,
    },
    /// Feed this socket from the inbox.
    Inbox,
    /// Note that notifications were viewed.
    Viewed(Viewed),
    /// Notify somebody.
    Notify {
        /// Whom.
        user: Username,
        /// What about, and what.
        notice: Notice,
        /// Makes a repeated request harmless.
        key: Option<MessageKey>,
    },
    /// Go on with this access token.
    Token(String),
    /// Is anybody there.
    Ping,
}

/// Where a joined feed starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinFrom {
    /// With what comes next.
    Now,
    /// With the entry behind `seq`.
    After {
        /// What the client has.
        seq: Seq,
        /// The id of the entry at `seq`, to notice a log that was rolled back.
        last: Option<EntryId>,
    },
    /// Where the socket's feed is, if it has one already; otherwise behind this entry.
    GoOn(Seq),
    /// With the last so many messages.
    History(u64),
}

/// Which notifications were viewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewed {
    /// All of them.
    All,
    /// These.
    These(Vec<String>),
}

/// Why a frame is not a request.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameError {
    /// The frame's `ref`, where it could be read.
    pub reference: Option<Reference>,
    /// Error code of the answer.
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub detail: String,
    /// Whether the frame was JSON at all: what is not counts towards the end of the socket.
    pub is_json: bool,
}

/// Decodes a text frame. Unknown fields are passed over, so that newer clients get on.
///
/// # Errors
/// [`FrameError`], to be answered as an `error` frame.
pub fn decode(frame: &str, message_chars: usize) -> Result<Request, FrameError> {
    // A list would be taken for the fields in their order.
    if !frame.trim_start().starts_with('{') {
        return Err(undecodable(frame));
    }
    let fields: Fields<'_> = serde_json::from_str(frame).map_err(|_| undecodable(frame))?;
    let refused =
        |reference, Fault(code, detail)| FrameError { reference, code, detail, is_json: true };
    let reference = match fields.reference.map(Reference::parse) {
        None => None,
        Some(Some(reference)) => Some(reference),
        Some(None) => {
            let detail = "ref must be a string or number of at most 64 characters";
            return Err(refused(None, Fault::bad(detail)));
        }
    };
    match fields.verb(message_chars) {
        Ok(verb) => Ok(Request { reference, verb }),
        Err(fault) => Err(refused(reference, fault)),
    }
}

fn undecodable(frame: &str) -> FrameError {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(frame).is_ok();
    let detail = if is_json { "a frame is one JSON object" } else { "not JSON" };
    FrameError { reference: None, code: ErrorCode::BadRequest, detail: detail.to_owned(), is_json }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "0123456789abcdef01234567";

    fn fault(frame: &str) -> FrameError {
        decode(frame, 10).expect_err("refused")
    }

    #[test]
    fn a_message_is_decoded_with_its_ref_and_key() {
        let frame =
            format!(r#"{{"type":"message","ref":3,"room":"{ROOM}","text":"hi","key":"k"}}"#);
        let request = decode(&frame, 10).expect("a request");
        assert_eq!(serde_json::to_string(&request.reference).expect("json"), "3");
        let Verb::Message { text, key, .. } = request.verb else { panic!("{:?}", request.verb) };
        assert_eq!(text.into_string(), "hi");
        assert_eq!(key.map(MessageKey::into_string).as_deref(), Some("k"));
    }

    #[test]
    fn a_fault_in_a_field_keeps_the_ref() {
        let error = fault(r#"{"type":"message","ref":"a","room":7,"text":"hi"}"#);
        assert_eq!(serde_json::to_string(&error.reference).expect("json"), "\"a\"");
        assert_eq!((error.code, error.is_json), (ErrorCode::BadRequest, true));
    }

    #[test]
    fn what_is_not_json_is_told_from_json_that_is_not_an_object() {
        assert!(!fault("hello").is_json);
        assert!(!fault("{\"type\":").is_json);
        assert!(fault("[1]").is_json);
        assert!(fault(r#"["ping",3]"#).is_json);
        assert!(fault("{}").is_json);
    }

    #[test]
    fn texts_are_counted_in_characters() {
        let frame = |text: &str| format!(r#"{{"type":"message","room":"{ROOM}","text":"{text}"}}"#);
        assert!(decode(&frame("سلام سلامس"), 10).is_ok());
        assert_eq!(fault(&frame("سلام سلام!!")).code, ErrorCode::TooLarge);
        assert_eq!(fault(&frame("  ")).code, ErrorCode::BadRequest);
    }

    #[test]
    fn refs_that_are_too_long_or_of_another_type_are_refused() {
        let long = "x".repeat(65);
        for reference in [format!("\"{long}\""), "{}".to_owned(), "[1]".to_owned(), "true".into()] {
            let error = fault(&format!(r#"{{"type":"ping","ref":{reference}}}"#));
            assert_eq!((error.code, error.reference), (ErrorCode::BadRequest, None));
        }
    }

    #[test]
    fn a_room_that_cannot_be_is_not_found() {
        assert_eq!(fault(r#"{"type":"join","room":"x"}"#).code, ErrorCode::NotFound);
    }

    proptest::proptest! {
        #[test]
        fn no_frame_makes_decoding_panic(frame in ".*") {
            let _ = decode(&frame, 10);
        }

        #[test]
        fn no_object_makes_decoding_panic(
            kind in "join|leave|message|history|edit|delete|typing|read|ping|sync|inbox|viewed|notify|token|x",
            name in "room|after|last|history|text|key|seq|before|limit|ref|rooms|newest|notifications|all|user|title|category|token",
            value in r#"null|-1|1|1e99|"a"|"0123456789abcdef01234567"|\[\]|\{\}|true"#,
        ) {
            let frame = format!(r#"{{"type":"{kind}","room":"{ROOM}","{name}":{value}}}"#);
            let _ = decode(&frame, 10);
        }
    }
}
