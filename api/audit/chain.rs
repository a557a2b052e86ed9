//! How entries hang together: the hash of an entry is SHA-256 of the hash before it, 64 hexadecimal
//! digits, and of the canonical form of the entry, which is the JSON of `[n, {…}]` with the fields of
//! [`Entry`] in their order, without blanks, those left out that have no value.

use ihs_store::{Change, Document, Filter, Write, document::text};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::entry::Entry;

/// The collection with the one document that says where the chain ends.
pub const HEADS: &str = "audit_heads";

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

    /// The place that a stored head, or a stored entry, names; `None` when it is none.
    pub(super) fn of(stored: &Document) -> Option<Self> {
        let n = number(stored)?;
        let hash = text(stored, "hash");
        (hash.len() == NOTHING.len()).then(|| Self { n, hash: hash.to_owned() })
    }

    /// The place of this entry when it comes next, and what is stored of it.
    pub(super) fn next(&self, entry: &Entry) -> Result<(Self, Document), serde_json::Error> {
        let n = self.n + 1;
        let mut hash = Sha256::new();
        hash.update(self.hash.as_bytes());
        hash.update(serde_json::to_vec(&(n, entry))?);
        let hash = hex::encode(hash.finalize());
        let mut document = entry.document()?;
        document.insert("n".to_owned(), n.into());
        document.insert("prev".to_owned(), self.hash.clone().into());
        document.insert("hash".to_owned(), hash.clone().into());
        Ok((Self { n, hash }, document))
    }

    /// The head of a chain that ends here.
    pub(super) fn head(&self) -> Document {
        let head =
            [("_id", Value::from(HEAD)), ("n", self.n.into()), ("hash", self.hash.as_str().into())];
        Document::from_iter(head.map(|(name, value)| (name.to_owned(), value)))
    }

    /// Moves the head of the chain to here, unless it is further already.
    pub(super) fn raise(&self) -> Write {
        let behind = Filter::id(HEAD).and(Filter::Lt("n", self.n.into()));
        let change = Change::set("n", self.n).and_set("hash", self.hash.as_str());
        Write::UpdateEvery { collection: HEADS, filter: behind, change }
    }
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

/// Judges the end of a chain against its head. `named` is the place in it that has the number of
/// the head: whoever appends raises the head afterwards, and may have died in between.
pub(super) fn finish(
    last: &Link,
    head: Option<&Document>,
    named: Option<&Link>,
) -> Result<(), Flaw> {
    match head.map(Link::of) {
        None if last.n == 0 => Ok(()),
        Some(Some(head)) if head.n > last.n => Err(Flaw::Missing(last.n + 1)),
        Some(Some(head)) if Some(&head) == named => Ok(()),
        _ => Err(Flaw::Head(last.n)),
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
