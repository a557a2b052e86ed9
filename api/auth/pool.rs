//! A few threads for work that keeps a processor busy, with a short queue in front.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Jobs that may wait; at some 30 ms each, more would wait longer than anybody does.
const QUEUE: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub(crate) struct Overloaded;

/// The threads; they end with the last handle.
pub(crate) struct Pool {
    jobs: SyncSender<Job>,
}

impl Pool {
    /// Starts so many threads, at least one.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// Does this on one of the threads. Not done at all when nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let (answer, result) = oneshot::channel();
        let job = move || {
            if !answer.is_closed() {
                // Whoever asked may have gone meanwhile.
                drop(answer.send(work()));
            }
        };
        self.jobs.try_send(Box::new(job)).map_err(|_| Overloaded)?;
        result.await.map_err(|_| Overloaded)
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let next = queue.lock().recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_elsewhere() {
        let pool = Pool::start(2).unwrap();
        let name = pool.run(|| thread::current().name().map(str::to_owned)).await.unwrap();
        assert!(name.is_some_and(|name| name.starts_with("hash-")));
    }

    #[tokio::test]
    async fn a_full_queue_refuses() {
        let pool = Pool::start(1).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let first = pool.run(move || held.recv().is_ok());
        let rest: Vec<_> = (0..QUEUE + 8).map(|_| pool.run(|| ())).collect();
        let all = futures_util::future::join(first, futures_util::future::join_all(rest));
        let release = async move { release.send(()).unwrap() };
        let ((_, rest), ()) = futures_util::future::join(all, release).await;
        assert!(rest.iter().any(Result::is_err));
        assert!(rest.iter().any(Result::is_ok));
    }
}
