//! The lines of an export: JSON objects, each told by its keys.
//!
//! | line | what |
//! | --- | --- |
//! | `{"export": {…}}` | the first: what this is |
//! | `{"collection": …, "document": …}` | a document |
//! | `{"room": …, "entry": …}` | an entry of a room's log |
//! | `{"checkpoint": {…}}` | how many there were so far, and the SHA-256 of all lines before |
//! | `{"end": {…}}` | the same, as the last line |

use std::io;

use ihs_store::{Document, LogEntry, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// The format of the lines.
    pub(crate) format: u32,
    /// When the export was begun.
    pub(crate) created: Timestamp,
    /// Tells stores apart, and nothing about them.
    pub(crate) source: String,
    /// The collections in the order of the file.
    pub(crate) collections: Vec<Part>,
}

/// A collection in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// How many documents it had when the export was begun, if that was counted.
    pub(crate) documents: Option<u64>,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// A document.
    Document {
        /// Its collection.
        collection: String,
        /// As stored.
        document: Document,
    },
    /// An entry of a log.
    Entry {
        /// The room.
        room: RoomId,
        /// As stored.
        entry: LogEntry,
    },
}

/// What there is before a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    /// So many documents.
    pub(crate) documents: u64,
    /// So many entries of logs.
    pub(crate) entries: u64,
    /// The SHA-256 of all lines, as hexadecimal digits.
    pub(crate) sha256: String,
}

/// A line that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line {
    /// The first.
    Header(Header),
    /// A document or an entry.
    Item(Item),
    /// What there is so far.
    Checkpoint(Tally),
    /// What there is.
    End(Tally),
}

/// A line to be written.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Written<'a> {
    /// The first.
    Header {
        /// What this is.
        export: &'a Header,
    },
    /// A document.
    Document {
        /// Its collection.
        collection: &'a str,
        /// As stored.
        document: &'a Document,
    },
    /// An entry of a log.
    Entry {
        /// The room.
        room: RoomId,
        /// As stored.
        entry: &'a LogEntry,
    },
    /// What there is so far.
    Checkpoint {
        /// That.
        checkpoint: &'a Tally,
    },
    /// What there is.
    End {
        /// That.
        end: &'a Tally,
    },
}

impl Written<'_> {
    /// Makes a buffer hold this line alone, with its end.
    pub(crate) fn encode(&self, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        serde_json::to_writer(&mut *line, self)?;
        line.push(b'\n');
        Ok(())
    }
}

impl<'a> From<&'a Item> for Written<'a> {
    fn from(item: &'a Item) -> Self {
        match item {
            Item::Document { collection, document } => Self::Document { collection, document },
            Item::Entry { room, entry } => Self::Entry { room: *room, entry },
        }
    }
}

/// All keys that a line may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    export: Option<Header>,
    collection: Option<String>,
    document: Option<Document>,
    room: Option<RoomId>,
    entry: Option<LogEntry>,
    checkpoint: Option<Tally>,
    end: Option<Tally>,
}

impl Line {
    /// Reads a line; `None` when it is none of an export.
    pub(crate) fn decode(line: &[u8]) -> Option<Self> {
        let keys: Keys = serde_json::from_slice(line).ok()?;
        Some(match keys {
            Keys {
                export: None,
                collection: Some(collection),
                document: Some(document),
                room: None,
                entry: None,
                checkpoint: None,
                end: None,
            } => Self::Item(Item::Document { collection, document }),
            Keys {
                export: None,
                collection: None,
                document: None,
                room: Some(room),
                entry: Some(entry),
                checkpoint: None,
                end: None,
            } => Self::Item(Item::Entry { room, entry }),
            Keys {
                export,
                collection: None,
                document: None,
                room: None,
                entry: None,
                checkpoint,
                end,
            } => match (export, checkpoint, end) {
                (Some(header), None, None) => Self::Header(header),
                (None, Some(tally), None) => Self::Checkpoint(tally),
                (None, None, Some(tally)) => Self::End(tally),
                _ => return None,
            },
            _ => return None,
        })
    }
}
