//! The walk along the whole chain, page by page.

use ihs_store::{Document, Filter, Query, Sort, Store, StoreError};
use serde_json::Value;

pub use super::chain::Flaw;
use super::{
    ENTRIES,
    chain::{HEAD, HEADS, Link, finish, follow},
};

/// Entries that are read at once.
const PAGE: u64 = 1_000;

/// A chain without a flaw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last one, which stands for all of them.
    pub hash: String,
}

/// Why a chain is not proven to be sound.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It is not.
    #[error("the audit log is broken")]
    Flaw(#[from] Flaw),
    /// It cannot be read.
    #[error("the audit log cannot be read")]
    Store(#[from] StoreError),
}

/// An entry that must still be what it was, by number and hash.
pub type Known = (u64, String);

/// Walks along the chain, while nodes may append to it, and says after each page how many entries
/// were seen, and how many there were when it began.
///
/// # Errors
/// [`Broken`], which names the first entry that is not what, or where, it was.
pub async fn verify(
    store: &dyn Store,
    known: Option<&Known>,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Sound, Broken> {
    let total = count(store).await?;
    let mut last = Link::start();
    let mut position: Option<Vec<Value>> = None;
    loop {
        let page = page(store, position.clone()).await?;
        for document in &page {
            last = follow(&last, document)?;
            if known.is_some_and(|(n, hash)| *n == last.n && *hash != last.hash) {
                return Err(Flaw::Forged(last.n).into());
            }
        }
        progress(last.n, total);
        position = page.last().map(|entry| query().position(entry)).or(position);
        if (page.len() as u64) < PAGE {
            // After the entries: of those that were appended by then, it names none too many.
            let head = store.get(HEADS, HEAD).await?;
            let named = named(store, head.as_ref()).await?;
            let end = finish(&last, head.as_ref(), named.as_ref());
            let end = match known {
                Some((n, _)) if end.is_ok() && *n > last.n => Err(Flaw::Missing(last.n + 1)),
                _ => end,
            };
            // Whatever has no number is found by no position.
            let whole = end.is_ok() && count(store).await? == last.n;
            match end {
                Ok(()) if whole => return Ok(Sound { entries: last.n, hash: last.hash }),
                Ok(()) | Err(Flaw::Missing(_)) if has_more(store, position.clone()).await? => {}
                Ok(()) => return Err(Flaw::Added(last.n + 1).into()),
                Err(flaw) => return Err(flaw.into()),
            }
        }
    }
}

/// The place in the chain that has the number of the head.
async fn named(store: &dyn Store, head: Option<&Document>) -> Result<Option<Link>, StoreError> {
    match head.and_then(Link::of).map(|head| head.n) {
        None => Ok(None),
        Some(0) => Ok(Some(Link::start())),
        Some(n) => {
            let found = store.find(Query::new(ENTRIES, Filter::eq("n", n), 1)).await?;
            Ok(found.first().and_then(Link::of))
        }
    }
}

async fn count(store: &dyn Store) -> Result<u64, StoreError> {
    store.count(ENTRIES, Filter::everything()).await
}

async fn has_more(store: &dyn Store, position: Option<Vec<Value>>) -> Result<bool, StoreError> {
    let mut query = query();
    query.after = position;
    query.limit = 1;
    Ok(!store.find(query).await?.is_empty())
}

async fn page(store: &dyn Store, after: Option<Vec<Value>>) -> Result<Vec<Document>, StoreError> {
    let mut query = query();
    query.after = after;
    store.find(query).await
}

fn query() -> Query {
    Query::new(ENTRIES, Filter::everything(), PAGE).sorted(vec![Sort::ascending("n")])
}
