//! The thread that moves the write-ahead log into the database, so that the writer need not wait
//! for it.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};
use rusqlite::Connection;

use crate::error::StoreError;

/// Starts the thread; it works once for each signal, and ends when the sender is dropped.
pub(super) fn start(connection: Connection) -> Result<(Sender<()>, JoinHandle<()>), StoreError> {
    let (sender, receiver) = bounded::<()>(1);
    let handle = thread::Builder::new()
        .name("store-checkpoint".to_owned())
        .spawn(move || {
            for () in receiver {
                let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                if let Err(error) = done {
                    tracing::warn!(%error, "the write-ahead log was not moved");
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    Ok((sender, handle))
}
