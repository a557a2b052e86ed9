//! MongoDB behind the store port.
//!
//! Writes wait for a majority and its journals, reads see what a majority has. A commit of
//! several writes is a transaction, so a replica set (of one, at least) or a sharded cluster is
//! needed.
//!
//! - `inner`: the connected database
//! - `convert`, `translate`: values, filters, orders and changes as MongoDB has them
//! - `shadow`: the folded texts and trigrams that documents carry unseen
//! - `prepare`: indexes and shadows as declared
//! - `writes`, `transaction`, `append`: what is written; `entries`: log entries as stored
//! - `turns`: commits that change the same, one after the other
//! - `reads`: what is read; `messages`: messages out of the logs of many rooms
//! - `fault`: MongoDB's errors as the port means them

mod append;
mod convert;
mod entries;
mod fault;
mod inner;
mod messages;
mod prepare;
mod reads;
mod shadow;
mod transaction;
mod translate;
mod turns;
mod writes;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bson::doc;
use ihs_config::StoreSettings;
use parking_lot::RwLock;
use tokio::{sync::SemaphorePermit, time::timeout};

use self::{fault::Fault, inner::Inner, turns::Turn, writes::Writing};
use crate::{
    collection::Collection,
    document::Document,
    error::StoreError,
    filter::Filter,
    id::{EntryId, RoomId, Seq},
    log::{Appended, LogEntry},
    message::{Message, MessageQuery},
    port::Store,
    query::Query,
    write::{self, Write, Written},
};

/// What a call that takes too long is told.
const OVERDUE: &str = "MongoDB did not answer in time";

/// What a call is told whose turn does not come.
const CROWDED: &str = "too many calls are waiting for MongoDB";

/// The store in MongoDB.
#[derive(Debug)]
pub struct Mongo {
    inner: RwLock<Option<Arc<Inner>>>,
    wait: Duration,
}

impl Mongo {
    /// Connects to the database that the settings name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached, [`StoreError::Failed`] when the
    /// address or the credentials are wrong or the server has no transactions.
    pub async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let inner = Inner::connect(settings).await?;
        if let Err(error) = prepare::log(&inner).await {
            inner.client.shutdown().await;
            return Err(fault::read(error));
        }
        Ok(Self { wait: inner.wait, inner: RwLock::new(Some(Arc::new(inner))) })
    }

    fn inner(&self) -> Result<Arc<Inner>, StoreError> {
        let inner = self.inner.read().clone();
        inner.ok_or_else(|| StoreError::Unavailable("the store is closed".into()))
    }

    /// Waits for a place at the server.
    async fn place<'inner>(
        &self,
        inner: &'inner Inner,
    ) -> Result<SemaphorePermit<'inner>, StoreError> {
        match timeout(self.wait, inner.calls.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(StoreError::Unavailable(CROWDED.into())),
        }
    }

    /// Waits for the turn of a commit, and for its place.
    async fn turn<'inner>(
        &self,
        inner: &'inner Inner,
        writes: &[Write],
    ) -> Result<(Turn<'inner>, SemaphorePermit<'inner>), StoreError> {
        let wait = async {
            let turn = inner.turns.wait(writes).await;
            inner.transactions.acquire().await.map(|place| (turn, place))
        };
        match timeout(self.wait, wait).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(StoreError::Unavailable(CROWDED.into())),
        }
    }

    /// Waits for a place, and for what is read.
    async fn read<T>(
        &self,
        inner: &Inner,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let _place = self.place(inner).await?;
        self.in_time(read).await
    }

    async fn in_time<T>(
        &self,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match timeout(self.wait, read).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Unavailable(OVERDUE.into())),
        }
    }

    /// Does a write that is one step for the server, too.
    async fn commit_one(&self, inner: &Inner, write: &Write) -> Result<Vec<Written>, StoreError> {
        let _place = self.place(inner).await?;
        let mut writing = Writing { inner, session: None };
        match timeout(self.wait, writing.write(0, write)).await {
            Ok(outcome) => Ok(vec![outcome.map_err(Fault::into_error)?]),
            Err(_) => Err(StoreError::OutcomeUnknown(OVERDUE.into())),
        }
    }

    async fn commit_all(
        &self,
        inner: &Inner,
        writes: &[Write],
    ) -> Result<Vec<Written>, StoreError> {
        let _turn = self.turn(inner, writes).await?;
        let ending = AtomicBool::new(false);
        match timeout(self.wait, transaction::run(inner, writes, &ending)).await {
            Ok(outcome) => outcome,
            Err(_) if ending.load(Ordering::Relaxed) => {
                Err(StoreError::OutcomeUnknown(OVERDUE.into()))
            }
            Err(_) => Err(StoreError::Unavailable(OVERDUE.into())),
        }
    }
}

#[async_trait]
impl Store for Mongo {
    async fn prepare(&self, collections: &[Collection]) -> Result<(), StoreError> {
        let inner = self.inner()?;
        for collection in collections {
            prepare::collection(&inner, collection).await.map_err(fault::read)?;
            inner.set_searched(collection.name, &collection.searched);
        }
        Ok(())
    }

    async fn get(
        &self,
        collection: &'static str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::get(&inner, collection, id)).await
    }

    async fn find(&self, query: Query) -> Result<Vec<Document>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::find(&inner, &query)).await
    }

    async fn count(&self, collection: &'static str, filter: Filter) -> Result<u64, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::count(&inner, collection, &filter)).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        write::check(&writes)?;
        let inner = self.inner()?;
        match &writes[..] {
            [] => Ok(Vec::new()),
            [one @ (Write::Insert { .. } | Write::Update { .. } | Write::Delete { .. })] => {
                self.commit_one(&inner, one).await
            }
            all => self.commit_all(&inner, all).await,
        }
    }

    async fn insert_in_order(
        &self,
        collection: &'static str,
        documents: Vec<Document>,
        then: Vec<Write>,
    ) -> Result<Vec<Written>, StoreError> {
        let insert = |document| Write::Insert { collection, document };
        let inserts: Vec<Write> = documents.into_iter().map(insert).collect();
        write::check(&inserts)?;
        write::check(&then)?;
        let inner = self.inner()?;
        let _place = self.place(&inner).await?;
        match timeout(self.wait, writes::in_order(&inner, collection, &inserts, &then)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::OutcomeUnknown(OVERDUE.into())),
        }
    }

    async fn append(&self, room: RoomId, entries: Vec<LogEntry>) -> Result<Appended, StoreError> {
        let inner = self.inner()?;
        let _place = self.place(&inner).await?;
        match timeout(self.wait, append::append(&inner, room, &entries)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::OutcomeUnknown(OVERDUE.into())),
        }
    }

    async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::log_after(&inner, room, after, limit)).await
    }

    async fn log_before(
        &self,
        room: RoomId,
        before: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::log_before(&inner, room, before, limit)).await
    }

    async fn log_head(&self, room: RoomId) -> Result<Option<LogEntry>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::log_head(&inner, room)).await
    }

    async fn log_unread(
        &self,
        room: RoomId,
        after: Seq,
        reader: &str,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, reads::log_unread(&inner, room, after, reader, limit)).await
    }

    async fn message(&self, id: EntryId) -> Result<Option<Message>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, messages::by_id(&inner, id)).await
    }

    async fn messages(&self, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, messages::list(&inner, &query)).await
    }

    async fn count_messages(&self, query: MessageQuery) -> Result<u64, StoreError> {
        let inner = self.inner()?;
        self.read(&inner, messages::count(&inner, &query)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let inner = self.inner()?;
        let ping =
            async { inner.database.run_command(doc! {"ping": 1}).await.map_err(fault::read) };
        // Whether the server answers is not to wait for what else is asked.
        self.in_time(ping).await.map(drop)
    }

    async fn close(&self) {
        let inner = self.inner.write().take();
        if let Some(inner) = inner {
            inner.client.clone().shutdown().await;
        }
    }
}
