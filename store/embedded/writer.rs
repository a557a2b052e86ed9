//! The thread that writes: takes everything that waits and commits it as one transaction.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use super::{
    fault::{Fault, Lost},
    keys::Keys,
    lane::{Reply, Ticket},
    recent::{Changing, Recent},
    roster::Maker,
    schema::{Published, Schema},
    search::Pending,
    session::Session,
};
use crate::error::StoreError;

/// A write-ahead log of so many pages is worth moving into the database, beside the writer.
const SOFT_PAGES: i32 = 4_000;

/// At so many pages the writer itself sees to it that the log starts afresh: under a load that
/// never pauses, the thread beside it is never quite done.
const HARD_PAGES: i32 = 24_000;

/// How long the writer waits for readers before it puts that off to a later transaction.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many calls share a transaction at most.
const GROUP: usize = 2_000;

/// A write on its way to the thread.
pub(super) type Job = Box<dyn Work>;

/// One piece of work of a transaction.
pub(super) trait Work: Send {
    /// Does it, in the open transaction, and keeps its outcome.
    fn run(&mut self, session: &mut Session) -> Result<(), Lost>;

    /// Tells the caller, once the transaction has ended.
    fn answer(self: Box<Self>, lost: Option<&Lost>);
}

/// How a piece of work is kept apart from the others of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// It is done wholly or not at all.
    Wholly,
    /// So, too, and it looks into the search tables, which must be complete before: what others
    /// changed must not be undone with it.
    AfterSearch,
    /// What was done before a failure may stay, and the caller is told so.
    Stepwise,
}

/// A call's work, and where its outcome goes.
struct Task<F, T> {
    work: Option<F>,
    apart: Apart,
    outcome: Option<Result<T, StoreError>>,
    ticket: Arc<Ticket>,
    reply: Reply<T>,
}

impl<F, T> Work for Task<F, T>
where
    F: FnOnce(&mut Session) -> Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, session: &mut Session) -> Result<(), Lost> {
        let Some(work) = self.work.take().filter(|_| self.ticket.start()) else {
            return Ok(());
        };
        self.outcome = Some(match self.apart {
            Apart::Wholly => session.isolated(work)?,
            Apart::Stepwise => session.stepwise(work)?,
            Apart::AfterSearch => {
                session.write_pending()?;
                session.isolated(work)?
            }
        });
        Ok(())
    }

    fn answer(self: Box<Self>, lost: Option<&Lost>) {
        let outcome = match (self.outcome, lost) {
            // A refusal, too, may rest on what was lost with the transaction.
            (_, Some(lost)) => Err(lost.error()),
            (Some(outcome), None) => outcome,
            (None, None) => return,
        };
        // A caller who no longer waits is no fault.
        let _ = self.reply.send(outcome);
    }
}

/// Makes a job of a write.
pub(super) fn job<T: Send + 'static>(
    ticket: Arc<Ticket>,
    reply: Reply<T>,
    apart: Apart,
    work: impl FnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
) -> Job {
    Box::new(Task { work: Some(work), apart, outcome: None, ticket, reply })
}

/// The thread's state.
struct Writer {
    session: Session,
    published: Arc<Published>,
    pages: Arc<AtomicI32>,
    checkpoint: Sender<()>,
}

/// Starts the thread; it ends when the queue is dropped, with the log moved into the database.
pub(super) fn start(
    mut connection: Connection,
    published: Arc<Published>,
    recent: Arc<Recent>,
    maker: Maker,
    queue: usize,
    checkpoint: Sender<()>,
) -> Result<(Sender<Job>, JoinHandle<()>), StoreError> {
    let pages = Arc::new(AtomicI32::new(0));
    let counted = Arc::clone(&pages);
    connection
        .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: i32| {
            counted.store(count, Ordering::Relaxed);
            Ok(())
        }))
        .map_err(|error| Fault::from(error).into_error())?;
    let writer = Writer {
        session: Session {
            connection,
            schema: Arc::new(Schema::default()),
            pending: Pending::default(),
            keys: Keys::default(),
            changing: Changing::new(recent),
            maker,
        },
        published,
        pages,
        checkpoint,
    };
    let (sender, receiver) = bounded(queue.max(1));
    let handle = thread::Builder::new()
        .name("store-write".to_owned())
        .spawn(move || writer.run(&receiver))
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    Ok((sender, handle))
}

impl Writer {
    fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let waiting = queue.len().min(GROUP);
            let mut group: Vec<Job> = Vec::with_capacity(waiting + 1);
            group.push(first);
            group.extend(queue.try_iter().take(waiting));
            self.session.maker.turns.begin();
            let lost = self.transact(&mut group).err();
            if let Some(lost) = &lost {
                self.forget();
                tracing::error!(?lost, calls = group.len(), "a transaction was lost");
            }
            self.session.changing.end();
            self.session.maker.turns.end();
            for job in group {
                job.answer(lost.as_ref());
            }
            self.bound_log();
        }
        self.finish();
    }

    fn transact(&mut self, group: &mut [Job]) -> Result<(), Lost> {
        self.session.execute("BEGIN IMMEDIATE")?;
        for job in group {
            job.run(&mut self.session)?;
        }
        self.session.write_pending()?;
        self.session
            .connection
            .prepare_cached("COMMIT")
            .and_then(|mut statement| statement.execute([]))
            .map_err(|error| Lost::at_commit(&error))?;
        self.session.keys.keep();
        self.published.store(&self.session.schema);
        Ok(())
    }

    /// Ends what is left of a lost transaction.
    fn forget(&mut self) {
        if !self.session.connection.is_autocommit() {
            // A rollback that fails is made up for by SQLite at the next beginning.
            let _ = self.session.execute("ROLLBACK");
        }
        self.session.pending.forget_behind(0);
        self.session.keys.forget_behind(0);
        self.session.schema = self.published.load();
    }

    fn bound_log(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages >= HARD_PAGES {
            self.checkpoint_now("PRAGMA wal_checkpoint(RESTART)");
        } else if pages >= SOFT_PAGES {
            // When the queue of one is full, the thread has been told already.
            let _ = self.checkpoint.try_send(());
        }
    }

    fn checkpoint_now(&self, sql: &str) {
        let connection = &self.session.connection;
        let done = connection
            .busy_timeout(PATIENCE)
            .and_then(|()| connection.query_row(sql, [], |_| Ok(())));
        if let Err(error) = done {
            tracing::warn!(%error, "the write-ahead log was not moved into the database");
        }
    }

    fn finish(self) {
        self.checkpoint_now("PRAGMA wal_checkpoint(TRUNCATE)");
        if let Err((_, error)) = self.session.connection.close() {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod outcome_tests;
