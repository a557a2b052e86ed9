//! The hash over the lines of a file, and how many they are.

use sha2::{Digest as _, Sha256};

use super::line::{Tally, Written};

/// So many items lie between two checkpoints.
pub(crate) const RUN_ITEMS: u64 = 500;

/// Fewer do when they have so many bytes.
pub(crate) const RUN_BYTES: u64 = 1024 * 1024;

/// What is known of the lines up to some place in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal {
    hash: Sha256,
    lines: u64,
    bytes: u64,
    documents: u64,
    entries: u64,
    /// Items behind the last line that is none.
    run_items: u64,
    run_bytes: u64,
}

impl Seal {
    /// Takes a line that is no item.
    pub(crate) fn take(&mut self, line: &[u8]) {
        self.hash(line);
        (self.run_items, self.run_bytes) = (0, 0);
    }

    /// Takes the line of an item.
    pub(crate) fn take_item(&mut self, item: Written<'_>, line: &[u8]) {
        self.hash(line);
        self.run_items += 1;
        self.run_bytes += line.len() as u64;
        match item {
            Written::Document { .. } => self.documents += 1,
            _ => self.entries += 1,
        }
    }

    fn hash(&mut self, line: &[u8]) {
        self.hash.update(line);
        self.lines += 1;
        self.bytes += line.len() as u64;
    }

    /// Whether a checkpoint comes next.
    pub(crate) const fn is_due(&self) -> bool {
        self.run_items >= RUN_ITEMS || self.run_bytes >= RUN_BYTES
    }

    /// How many lines there are.
    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes they have.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What a checkpoint says here.
    pub(crate) fn tally(&self) -> Tally {
        Tally {
            documents: self.documents,
            entries: self.entries,
            sha256: hex(&self.hash.clone().finalize()),
        }
    }
}

/// What tells texts apart and nothing about them.
pub(crate) fn fingerprint(text: &str) -> String {
    let mut digits = hex(&Sha256::digest(text));
    digits.truncate(16);
    digits
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
