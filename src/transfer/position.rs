//! Where an export goes on.

use ihs_store::{RoomId, Seq, document::text};

use super::line::Item;

/// The last item that is in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Position {
    /// None is.
    #[default]
    Start,
    /// This document of this collection.
    Document {
        /// The collection.
        collection: String,
        /// The document.
        id: String,
    },
    /// This entry of this room.
    Entry {
        /// The room.
        room: RoomId,
        /// The entry.
        seq: Seq,
    },
}

impl From<&Item> for Position {
    fn from(item: &Item) -> Self {
        match item {
            Item::Document { collection, document } => Self::Document {
                collection: collection.clone(),
                id: text(document, "_id").to_owned(),
            },
            Item::Entry { room, entry } => Self::Entry { room: *room, seq: entry.seq },
        }
    }
}
