//! The threads that read, each with a connection of its own.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use super::{
    connection,
    fault::Fault,
    lane::{Reply, Ticket},
    schema::{Published, Schema},
};
use crate::error::StoreError;

/// How many steps of SQLite's machine pass between two looks at the deadline.
const STEPS: i32 = 10_000;

/// A read on its way to a thread.
pub(super) type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// What one thread reads with.
pub(super) struct Reader {
    connection: Connection,
    schema: Arc<Published>,
    deadline: Arc<Deadline>,
    wait: Duration,
}

/// When the read under way is given up: microseconds since `start`, 0 for never.
#[derive(Debug)]
struct Deadline {
    start: Instant,
    micros: AtomicU64,
}

impl Deadline {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn set(&self, wait: Duration) {
        let wait = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        self.micros.store(self.now().saturating_add(wait), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.now() > self.micros.load(Ordering::Relaxed)
    }
}

/// Starts the threads; they end when the queue is dropped.
pub(super) fn start(
    file: &Path,
    schema: &Arc<Published>,
    threads: usize,
    queue: usize,
    wait: Duration,
) -> Result<(Sender<Job>, Vec<JoinHandle<()>>), StoreError> {
    let (sender, receiver) = bounded(queue.max(1));
    let mut handles = Vec::new();
    for number in 0..threads.max(1) {
        let reader = Reader::open(file, Arc::clone(schema), wait)
            .map_err(|error| Fault::from(error).into_error())?;
        let receiver = receiver.clone();
        let handle = thread::Builder::new()
            .name(format!("store-read-{number}"))
            .spawn(move || reader.run(&receiver))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        handles.push(handle);
    }
    Ok((sender, handles))
}

/// Makes a job of a read.
pub(super) fn job<T: Send + 'static>(
    ticket: Arc<Ticket>,
    reply: Reply<T>,
    read: impl FnOnce(&Connection, &Schema) -> Result<T, Fault> + Send + 'static,
) -> Job {
    Box::new(move |reader| {
        if ticket.start() {
            // A caller who no longer waits is no fault.
            let _ = reply.send(reader.read(read));
        }
    })
}

impl Reader {
    fn open(file: &Path, schema: Arc<Published>, wait: Duration) -> rusqlite::Result<Self> {
        let mut connection = connection::reader(file)?;
        let deadline = Arc::new(Deadline { start: Instant::now(), micros: AtomicU64::new(0) });
        let watched = Arc::clone(&deadline);
        connection.progress_handler(STEPS, Some(move || watched.is_over()))?;
        Ok(Self { connection, schema, deadline, wait })
    }

    fn run(mut self, queue: &Receiver<Job>) {
        for job in queue {
            job(&mut self);
        }
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection, &Schema) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.deadline.set(self.wait);
        read(&self.connection, &self.schema.load()).map_err(Fault::into_error)
    }
}
