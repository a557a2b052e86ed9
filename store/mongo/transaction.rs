//! Transactions: tried again while others are in the way, and only as long as it is certain
//! that nothing was done.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use mongodb::{
    ClientSession,
    error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{ReadConcern, WriteConcern},
};
use rand::RngExt;
use tokio::time::sleep;

use super::{
    fault::{Fault, read},
    inner::Inner,
    writes::Writing,
};
use crate::{
    error::StoreError,
    write::{Write, Written},
};

/// How often a transaction is tried at most.
const TRIES: u32 = 40;

/// How often the end of one is asked for at most.
const COMMITS: u32 = 5;

/// How a try ended.
enum Ended {
    Done(Vec<Written>),
    Again(StoreError),
    Failed(StoreError),
}

/// Does all writes, or none. `ending` is set while the end of a transaction is under way: a
/// caller who stops waiting before that knows that nothing was done.
pub(super) async fn run(
    inner: &Inner,
    writes: &[Write],
    ending: &AtomicBool,
) -> Result<Vec<Written>, StoreError> {
    let mut last = StoreError::Unavailable("too many others write the same".into());
    for tries in 0..TRIES {
        match once(inner, writes, ending).await {
            Ended::Done(written) => return Ok(written),
            Ended::Failed(error) => return Err(error),
            Ended::Again(error) => last = error,
        }
        pause(tries).await;
    }
    Err(last)
}

async fn once(inner: &Inner, writes: &[Write], ending: &AtomicBool) -> Ended {
    let mut session = match begin(inner).await {
        Ok(session) => session,
        Err(error) => return Ended::Failed(read(error)),
    };
    match all(inner, &mut session, writes).await {
        Ok(written) => {
            ending.store(true, Ordering::Relaxed);
            let ended = commit(&mut session, written).await;
            ending.store(false, Ordering::Relaxed);
            ended
        }
        Err(fault) => {
            // The server ends by itself what cannot be ended here.
            let _ = session.abort_transaction().await;
            if fault.is_transient() {
                Ended::Again(fault.into_undone())
            } else {
                Ended::Failed(fault.into_undone())
            }
        }
    }
}

async fn begin(inner: &Inner) -> Result<ClientSession, Error> {
    let mut session = inner.client.start_session().await?;
    let mut durable = WriteConcern::majority();
    durable.journal = Some(true);
    durable.w_timeout = Some(inner.wait);
    session
        .start_transaction()
        .read_concern(ReadConcern::snapshot())
        .write_concern(durable)
        .await?;
    Ok(session)
}

async fn all(
    inner: &Inner,
    session: &mut ClientSession,
    writes: &[Write],
) -> Result<Vec<Written>, Fault> {
    let mut writing = Writing { inner, session: Some(session) };
    let mut written = Vec::with_capacity(writes.len());
    let together = |left: &Write, right: &Write| {
        inserts_into(left).is_some_and(|collection| inserts_into(right) == Some(collection))
    };
    for run in writes.chunk_by(together) {
        let position = written.len();
        match run {
            [write] => written.push(writing.write(position, write).await?),
            [first, ..] => {
                if let Some(collection) = inserts_into(first) {
                    written.extend(writing.insert_many(position, collection, run).await?);
                }
            }
            [] => {}
        }
    }
    Ok(written)
}

/// The collection that gets a new document.
fn inserts_into(write: &Write) -> Option<&'static str> {
    match write {
        Write::Insert { collection, .. } => Some(collection),
        _ => None,
    }
}

async fn commit(session: &mut ClientSession, written: Vec<Written>) -> Ended {
    let mut tries = 0;
    loop {
        let error = match session.commit_transaction().await {
            Ok(()) => return Ended::Done(written),
            Err(error) => error,
        };
        tries += 1;
        if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && tries < COMMITS {
            pause(tries).await;
        } else if error.contains_label(TRANSIENT_TRANSACTION_ERROR) && tries == 1 {
            return Ended::Again(read(error));
        } else {
            return Ended::Failed(StoreError::OutcomeUnknown(Box::new(error)));
        }
    }
}

/// Waits a little, longer from time to time, and never as long as the others.
async fn pause(tries: u32) {
    let longest = 1_u64 << tries.clamp(2, 6);
    let wait = rand::rng().random_range(1..=longest);
    sleep(Duration::from_millis(wait)).await;
}
