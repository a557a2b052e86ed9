//! Log entries as MongoDB has them.
//!
//! `_id` is the room and the seq as twenty bytes, which sort by room and then by seq: its index
//! is at once what makes a seq unique in its room and what pages are read by.

use bson::{Binary, Bson, Document as BsonDocument, doc, oid::ObjectId, spec::BinarySubtype};

use super::fault::failed;
use crate::{
    error::StoreError,
    id::{EntryId, RoomId, Seq},
    log::{Body, LogEntry},
    message::{Message, Place},
    time::Timestamp,
};

/// Kinds of entries.
pub(super) const MESSAGE: &str = "message";
/// An edit.
pub(super) const EDITED: &str = "edited";
const DELETED: &str = "deleted";
const MEMBERS: &str = "members";

/// The place of an entry.
pub(super) fn place(room: RoomId, seq: Seq) -> Bson {
    let mut bytes = Vec::with_capacity(20);
    bytes.extend(room.bytes());
    bytes.extend(seq.get().to_be_bytes());
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })
}

/// A room, as a field.
pub(super) fn room_id(room: RoomId) -> ObjectId {
    ObjectId::from_bytes(room.bytes())
}

/// An entry as it is stored.
pub(super) fn to_document(room: RoomId, entry: &LogEntry) -> BsonDocument {
    let mut document = doc! {
        "_id": place(room, entry.seq),
        "room": room_id(room),
        "entry": ObjectId::from_bytes(entry.id.bytes()),
        "time": entry.time.millis(),
        "sender": &entry.sender,
    };
    if let Some(key) = &entry.key {
        document.insert("key", key);
    }
    document.extend(body_fields(&entry.body));
    document
}

fn body_fields(body: &Body) -> BsonDocument {
    let target = |target: &Seq| target.get().cast_signed();
    match body {
        Body::Message { text, edited, deleted } => {
            doc! {"kind": MESSAGE, "text": text, "edited": edited, "deleted": deleted}
        }
        Body::Edited { target: seq, text } => {
            doc! {"kind": EDITED, "target": target(seq), "text": text}
        }
        Body::Deleted { target: seq } => doc! {"kind": DELETED, "target": target(seq)},
        Body::Members { added, removed } => {
            doc! {"kind": MEMBERS, "added": added.clone(), "removed": removed.clone()}
        }
    }
}

/// An entry as it was stored.
///
/// # Errors
/// [`StoreError::Failed`] when it was not written by this program.
pub(super) fn from_document(document: &BsonDocument) -> Result<LogEntry, StoreError> {
    read(document).map_err(failed)
}

/// A message as it was stored.
///
/// # Errors
/// As [`from_document`].
pub(super) fn message(document: &BsonDocument) -> Result<Message, StoreError> {
    read_message(document).map_err(failed)
}

fn read_message(document: &BsonDocument) -> Read<Message> {
    let (seq, time) = (seq(document)?, document.get_i64("time")?);
    Ok(Message {
        room: RoomId::from_bytes(document.get_object_id("room")?.bytes()),
        seq,
        id: EntryId::from_bytes(document.get_object_id("entry")?.bytes()),
        time: Timestamp::from_millis(time),
        sender: document.get_str("sender")?.to_owned(),
        text: document.get_str("text")?.to_owned(),
        deleted: document.get_bool("deleted")?,
        version: document.get_i64("amended").map_or(seq, |seq| Seq::new(seq.cast_unsigned())),
        updated: Timestamp::from_millis(document.get_i64("updated").unwrap_or(time)),
    })
}

/// The place in an entry that has `_id`, `room` and `time`.
///
/// # Errors
/// As [`from_document`].
pub(super) fn place_of(document: &BsonDocument) -> Result<Place, StoreError> {
    let read = || -> Read<Place> {
        Ok(Place {
            time: Timestamp::from_millis(document.get_i64("time")?),
            room: RoomId::from_bytes(document.get_object_id("room")?.bytes()),
            seq: seq(document)?,
        })
    };
    read().map_err(failed)
}

type Read<T> = Result<T, bson::error::Error>;

fn read(document: &BsonDocument) -> Read<LogEntry> {
    Ok(LogEntry {
        seq: seq(document)?,
        id: EntryId::from_bytes(document.get_object_id("entry")?.bytes()),
        time: Timestamp::from_millis(document.get_i64("time")?),
        sender: document.get_str("sender")?.to_owned(),
        key: document.get_str("key").ok().map(str::to_owned),
        body: body(document)?,
    })
}

/// The seq in an entry's place.
fn seq(document: &BsonDocument) -> Read<Seq> {
    let place = document.get_binary_generic("_id")?;
    let bytes = place.last_chunk().copied().unwrap_or_default();
    Ok(Seq::new(u64::from_be_bytes(bytes)))
}

fn body(document: &BsonDocument) -> Read<Body> {
    let text = || document.get_str("text").map(str::to_owned);
    let target = || document.get_i64("target").map(|seq| Seq::new(seq.cast_unsigned()));
    Ok(match document.get_str("kind")? {
        MESSAGE => Body::Message {
            text: text()?,
            edited: document.get_bool("edited")?,
            deleted: document.get_bool("deleted")?,
        },
        EDITED => Body::Edited { target: target()?, text: text()? },
        DELETED => Body::Deleted { target: target()? },
        _ => {
            Body::Members { added: names(document, "added")?, removed: names(document, "removed")? }
        }
    })
}

fn names(document: &BsonDocument, field: &str) -> Read<Vec<String>> {
    let names = document.get_array(field)?.iter();
    Ok(names.filter_map(Bson::as_str).map(str::to_owned).collect())
}
