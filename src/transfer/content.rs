//! What may stand in an export, beyond the form of its lines.

use ihs_store::{InvalidDocument, RoomId, Seq, document};

use super::line::Item;

/// Why an item cannot be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// This version has no such collection, or does not move it.
    #[error("this version knows no collection {0:?}")]
    Collection(String),
    /// A document breaks a rule of the store.
    #[error("a document of {collection} cannot be stored")]
    Document {
        /// Its collection.
        collection: String,
        /// The rule.
        source: InvalidDocument,
    },
    /// A log is not in one row.
    #[error("the log of room {room} has entry {seq} out of its place")]
    Seq {
        /// The room.
        room: RoomId,
        /// The entry.
        seq: Seq,
    },
}

/// Looks at all items of a file, in their order.
#[derive(Debug)]
pub(crate) struct Content {
    collections: Vec<&'static str>,
    last: Option<(RoomId, Seq)>,
}

impl Content {
    /// Items may be of these collections.
    pub(crate) const fn new(collections: Vec<&'static str>) -> Self {
        Self { collections, last: None }
    }

    /// Looks at the next item.
    pub(crate) fn check(&mut self, item: &Item) -> Result<(), Unfit> {
        match item {
            Item::Document { collection, document } => {
                if !self.collections.iter().any(|known| known == collection) {
                    return Err(Unfit::Collection(collection.clone()));
                }
                document::check(document)
                    .map_err(|source| Unfit::Document { collection: collection.clone(), source })
            }
            Item::Entry { room, entry } => {
                let before = self.last.filter(|(last, _)| last == room);
                let wanted = before.map_or(Seq::ZERO, |(_, seq)| seq).next();
                self.last = Some((*room, entry.seq));
                if entry.seq == wanted {
                    Ok(())
                } else {
                    Err(Unfit::Seq { room: *room, seq: entry.seq })
                }
            }
        }
    }
}
