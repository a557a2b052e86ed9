//! Appending to a log, one entry after the other until one cannot be.

use std::sync::atomic::AtomicBool;

use bson::doc;

use super::{
    entries,
    fault::{Fault, failed_insertion, read, violated_index, write},
    inner::Inner,
    transaction,
    writes::{Writing, insert_entries},
};
use crate::{
    error::{LOG_KEY, StoreError},
    id::RoomId,
    log::{Appended, Body, LogEntry, Stop},
    write::Write,
};

/// Appends until an entry cannot be. Entries that change nothing else go in one insertion, which
/// the server does in order and ends at the first that cannot be; an edit or a deletion is one
/// transaction with what it changes.
pub(super) async fn append(
    inner: &Inner,
    room: RoomId,
    entries: &[LogEntry],
) -> Result<Appended, StoreError> {
    let Some(first) = entries.first() else {
        return Ok(stopped(0, None));
    };
    let mut log = Writing { inner, session: None };
    if !log.follows(room, first.seq).await.map_err(Fault::into_undone)? {
        return Ok(stopped(0, Some(Stop::SeqTaken)));
    }
    let in_row = entries
        .iter()
        .zip(first.seq.get()..)
        .take_while(|(entry, seq)| entry.seq.get() == *seq)
        .count();
    let mut stored = 0;
    for run in runs(&entries[..in_row]) {
        let appended = append_run(inner, room, run).await.map_err(|error| partly(stored, error))?;
        stored += appended.stored;
        if appended.stop.is_some() {
            return Ok(stopped(stored, appended.stop));
        }
    }
    Ok(stopped(stored, (stored < entries.len()).then_some(Stop::SeqTaken)))
}

fn stopped(stored: usize, stop: Option<Stop>) -> Appended {
    Appended { stored, stop }
}

/// Once something was stored, an error must not say that nothing was.
fn partly(stored: usize, error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(cause) if stored > 0 => StoreError::OutcomeUnknown(cause),
        error => error,
    }
}

/// The entries in runs that can be appended at once.
fn runs(entries: &[LogEntry]) -> impl Iterator<Item = &[LogEntry]> {
    entries.chunk_by(|left, right| !changes_another(left) && !changes_another(right))
}

fn changes_another(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Edited { .. } | Body::Deleted { .. })
}

async fn append_run(inner: &Inner, room: RoomId, run: &[LogEntry]) -> Result<Appended, StoreError> {
    if run.iter().any(changes_another) {
        return append_change(inner, room, run).await;
    }
    let Err(error) = insert_entries(inner, room, run).await else {
        return Ok(stopped(run.len(), None));
    };
    match (violated_index(&error), failed_insertion(&error)) {
        (Some(index), Some(stored)) => {
            let is_key = index == LOG_KEY;
            stop_at(inner, room, run, stored, is_key).await
        }
        _ => Err(write(error)),
    }
}

/// Appends one edit or deletion.
async fn append_change(
    inner: &Inner,
    room: RoomId,
    run: &[LogEntry],
) -> Result<Appended, StoreError> {
    let write = Write::Append { room, entries: run.to_vec() };
    match transaction::run(inner, &[write], &AtomicBool::new(false)).await {
        Ok(_) => Ok(stopped(run.len(), None)),
        Err(StoreError::SeqTaken) => Ok(stopped(0, Some(Stop::SeqTaken))),
        Err(StoreError::TargetGone) => Ok(stopped(0, Some(Stop::TargetGone))),
        Err(StoreError::Taken { .. }) => stop_at(inner, room, run, 0, true).await,
        Err(error) => Err(error),
    }
}

/// What stopped a run at its entry number `stored`.
async fn stop_at(
    inner: &Inner,
    room: RoomId,
    run: &[LogEntry],
    stored: usize,
    is_key: bool,
) -> Result<Appended, StoreError> {
    let keyed = run.get(stored).filter(|_| is_key);
    let Some((entry, key)) = keyed.and_then(|entry| Some((entry, entry.key.as_deref()?))) else {
        return Ok(stopped(stored, Some(Stop::SeqTaken)));
    };
    match by_key(inner, room, &entry.sender, key).await {
        Ok(Some(first)) => Ok(stopped(stored, Some(Stop::KeyTaken(Box::new(first))))),
        // The entry is there, but not yet on a majority: it is the newer seq that is in the way.
        Ok(None) => Ok(stopped(stored, Some(Stop::SeqTaken))),
        Err(error) => Err(partly(stored, error)),
    }
}

/// The entry that this sender appended with this key.
async fn by_key(
    inner: &Inner,
    room: RoomId,
    sender: &str,
    key: &str,
) -> Result<Option<LogEntry>, StoreError> {
    let keyed = doc! {"room": entries::room_id(room), "sender": sender, "key": key};
    let found = inner.log.find_one(keyed).await.map_err(read)?;
    found.as_ref().map(entries::from_document).transpose()
}
