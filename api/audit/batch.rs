//! What is appended at once. Each entry names the one before it, and its number is unique: of two
//! nodes that append at once, one is refused and goes on behind the other. No transaction holds the
//! end of the chain, so that a node that dies half way holds up nobody: what it has appended is a
//! part of the chain, and the head, raised afterwards, is raised by whoever comes next.

use std::{collections::HashSet, time::Duration};

use ihs_store::{Document, Filter, Query, Sort, Store, StoreError, Write, Written, document::text};
use rand::RngExt;
use tokio::time::sleep;

use super::{
    ENTRIES,
    chain::{HEAD, HEADS, Link},
    entry::Entry,
    outbox::OUTBOX,
};

/// How often others may come first: of 16 nodes that append all the time, one that is as likely to
/// win as the others fails so often once in ten million times.
const TRIES: u32 = 256;

/// How often the outcome may be unknown: each such try takes as long as a call of the store may.
const UNKNOWN: u32 = 2;

/// Longest pause before the next try, in milliseconds.
const PAUSE_MILLIS: u64 = 8;

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A request that waits for it.
    Request,
    /// The outbox, which it leaves.
    Outbox,
}

/// Entries that are appended together.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    /// The ids of those that leave the outbox.
    leaving: HashSet<String>,
}

impl Batch {
    /// Adds entries, in their order. What the outbox holds may be brought by whoever put it there
    /// and be read from there, too: it counts once, since an entry cannot follow itself.
    pub(super) fn add(&mut self, mut entries: Vec<Entry>, source: Source) {
        if source == Source::Outbox {
            entries.retain(|entry| self.leaving.insert(entry.id.clone()));
        }
        self.entries.extend(entries);
    }

    /// Appends all of it, and gives where the chain ends then. `known` is where it ended last.
    pub(super) async fn append(
        mut self,
        store: &dyn Store,
        mut known: Option<Link>,
    ) -> Result<Option<Link>, StoreError> {
        if self.entries.is_empty() {
            return Ok(known);
        }
        let (mut tries, mut unknown) = (0, 0);
        loop {
            let end = match known.take() {
                Some(end) => end,
                None => end(store).await?,
            };
            let failed = |error: serde_json::Error| StoreError::Failed(error.into());
            let (end, documents) = self.behind(&end).map_err(failed)?;
            match store.insert_in_order(ENTRIES, documents, self.afterwards(&end)).await {
                Ok(done) => {
                    if done.first() == Some(&Written::Count(0)) {
                        crown(store, &end).await?;
                    }
                    return Ok(Some(end));
                }
                Err(StoreError::Taken { .. }) if tries < TRIES => tries += 1,
                Err(StoreError::Taken { .. }) => {
                    return Err(StoreError::Unavailable("others keep appending".into()));
                }
                Err(StoreError::OutcomeUnknown(_)) if unknown < UNKNOWN => unknown += 1,
                Err(error) => return Err(error),
            }
            pause().await;
            self.forget_appended(store).await?;
        }
    }

    /// The entries as they are stored behind this place, and where the chain ends then.
    fn behind(&self, here: &Link) -> Result<(Link, Vec<Document>), serde_json::Error> {
        let (mut end, mut documents) = (here.clone(), Vec::with_capacity(self.entries.len()));
        for entry in &self.entries {
            let (next, document) = end.next(entry)?;
            end = next;
            documents.push(document);
        }
        Ok((end, documents))
    }

    /// What is written when the entries are stored.
    fn afterwards(&self, end: &Link) -> Vec<Write> {
        let mut writes = vec![end.raise()];
        if !self.leaving.is_empty() {
            let ids = self.leaving.iter().map(|id| id.as_str().into()).collect();
            writes.push(Write::DeleteEvery { collection: OUTBOX, filter: Filter::In("_id", ids) });
        }
        writes
    }

    /// A try that was refused, or whose outcome is not known, may have appended some; another node
    /// may have taken some from the outbox. One whose outcome is not known can still append, the
    /// same entries at the same places or, once others are there, none.
    async fn forget_appended(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let ids = self.entries.iter().map(|entry| entry.id.as_str().into()).collect();
        let query = Query::new(ENTRIES, Filter::In("_id", ids), self.entries.len() as u64);
        let found = store.find(query).await?;
        let appended: HashSet<&str> = found.iter().map(|entry| text(entry, "_id")).collect();
        self.entries.retain(|entry| !appended.contains(entry.id.as_str()));
        Ok(())
    }
}

/// Where the chain ends.
async fn end(store: &dyn Store) -> Result<Link, StoreError> {
    let query = Query::new(ENTRIES, Filter::everything(), 1).sorted(vec![Sort::descending("n")]);
    let damaged = || StoreError::Failed("the last entry of the audit log is damaged".into());
    match store.find(query).await?.first() {
        Some(last) => Link::of(last).ok_or_else(damaged),
        None => Ok(Link::start()),
    }
}

/// Sees to a head that was not raised to here: it is further, or there is none yet.
async fn crown(store: &dyn Store, end: &Link) -> Result<(), StoreError> {
    if store.get(HEADS, HEAD).await?.is_some() {
        return Ok(());
    }
    match store.commit(vec![Write::Insert { collection: HEADS, document: end.head() }]).await {
        Ok(_) => Ok(()),
        // Another node has made one.
        Err(StoreError::Taken { .. }) => store.commit(vec![end.raise()]).await.map(drop),
        Err(error) => Err(error),
    }
}

async fn pause() {
    let millis = rand::rng().random_range(1..=PAUSE_MILLIS);
    sleep(Duration::from_millis(millis)).await;
}
