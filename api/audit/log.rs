//! The way into the chain, for all requests of a node: what waits while a batch is appended goes
//! into the next one, all of it together. Which of two nodes comes first, the store decides.
//!
//! The queue is bounded. A read whose entries find no place in it, or do not get into the store, is
//! refused; what is in the outbox stays there, and is taken along when the store is back.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use ihs_store::{Store, StoreError};
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use super::{
    batch::{Batch, Source},
    chain::Link,
    entry::Entry,
    outbox,
};
use crate::error::ApiError;

/// Entries that may wait.
const QUEUE: usize = 16_384;

/// Entries that are appended at once, unless a single request has more.
const BATCH: usize = 512;

/// Longest wait of a request for its entries. They may still be appended afterwards.
const PATIENCE: Duration = Duration::from_secs(20);

/// Entries are not in the log.
#[derive(Debug, thiserror::Error)]
#[error("the audit log cannot be written")]
pub(crate) struct Lost;

/// What came in together, and who waits for it.
struct Job {
    entries: Vec<Entry>,
    source: Source,
    waiting: Option<oneshot::Sender<Result<(), Lost>>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Entries of all jobs.
    entries: usize,
    /// Whether the outbox may hold entries that no job brings.
    owed: bool,
    /// Whether a task takes from the queue.
    attended: bool,
}

/// What one commit takes.
#[derive(Default)]
struct Round {
    jobs: Vec<Job>,
    owed: bool,
}

/// The log of the installation, as one node writes it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    queue: Mutex<Queue>,
    /// Where the chain ended when it was last looked at.
    head: Mutex<Option<Link>>,
}

impl Log {
    /// In this store.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner { store, queue: Mutex::default(), head: Mutex::default() }))
    }

    /// Appends entries, and waits until they are in the store.
    pub(crate) async fn append(&self, entries: Vec<Entry>) -> Result<(), ApiError> {
        if entries.is_empty() {
            return Ok(());
        }
        let appended = self.wait_for(entries).await;
        appended.map_err(|lost| ApiError::Unavailable(Box::new(lost)))
    }

    /// Takes in entries that are in the outbox, and waits for nothing: they cannot be lost.
    pub(super) fn bring(&self, entries: Vec<Entry>) {
        if !entries.is_empty()
            && self.push(Job { entries, source: Source::Outbox, waiting: None }).is_err()
        {
            self.look_into_outbox();
        }
    }

    /// Has the next commit take along what is in the outbox.
    pub(super) fn look_into_outbox(&self) {
        self.0.queue.lock().owed = true;
    }

    /// Waits until everything that came in before is in the store.
    pub(crate) async fn settle(&self) -> Result<(), ApiError> {
        let settled = self.wait_for(Vec::new()).await;
        settled.map_err(|lost| ApiError::Unavailable(Box::new(lost)))
    }

    /// Takes in whatever is in the outbox.
    pub(super) async fn redeem(&self) -> Result<(), StoreError> {
        self.look_into_outbox();
        let redeemed = self.wait_for(Vec::new()).await;
        redeemed.map_err(|lost| StoreError::Unavailable(Box::new(lost)))
    }

    async fn wait_for(&self, entries: Vec<Entry>) -> Result<(), Lost> {
        let (waiting, outcome) = oneshot::channel();
        self.push(Job { entries, source: Source::Request, waiting: Some(waiting) })?;
        timeout(PATIENCE, outcome).await.map_or(Err(Lost), |said| said.unwrap_or(Err(Lost)))
    }

    fn push(&self, job: Job) -> Result<(), Lost> {
        let runtime = Handle::try_current().map_err(|_| Lost)?;
        let mut queue = self.0.queue.lock();
        if queue.entries + job.entries.len() > QUEUE {
            return Err(Lost);
        }
        queue.entries += job.entries.len();
        queue.jobs.push_back(job);
        if !queue.attended {
            queue.attended = true;
            runtime.spawn(Turn { log: self.clone(), is_over: false }.attend());
        }
        Ok(())
    }

    /// What the next commit takes; `None`, and nobody attends to the queue any more, when there is
    /// nothing.
    fn next(&self) -> Option<Round> {
        let mut queue = self.0.queue.lock();
        let mut round = Round { jobs: Vec::new(), owed: mem::take(&mut queue.owed) };
        let mut entries = 0;
        while let Some(job) = queue.jobs.front() {
            if !round.jobs.is_empty() && entries + job.entries.len() > BATCH {
                break;
            }
            entries += job.entries.len();
            round.jobs.extend(queue.jobs.pop_front());
        }
        queue.entries -= entries;
        queue.attended = !round.jobs.is_empty() || round.owed;
        queue.attended.then_some(round)
    }

    async fn append_round(&self, round: &mut Round) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for job in &mut round.jobs {
            batch.add(mem::take(&mut job.entries), job.source);
        }
        if round.owed {
            let owed = outbox::oldest(&*self.0.store, BATCH as u64).await?;
            self.0.queue.lock().owed |= owed.has_more;
            batch.add(owed.entries, Source::Outbox);
        }
        let known = self.0.head.lock().take();
        let head = batch.append(&*self.0.store, known).await?;
        *self.0.head.lock() = head;
        Ok(())
    }

    /// After a failure: what is in the outbox waits for others to come. Whether there are some.
    fn put_off(&self, owed: bool) -> bool {
        let mut queue = self.0.queue.lock();
        queue.owed |= owed;
        queue.attended = !queue.jobs.is_empty();
        queue.attended
    }
}

/// The task that takes from the queue, for as long as there is something in it.
struct Turn {
    log: Log,
    is_over: bool,
}

impl Turn {
    async fn attend(mut self) {
        while let Some(mut round) = self.log.next() {
            let from_outbox = |job: &Job| job.source == Source::Outbox;
            let owed = round.owed || round.jobs.iter().any(from_outbox);
            let appended = self.log.append_round(&mut round).await;
            if let Err(error) = &appended {
                let error = error as &dyn std::error::Error;
                tracing::error!(error, "the audit log cannot be written");
            }
            for waiting in round.jobs.into_iter().filter_map(|job| job.waiting) {
                // Whoever does not wait any more was not answered.
                let _ = waiting.send(appended.as_ref().map(drop).map_err(|_| Lost));
            }
            if appended.is_err() && !self.log.put_off(owed) {
                break;
            }
        }
        self.is_over = true;
    }
}

impl Drop for Turn {
    /// A turn that ends with its runtime leaves nobody waiting.
    fn drop(&mut self) {
        if !self.is_over {
            let left = mem::replace(
                &mut *self.log.0.queue.lock(),
                Queue { owed: true, ..Queue::default() },
            );
            drop(left);
        }
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
