//! Pages of logs for sockets that catch up: identical reads are made once, and few at a time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use ihs_store::{RoomId, Seq, Store, StoreError};
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::fan_out::frames::Frames;

/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A page that is being read: `None` when there is nothing there, or the store is away.
type Page = Shared<BoxFuture<'static, Option<Arc<Frames>>>>;

/// Reads pages of logs. One per node.
pub struct Pages {
    store: Arc<dyn Store>,
    permits: Arc<Semaphore>,
    size: u64,
    under_way: Arc<Mutex<HashMap<(RoomId, Seq), Page>>>,
}

impl Pages {
    /// Reads pages of `size` entries, at most `at_once` at the same time.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, size: u64, at_once: usize) -> Self {
        let permits = Arc::new(Semaphore::new(at_once.max(1)));
        Self { store, permits, size, under_way: Arc::default() }
    }

    /// A turn to read from the store for a socket.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none for long: those who have one wait for the store.
    pub(crate) async fn permit(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        match timeout(PATIENCE, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(StoreError::Unavailable(closed.into())),
            Err(late) => Err(StoreError::Unavailable(late.into())),
        }
    }

    /// The page behind `after`.
    pub async fn read(&self, room: RoomId, after: Seq) -> Option<Arc<Frames>> {
        let page = self
            .under_way
            .lock()
            .entry((room, after))
            .or_insert_with(|| self.start(room, after))
            .clone();
        page.await
    }

    fn start(&self, room: RoomId, after: Seq) -> Page {
        let (store, permits) = (Arc::clone(&self.store), Arc::clone(&self.permits));
        let (under_way, size) = (Arc::clone(&self.under_way), self.size);
        async move {
            let permit = permits.acquire().await;
            let entries = store.log_after(room, after, size).await;
            drop(permit);
            under_way.lock().remove(&(room, after));
            match entries {
                Ok(entries) => Frames::encode(room, &entries).map(Arc::new),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "page not read");
                    None
                }
            }
        }
        .boxed()
        .shared()
    }
}
