//! The thread that makes rosters, so that nobody who reads waits for one.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use super::{Roster, Turns, base::Base};
use crate::{
    embedded::{connection, fault::Fault, schema::Table},
    error::StoreError,
};

/// Collections that may wait for their rosters.
const QUEUE: usize = 64;

/// Steps of SQLite's machine between two looks at whether the store is being closed.
const STEPS: i32 = 10_000;

/// A collection whose roster is to be made.
#[derive(Debug)]
pub(in crate::embedded) struct Want {
    pub(super) table: Arc<Table>,
    pub(super) roster: Arc<Roster>,
}

/// What the other threads need of this one.
#[derive(Debug, Clone)]
pub(in crate::embedded) struct Maker {
    /// Where rosters are asked for.
    pub(in crate::embedded) wanted: Sender<Want>,
    /// The writer's transactions.
    pub(in crate::embedded) turns: Arc<Turns>,
    /// The smallest collection that gets a roster.
    pub(in crate::embedded) from: u64,
    closing: Arc<AtomicBool>,
}

impl Maker {
    /// One that makes nothing.
    #[cfg(test)]
    pub(in crate::embedded) fn idle() -> Self {
        Self { wanted: bounded(1).0, turns: Arc::default(), from: 0, closing: Arc::default() }
    }

    /// Ends the thread soon, whatever it is at.
    pub(in crate::embedded) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

/// Starts the thread; it ends when nobody can ask it any more.
pub(in crate::embedded) fn start(
    file: &Path,
    from: u64,
) -> Result<(Maker, JoinHandle<()>), StoreError> {
    let opened = connection::reader(file).and_then(|mut connection| {
        let closing = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&closing);
        connection.progress_handler(STEPS, Some(move || watched.load(Ordering::Relaxed)))?;
        Ok((connection, closing))
    });
    let (connection, closing) = opened.map_err(|error| Fault::from(error).into_error())?;
    let (wanted, wants) = bounded(QUEUE);
    let maker = Maker { wanted, turns: Arc::default(), from, closing };
    let (turns, closing) = (Arc::clone(&maker.turns), Arc::clone(&maker.closing));
    let handle = thread::Builder::new()
        .name("store-roster".to_owned())
        .spawn(move || run(&connection, &wants, &turns, &closing))
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    Ok((maker, handle))
}

fn run(connection: &Connection, wants: &Receiver<Want>, turns: &Turns, closing: &AtomicBool) {
    for Want { table, roster } in wants {
        if closing.load(Ordering::Relaxed) || !roster.is_due() {
            continue;
        }
        let start = Instant::now();
        let orders = roster.base().map(|base| base.orders.keys()).unwrap_or_default();
        roster.begin();
        await_writer(turns, closing);
        let base = make(connection, &table, &orders);
        let took = start.elapsed();
        match &base {
            Ok(Some(base)) => {
                let documents = base.len();
                tracing::debug!(collection = table.name, documents, ?took, "a roster was made");
            }
            Ok(None) => tracing::debug!(collection = table.name, "too large for a roster"),
            Err(error) => tracing::debug!(collection = table.name, ?error, "no roster was made"),
        }
        roster.finish(base.ok().flatten(), took);
    }
}

/// Whatever the transaction under way has touched before the roster began to take notes is
/// committed, or undone, when the roster is read.
fn await_writer(turns: &Turns, closing: &AtomicBool) {
    const PAUSE: Duration = Duration::from_micros(200);
    let turn = turns.now();
    while !turns.passed(turn) && !closing.load(Ordering::Relaxed) {
        thread::sleep(PAUSE);
    }
}

fn make(
    connection: &Connection,
    table: &Table,
    orders: &[Vec<crate::query::Sort>],
) -> Result<Option<Base>, Fault> {
    let _moment = connection.unchecked_transaction()?;
    let base = Base::read(connection, table)?;
    if let Some(base) = &base {
        for keys in orders {
            base.orders.walk(connection, table, base, keys)?;
        }
    }
    Ok(base)
}
