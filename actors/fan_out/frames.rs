//! Encoded entries, shared by everybody who gets them.

use bytestring::ByteString;
use ihs_store::{LogEntry, RoomId, Seq};

use crate::protocol::encode_entry;

/// Consecutive entries of a room's log, each encoded once.
#[derive(Debug)]
pub struct Frames {
    first: Seq,
    encoded: Vec<ByteString>,
    bytes: usize,
}

impl Frames {
    /// Encodes consecutive entries; `None` when there are none.
    #[must_use]
    pub fn encode(room: RoomId, entries: &[LogEntry]) -> Option<Self> {
        let first = entries.first()?.seq;
        let encoded: Vec<ByteString> =
            entries.iter().map(|entry| ByteString::from(encode_entry(room, entry))).collect();
        Some(Self::new(first, encoded))
    }

    fn new(first: Seq, encoded: Vec<ByteString>) -> Self {
        let bytes = encoded.iter().map(|frame| frame.len()).sum();
        Self { first, encoded, bytes }
    }

    /// Seq of the first.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.first
    }

    /// Seq of the last.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.first.plus(self.encoded.len().saturating_sub(1) as u64)
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.encoded.len()
    }

    /// Their length together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The frames with their seqs.
    pub fn iter(&self) -> impl Iterator<Item = (Seq, &ByteString)> {
        (0_u64..).zip(&self.encoded).map(|(place, frame)| (self.first.plus(place), frame))
    }
}
