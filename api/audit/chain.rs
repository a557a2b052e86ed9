//! How entries hang together: the hash of an entry is SHA-256 of the hash before it, 64 hexadecimal
//! digits, and of the canonical form of the entry, which is the JSON of `[n, {…}]` with the fields of
//! [`Entry`] in their order, without blanks, those left out that have no value.

use ihs_store::{Change, Document, Filter, Write, document::text};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ENTRIES, entry::Entry};
use crate::hex;

/// The collection with the one document that says where the chain ends.
pub(crate) const HEADS: &str = "audit_heads";

/// Its id.
pub(super) const HEAD: &str = "head";

/// What stands in the place of a hash before the first entry.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A place in the chain: the number of its entry, and the hash of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The number; 0 before the first.
    pub(super) n: u64,
    /// The hash, in hexadecimal digits.
    pub(super) hash: String,
}

impl Link {
    /// Before the first entry.
    pub(super) fn start() -> Self {
        Self { n: 0, hash: NOTHING.to_owned() }
    }

    /// The place that a stored head names; `None` when it is none.
    pub(super) fn of(head: &Document) -> Option<Self> {
        let n = number(head)?;
        let hash = text(head, "hash");
        (hash.len() == NOTHING.len()).then(|| Self { n, hash: hash.to_owned() })
    }

    /// The place of this entry when it comes next, and what is stored of it.
    pub(super) fn next(&self, entry: &Entry) -> Result<(Self, Document), serde_json::Error> {
        let n = self.n + 1;
        let mut hash = Sha256::new();
        hash.update(self.hash.as_bytes());
        hash.update(serde_json::to_vec(&(n, entry))?);
        let hash = hex::encode(&hash.finalize());
        let mut document = entry.document()?;
        document.insert("n".to_owned(), n.into());
        document.insert("prev".to_owned(), self.hash.clone().into());
        document.insert("hash".to_owned(), hash.clone().into());
        Ok((Self { n, hash }, document))
    }

    /// Moves the head of the chain from here, where it still must be, to there.
    pub(super) fn raise(&self, to: &Self) -> Write {
        let (n, hash) = (Value::from(to.n), Value::from(to.hash.as_str()));
        if self.n == 0 {
            let head = [("_id", Value::from(HEAD)), ("n", n), ("hash", hash)];
            let document = head.map(|(name, value)| (name.to_owned(), value));
            return Write::Insert { collection: HEADS, document: Document::from_iter(document) };
        }
        let here = Filter::id(HEAD)
            .and(Filter::eq("n", self.n))
            .and(Filter::eq("hash", self.hash.as_str()));
        let change = Change::set("n", n).and_set("hash", hash);
        Write::Update { collection: HEADS, filter: here, change }
    }

    /// What is at this place, if it is the entry that was put there.
    pub(super) fn entry(&self) -> Filter {
        Filter::eq("n", self.n).and(Filter::eq("hash", self.hash.as_str()))
    }
}

/// The write that stores an entry.
pub(super) fn insertion(document: Document) -> Write {
    Write::Insert { collection: ENTRIES, document }
}

/// What is wrong with a chain, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The entry is not what it was, or does not follow from the one before it.
    #[error("entry {0} was altered, or does not follow from the one before it")]
    Altered(u64),
    /// There is no such entry.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// An entry stands where none belongs.
    #[error("an entry was added in the place of entry {0}")]
    Added(u64),
    /// The entry is not the one that was known: it, or one before it, was made anew.
    #[error("entry {0} is not the one that was known, it or one before it was made anew")]
    Forged(u64),
    /// The head of the chain does not name its last entry.
    #[error("the head of the chain does not fit entry {0}")]
    Head(u64),
}

/// Judges an entry that was read behind this place.
pub(super) fn follow(here: &Link, document: &Document) -> Result<Link, Flaw> {
    let n = here.n + 1;
    match number(document) {
        Some(found) if found > n => return Err(Flaw::Missing(n)),
        Some(found) if found == n => {}
        _ => return Err(Flaw::Added(n)),
    }
    let stored = without_nulls(document.clone());
    let mut said = stored.clone();
    for field in ["n", "prev", "hash"] {
        said.remove(field);
    }
    let entry = Entry::of(said).map_err(|_| Flaw::Altered(n))?;
    let (next, expected) = here.next(&entry).map_err(|_| Flaw::Altered(n))?;
    // The whole of it: one time can be written in several ways, and only one is what was stored.
    if stored == expected { Ok(next) } else { Err(Flaw::Altered(n)) }
}

/// Judges the end of a chain against its head.
pub(super) fn finish(last: &Link, head: Option<&Document>) -> Result<(), Flaw> {
    match head {
        None if last.n == 0 => Ok(()),
        None => Err(Flaw::Head(last.n)),
        Some(head) => match Link::of(head) {
            Some(head) if head.n > last.n => Err(Flaw::Missing(last.n + 1)),
            Some(head) if head.n < last.n => Err(Flaw::Added(head.n + 1)),
            Some(head) if head == *last && last.n > 0 => Ok(()),
            _ => Err(Flaw::Head(last.n)),
        },
    }
}

fn number(document: &Document) -> Option<u64> {
    document.get("n").and_then(Value::as_u64)
}

/// Null and missing are the same to a store.
fn without_nulls(mut document: Document) -> Document {
    document.retain(|_, value| !value.is_null());
    document
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
