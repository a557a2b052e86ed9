//! What one commit appends. The head of the chain is raised in the same commit, from where it was
//! when the entries were put in a row: of two nodes that append at once, one begins anew.

use std::time::Duration;

use ihs_store::{Filter, Store, StoreError, Write};
use rand::RngExt;
use tokio::time::sleep;

use super::{
    ENTRIES,
    chain::{HEAD, HEADS, Link, insertion},
    entry::Entry,
    outbox::OUTBOX,
};

/// How often others may come first.
const TRIES: u32 = 64;

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
    entries: Vec<(Entry, Source)>,
    /// Where the chain ends if the last try, whose outcome is not known, was a success.
    unsure: Option<Link>,
}

/// Why a try has to be made again.
enum Refused {
    /// The chain has moved on, or may have.
    Moved,
    /// This entry is in it already.
    Known(usize),
}

/// The writes of one try.
struct Attempt {
    writes: Vec<Write>,
    /// For each write behind the first, which entry it is for.
    owners: Vec<usize>,
    end: Link,
}

impl Batch {
    /// Adds entries, in their order.
    pub(super) fn add(&mut self, entries: Vec<Entry>, source: Source) {
        self.entries.extend(entries.into_iter().map(|entry| (entry, source)));
    }

    /// Appends all of it, and gives where the chain ends then. `known` is where it ended last.
    pub(super) async fn append(
        mut self,
        store: &dyn Store,
        mut known: Option<Link>,
    ) -> Result<Option<Link>, StoreError> {
        let mut tries = 0;
        while !self.entries.is_empty() {
            let head = match known.take() {
                Some(head) => head,
                None => head(store).await?,
            };
            if self.is_in(store).await? {
                return Ok(None);
            }
            let attempt = self.attempt(&head).map_err(|error| StoreError::Failed(error.into()))?;
            let Attempt { writes, owners, end } = attempt;
            match store.commit(writes).await {
                Ok(_) => return Ok(Some(end)),
                Err(error) => match self.refused(error, &owners, end)? {
                    Refused::Known(entry) => drop(self.entries.remove(entry)),
                    Refused::Moved if tries == TRIES => {
                        return Err(StoreError::Unavailable("others keep appending".into()));
                    }
                    Refused::Moved => {
                        tries += 1;
                        pause().await;
                    }
                },
            }
        }
        Ok(known)
    }

    fn attempt(&self, head: &Link) -> Result<Attempt, serde_json::Error> {
        let (mut end, mut inserted) = (head.clone(), Vec::with_capacity(self.entries.len()));
        for (entry, _) in &self.entries {
            let (next, document) = end.next(entry)?;
            end = next;
            inserted.push(insertion(document));
        }
        let from_outbox = |(place, (entry, source)): (usize, &(Entry, Source))| {
            let filter = Filter::id(entry.id.clone());
            let taken_out = Write::Delete { collection: OUTBOX, filter };
            (*source == Source::Outbox).then_some((place, taken_out))
        };
        let taken_out = self.entries.iter().enumerate().filter_map(from_outbox);
        let (places, taken_out): (Vec<usize>, Vec<Write>) = taken_out.unzip();
        let owners = (0..self.entries.len()).chain(places).collect();
        // The head first, so that a chain that has moved on is noticed before anything else; and the
        // entries in a row, which is one step for a server.
        let mut writes = vec![head.raise(&end)];
        writes.append(&mut inserted);
        writes.extend(taken_out);
        Ok(Attempt { writes, owners, end })
    }

    /// What a failure means; the error where there is nothing to be done about it.
    fn refused(
        &mut self,
        error: StoreError,
        owners: &[usize],
        end: Link,
    ) -> Result<Refused, StoreError> {
        let owner = |write: usize| owners.get(write.wrapping_sub(1)).copied();
        match &error {
            StoreError::OutcomeUnknown(_) => {
                self.unsure = Some(end);
                Ok(Refused::Moved)
            }
            StoreError::Unmatched { write: 0 } | StoreError::Taken { write: 0, .. } => {
                Ok(Refused::Moved)
            }
            StoreError::Unmatched { write } => owner(*write).map(Refused::Known).ok_or(error),
            StoreError::Taken { write, index, .. } if index == "_id" => {
                owner(*write).map(Refused::Known).ok_or(error)
            }
            _ => Err(error),
        }
    }

    /// Whether a try whose outcome was not known was a success. One that was not can still become
    /// one, until somebody else has raised the head; then the next try is refused and this asked
    /// again.
    async fn is_in(&self, store: &dyn Store) -> Result<bool, StoreError> {
        match &self.unsure {
            Some(end) => Ok(store.count(ENTRIES, end.entry()).await? > 0),
            None => Ok(false),
        }
    }
}

async fn head(store: &dyn Store) -> Result<Link, StoreError> {
    match store.get(HEADS, HEAD).await? {
        None => Ok(Link::start()),
        Some(head) => {
            let damaged = || StoreError::Failed("the head of the audit log is damaged".into());
            Link::of(&head).ok_or_else(damaged)
        }
    }
}

async fn pause() {
    let millis = rand::rng().random_range(1..=PAUSE_MILLIS);
    sleep(Duration::from_millis(millis)).await;
}
