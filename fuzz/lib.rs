//! What must hold for any input. The fuzz targets feed these checks what they come up with; the tests
//! here feed them the corpus, so that what was found once is checked by every build.
//!
//! - [`protocol`]: any text, as a frame of the protocol
//! - [`wire`]: any bytes, as what a WebSocket client sends

use std::{collections::HashMap, convert::Infallible};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use ihs_actors::{
    protocol::{
        Answer, FrameError, MAX_HISTORY, MessageKey, Reference, Request, Verb, decode, encode_entry,
    },
    session::incoming::{Broken, Heard, Incoming},
};
use ihs_store::{Body, EntryId, LogEntry, RoomId, Seq, Timestamp};
use serde_json::{Value, json, value::RawValue};

/// Few, so that the limit is in reach.
const MESSAGE_CHARS: usize = 40;

/// Few, so that the limit is in reach.
const MESSAGE_BYTES: usize = 200;

/// Decoding never panics; what is taken keeps the limits, comes back with the `ref` that it came
/// with, and survives being encoded; what is refused says so in a frame.
///
/// # Panics
/// When that does not hold.
pub fn protocol(text: &str) {
    match decode(text, MESSAGE_CHARS) {
        Ok(request) => taken(text, request),
        Err(error) => refused(text, &error),
    }
}

fn taken(text: &str, Request { reference, verb }: Request) {
    echoes(text, reference.as_ref());
    match verb {
        Verb::Message { room, text, key } => {
            let (text, key) = (text.into_string(), key.map(MessageKey::into_string));
            within_limits(&text);
            assert!(key.as_ref().is_none_or(|key| (1..=64).contains(&key.chars().count())));
            comes_back(room, &text, key.as_deref());
            is_delivered(room, Body::Message { text, edited: false, deleted: false });
        }
        Verb::Edit { room, target, text } => {
            let text = text.into_string();
            within_limits(&text);
            is_delivered(room, Body::Edited { target, text });
        }
        Verb::History { limit, .. } => assert!(limit <= MAX_HISTORY),
        _ => {}
    }
}

fn refused(text: &str, error: &FrameError) {
    assert_eq!(error.is_json, serde_json::from_str::<&RawValue>(text).is_ok());
    let answer = Answer::refusal(error).encode();
    // Its `ref` may be a number that is beyond those of this side.
    let fields: HashMap<String, &RawValue> = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(fields["type"].get(), "\"error\"");
    let detail: String = serde_json::from_str(fields["detail"].get()).expect("a text");
    assert!(!detail.is_empty());
}

/// The `ref` of an answer is that of the frame, to the last digit and escape.
fn echoes(text: &str, reference: Option<&Reference>) {
    let answer = Answer::Pong { reference }.encode();
    assert_eq!(reference_in(text), reference_in(&answer));
}

fn reference_in(frame: &str) -> Option<&str> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(frame).expect("an object");
    fields.get("ref").map(|raw| raw.get()).filter(|raw| *raw != "null")
}

fn within_limits(text: &str) {
    assert!(text.chars().count() <= MESSAGE_CHARS && !text.trim().is_empty());
    assert!(!text.contains('\0'));
}

fn comes_back(room: RoomId, text: &str, key: Option<&str>) {
    let frame = json!({"type": "message", "room": room.to_string(), "text": text, "key": key});
    let again = decode(&frame.to_string(), MESSAGE_CHARS).expect("it was taken before");
    let Verb::Message { room: its_room, text: its_text, key: its_key } = again.verb else {
        panic!("{frame} became {:?}", again.verb)
    };
    assert_eq!((its_room, its_text.into_string().as_str()), (room, text));
    assert_eq!(its_key.map(MessageKey::into_string).as_deref(), key);
}

fn is_delivered(room: RoomId, body: Body) {
    let (Body::Message { text, .. } | Body::Edited { text, .. }) = &body else { return };
    let text = text.clone();
    let entry = LogEntry {
        seq: Seq::new(1),
        id: EntryId::from_bytes([7; 12]),
        time: Timestamp::from_millis(0),
        sender: "ada".to_owned(),
        key: None,
        body,
    };
    let frame: Value = serde_json::from_str(&encode_entry(room, &entry)).expect("JSON");
    assert_eq!((&frame["text"], &frame["seq"]), (&json!(text), &json!(1)));
}

/// Reading never panics; what is heard does not depend on how the bytes were cut; no message is
/// over the limit; nothing is heard after a frame that the protocol forbids.
///
/// # Panics
/// When that does not hold.
pub fn wire(bytes: &[u8]) {
    let [size, bytes @ ..] = bytes else { return };
    let heard = hear(bytes, bytes.len().max(1));
    assert_eq!(heard, hear(bytes, usize::from(*size).max(1)), "cut at {size}");
    for message in heard.iter().flatten() {
        match message {
            Heard::Text(text) => assert!(text.len() <= MESSAGE_BYTES),
            Heard::Binary(bytes) => assert!(bytes.len() <= MESSAGE_BYTES),
            Heard::Control(_) => {}
        }
    }
    let forbidden = heard.iter().position(|heard| *heard == Err(Broken::Protocol));
    assert!(forbidden.is_none_or(|place| place == heard.len() - 1));
}

fn hear(bytes: &[u8], size: usize) -> Vec<Result<Heard, Broken>> {
    let chunks = bytes.chunks(size).map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)));
    let chunks: Vec<_> = chunks.collect();
    Incoming::new(stream::iter(chunks), MESSAGE_BYTES)
        .collect()
        .now_or_never()
        .expect("all of it is there")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let files = fs::read_dir(folder).expect("a corpus");
        let inputs: Vec<_> =
            files.map(|file| fs::read(file.expect("a file").path()).expect("its bytes")).collect();
        assert!(!inputs.is_empty());
        inputs
    }

    #[test]
    fn frames_of_the_corpus_keep_the_rules_of_the_protocol() {
        for input in corpus("protocol") {
            super::protocol(&String::from_utf8(input).expect("a text"));
        }
    }

    #[test]
    fn bytes_of_the_corpus_are_heard_the_same_however_they_are_cut() {
        for input in corpus("wire") {
            for size in 0..=u8::MAX {
                super::wire(&[&[size], &input[1..]].concat());
            }
        }
    }
}
