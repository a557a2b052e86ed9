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

#[cfg(test)]
mod tests {
    use ihs_api::lasting_collections;
    use ihs_store::{Body, EntryId, LogEntry, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::transfer::ROOMS;

    fn document(collection: &str, id: &str) -> Item {
        let document = ihs_store::Document::from_iter([("_id".to_owned(), json!(id))]);
        Item::Document { collection: collection.to_owned(), document }
    }

    fn entry(room: u8, seq: u64) -> Item {
        let entry = LogEntry {
            seq: Seq::new(seq),
            id: EntryId::from_bytes([0; 12]),
            time: Timestamp::default(),
            sender: "ada".to_owned(),
            key: None,
            body: Body::message("x"),
        };
        Item::Entry { room: RoomId::from_bytes([room; 12]), entry }
    }

    #[test]
    fn what_lasts_is_moved_and_what_passes_is_not() {
        let mut content = Content::new(lasting_collections());
        for lasting in [ROOMS, "users", "patients", "notifications", "receipts", "notices_due"] {
            assert!(content.check(&document(lasting, "1")).is_ok(), "{lasting}");
        }
        for passing in ["sessions", "tickets", "nodes", "connections", "imports", "room.log"] {
            let refused = content.check(&document(passing, "1"));
            assert!(matches!(refused, Err(Unfit::Collection(_))), "{passing}");
        }
    }

    #[test]
    fn a_document_without_an_id_is_refused() {
        let refused = Content::new(vec!["users"]).check(&document("users", ""));
        assert!(matches!(refused, Err(Unfit::Document { .. })));
    }

    #[test]
    fn logs_are_in_one_row_each() {
        let mut content = Content::new(Vec::new());
        for (room, seq) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            assert!(content.check(&entry(room, seq)).is_ok());
        }
        for (room, seq) in [(2, 4), (3, 2), (4, 0)] {
            assert!(matches!(content.check(&entry(room, seq)), Err(Unfit::Seq { .. })));
        }
    }
}
