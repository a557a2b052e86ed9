//! Entries of changes. A change cannot wait for its place in the chain, where one batch is appended
//! after the other; so it is stored together with its entry, which then goes from the outbox into the
//! chain, at once or, should the node crash before, as soon as another one looks.

use ihs_store::{Document, Filter, Query, Sort, Store, StoreError, Write, Written};

use super::entry::Entry;
use crate::{Ctx, error::ApiError};

/// The collection.
pub(crate) const OUTBOX: &str = "audit_outbox";

/// The write that belongs into the commit of the change that an entry tells of; [`commit`] makes it.
pub(crate) fn write(entry: &Entry) -> Result<Write, ApiError> {
    let document = entry.document().map_err(ApiError::internal)?;
    Ok(Write::Insert { collection: OUTBOX, document })
}

/// A commit of the store; what entries it has go into the chain afterwards.
pub(crate) async fn commit(ctx: &Ctx, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
    let entries: Vec<Entry> = writes.iter().filter_map(entry_in).collect();
    let done = ctx.store.commit(writes).await;
    match &done {
        Ok(_) => ctx.audit.bring(entries),
        // It may be in the store, or get there yet.
        Err(StoreError::OutcomeUnknown(_)) => ctx.audit.look_into_outbox(),
        Err(_) => {}
    }
    done
}

/// Some entries that wait.
pub(super) struct Owed {
    pub(super) entries: Vec<Entry>,
    /// Whether there may be others.
    pub(super) has_more: bool,
}

/// Entries that wait, those first that have waited longest. What cannot be read, since a newer
/// version of a node wrote it, is left for that one.
pub(super) async fn oldest(store: &dyn Store, limit: u64) -> Result<Owed, StoreError> {
    let query = Query::new(OUTBOX, Filter::everything(), limit);
    let mut query = query.sorted(vec![Sort::ascending("_id")]);
    loop {
        let found = store.find(query.clone()).await?;
        let has_more = found.len() as u64 == limit;
        query.after = found.last().map(|last| query.position(last));
        let entries: Vec<Entry> = found.into_iter().filter_map(entry).collect();
        if !entries.is_empty() || !has_more {
            return Ok(Owed { entries, has_more });
        }
    }
}

fn entry_in(write: &Write) -> Option<Entry> {
    match write {
        Write::Insert { collection, document } if *collection == OUTBOX => entry(document.clone()),
        _ => None,
    }
}

fn entry(document: Document) -> Option<Entry> {
    let read = Entry::of(document);
    if let Err(error) = &read {
        tracing::error!(%error, "an entry in the audit outbox cannot be read");
    }
    read.ok()
}
