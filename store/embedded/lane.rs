//! What a call and the thread that works for it share: the queue, a ticket and a reply.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Sender, TrySendError};
use tokio::{sync::oneshot, time::timeout};

use super::fault::unavailable;
use crate::error::StoreError;

/// A reply to a call.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Decides which comes first: the thread that starts the work, or the caller who gives it up.
/// Only one of them can, so a caller who gave it up knows that nothing is done.
#[derive(Debug, Default)]
pub(super) struct Ticket(AtomicU8);

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Ticket {
    /// Starts the work; false when the caller has given it up.
    pub(super) fn start(&self) -> bool {
        self.decide(STARTED)
    }

    /// Gives the work up; false when it was started.
    fn give_up(&self) -> bool {
        self.decide(GIVEN_UP)
    }

    fn decide(&self, state: u8) -> bool {
        self.0.compare_exchange(WAITING, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// A call's end of its ticket: a call that is dropped gives up what was not started.
struct Claim(Arc<Ticket>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// What a call that got no answer in time is told, when its work was started.
pub(super) type Overdue = fn(&'static str) -> StoreError;

/// For reads.
pub(super) fn read_overdue(reason: &'static str) -> StoreError {
    StoreError::Unavailable(reason.into())
}

/// For writes.
pub(super) fn write_overdue(reason: &'static str) -> StoreError {
    StoreError::OutcomeUnknown(reason.into())
}

/// Queues a job made from a ticket and a reply, and waits for the reply, so long at most.
pub(super) async fn call<J, T>(
    queue: &Sender<J>,
    wait: Duration,
    overdue: Overdue,
    job: impl FnOnce(Arc<Ticket>, Reply<T>) -> J,
) -> Result<T, StoreError> {
    let claim = Claim(Arc::default());
    let (reply, answer) = oneshot::channel();
    queue.try_send(job(Arc::clone(&claim.0), reply)).map_err(|refused| match refused {
        TrySendError::Full(_) => unavailable("too many calls are waiting"),
        TrySendError::Disconnected(_) => unavailable("the store is closed"),
    })?;
    let reason = match timeout(wait, answer).await {
        Ok(Ok(result)) => return result,
        Ok(Err(_)) => "the store was closed",
        Err(_) => "the store did not answer in time",
    };
    Err(if claim.0.give_up() { unavailable(reason) } else { overdue(reason) })
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{Receiver, bounded};

    use super::*;

    type Job = (Arc<Ticket>, Reply<u8>);

    const SHORT: Duration = Duration::from_millis(20);

    fn queue(size: usize) -> (Sender<Job>, Receiver<Job>) {
        bounded(size)
    }

    async fn write(queue: &Sender<Job>, wait: Duration) -> Result<u8, StoreError> {
        call(queue, wait, write_overdue, |ticket, reply| (ticket, reply)).await
    }

    #[tokio::test]
    async fn work_that_was_never_started_was_not_done() {
        let (sender, receiver) = queue(1);
        let outcome = write(&sender, SHORT).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        let (ticket, _) = receiver.recv().unwrap();
        assert!(!ticket.start(), "given up, and still started");
    }

    #[tokio::test]
    async fn work_that_was_started_may_have_been_done() {
        let (sender, receiver) = queue(1);
        let worker = std::thread::spawn(move || {
            let job = receiver.recv().unwrap();
            assert!(job.0.start());
            job
        });
        let outcome = write(&sender, SHORT * 10).await;
        assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
        drop(worker.join());
    }

    #[tokio::test]
    async fn a_full_queue_and_a_closed_one_refuse() {
        let (sender, receiver) = queue(0);
        let outcome = write(&sender, SHORT).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        drop(receiver);
        let outcome = write(&sender, SHORT).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_gives_up_what_was_not_started() {
        let (sender, receiver) = queue(1);
        drop(tokio::time::timeout(SHORT, write(&sender, SHORT * 100)).await);
        let (ticket, _) = receiver.recv().unwrap();
        assert!(!ticket.start());
    }
}
