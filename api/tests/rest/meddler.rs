//! A store between whose calls something happens: races and failures, at an exact moment.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ihs_store::{
    Appended, Collection, Document, EntryId, Filter, LogEntry, Message, MessageQuery, Query,
    RoomId, Seq, Store, StoreError, Write, Written,
};
use tokio::sync::Notify;

/// What happens once.
pub(crate) enum Mischief {
    /// The next look-up by id in this collection comes too early to find anything.
    Early(&'static str),
    /// These writes come right before the next look-up by id in this collection.
    BeforeGet(&'static str, Vec<Write>),
    /// These writes come right before the next read of a log.
    BeforeLog(Vec<Write>),
    /// These writes come right before the next commit that changes this collection.
    BeforeCommit(&'static str, Vec<Write>),
    /// The next commit that changes this collection fails.
    Refuse(&'static str),
    /// The next commit that changes this collection is made, but nobody is told.
    Forget(&'static str),
    /// The next commit that changes this collection is not made, and nobody is told.
    Lose(&'static str),
    /// The one after the next fails.
    RefuseSecond(&'static str),
    /// The next insertion in order is broken off behind so many steps, and nobody is told.
    StopBehind(usize),
    /// The next commit that changes this collection waits.
    Hold(&'static str, Arc<Pause>),
}

/// Where somebody waits until somebody else has done something.
#[derive(Default)]
pub(crate) struct Pause {
    reached: Notify,
    over: Notify,
}

impl Pause {
    /// Does this while the other one waits.
    pub(crate) async fn meanwhile(&self, act: impl Future<Output = ()>) {
        self.reached.notified().await;
        act.await;
        self.over.notify_one();
    }

    async fn wait(&self) {
        self.reached.notify_one();
        self.over.notified().await;
    }
}

/// The store.
pub(crate) struct Meddler {
    inner: Arc<dyn Store>,
    next: Mutex<Option<Mischief>>,
}

impl Meddler {
    /// Without anything to do as yet.
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, next: Mutex::default() }
    }

    /// What happens next.
    pub(crate) fn plan(&self, mischief: Mischief) {
        *self.next.lock().unwrap() = Some(mischief);
    }

    /// Whether what was planned has happened.
    pub(crate) fn is_done(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }

    fn take(&self, wanted: impl Fn(&Mischief) -> bool) -> Option<Mischief> {
        self.next.lock().unwrap().take_if(|mischief| wanted(mischief))
    }

    async fn before_log(&self) -> Result<(), StoreError> {
        match self.take(|mischief| matches!(mischief, Mischief::BeforeLog(_))) {
            Some(Mischief::BeforeLog(writes)) => self.inner.commit(writes).await.map(drop),
            _ => Ok(()),
        }
    }
}

fn changes(write: &Write, name: &str) -> bool {
    match write {
        Write::Insert { collection, .. }
        | Write::Update { collection, .. }
        | Write::UpdateEvery { collection, .. }
        | Write::Delete { collection, .. }
        | Write::DeleteEvery { collection, .. } => *collection == name,
        Write::Append { .. } | Write::Restore { .. } => false,
    }
}

#[async_trait]
impl Store for Meddler {
    async fn prepare(&self, collections: &[Collection]) -> Result<(), StoreError> {
        self.inner.prepare(collections).await
    }

    async fn get(
        &self,
        collection: &'static str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        let before = |mischief: &Mischief| match mischief {
            Mischief::BeforeGet(name, _) => *name == collection,
            _ => false,
        };
        if let Some(Mischief::BeforeGet(_, first)) = self.take(before) {
            self.inner.commit(first).await?;
        }
        let early =
            |mischief: &Mischief| matches!(mischief, Mischief::Early(name) if *name == collection);
        match self.take(early) {
            Some(_) => Ok(None),
            None => self.inner.get(collection, id).await,
        }
    }

    async fn find(&self, query: Query) -> Result<Vec<Document>, StoreError> {
        self.inner.find(query).await
    }

    async fn count(&self, collection: &'static str, filter: Filter) -> Result<u64, StoreError> {
        self.inner.count(collection, filter).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        let refused = |mischief: &Mischief| match mischief {
            Mischief::Refuse(name) | Mischief::Forget(name) | Mischief::Lose(name) => {
                writes.iter().any(|write| changes(write, name))
            }
            _ => false,
        };
        let later = |mischief: &Mischief| match mischief {
            Mischief::RefuseSecond(name) => writes.iter().any(|write| changes(write, name)),
            _ => false,
        };
        let held = |mischief: &Mischief| match mischief {
            Mischief::Hold(name, _) => writes.iter().any(|write| changes(write, name)),
            _ => false,
        };
        if let Some(Mischief::Hold(_, pause)) = self.take(held) {
            pause.wait().await;
        }
        let before = |mischief: &Mischief| match mischief {
            Mischief::BeforeCommit(name, _) => writes.iter().any(|write| changes(write, name)),
            _ => false,
        };
        if let Some(Mischief::BeforeCommit(_, first)) = self.take(before) {
            self.inner.commit(first).await?;
        }
        if let Some(Mischief::RefuseSecond(name)) = self.take(later) {
            self.plan(Mischief::Refuse(name));
            return self.inner.commit(writes).await;
        }
        match self.take(refused) {
            Some(Mischief::Forget(_)) => {
                self.inner.commit(writes).await?;
                Err(StoreError::OutcomeUnknown("meddled with".into()))
            }
            Some(Mischief::Lose(_)) => Err(StoreError::OutcomeUnknown("meddled with".into())),
            Some(_) => Err(StoreError::Unavailable("meddled with".into())),
            None => self.inner.commit(writes).await,
        }
    }

    async fn insert_in_order(
        &self,
        collection: &'static str,
        documents: Vec<Document>,
        then: Vec<Write>,
    ) -> Result<Vec<Written>, StoreError> {
        let insert = |document| Write::Insert { collection, document };
        let inserted = documents.len();
        let writes: Vec<Write> = documents.into_iter().map(insert).chain(then).collect();
        let stop = self.take(|mischief| matches!(mischief, Mischief::StopBehind(_)));
        let Some(Mischief::StopBehind(steps)) = stop else {
            return Ok(self.commit(writes).await?.split_off(inserted));
        };
        for write in writes.into_iter().take(steps) {
            self.inner.commit(vec![write]).await?;
        }
        Err(StoreError::OutcomeUnknown("meddled with".into()))
    }

    async fn append(&self, room: RoomId, entries: Vec<LogEntry>) -> Result<Appended, StoreError> {
        self.inner.append(room, entries).await
    }

    async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.before_log().await?;
        self.inner.log_after(room, after, limit).await
    }

    async fn log_before(
        &self,
        room: RoomId,
        before: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.before_log().await?;
        self.inner.log_before(room, before, limit).await
    }

    async fn log_head(&self, room: RoomId) -> Result<Option<LogEntry>, StoreError> {
        self.inner.log_head(room).await
    }

    async fn log_unread(
        &self,
        room: RoomId,
        after: Seq,
        reader: &str,
        limit: u64,
    ) -> Result<u64, StoreError> {
        self.inner.log_unread(room, after, reader, limit).await
    }

    async fn message(&self, id: EntryId) -> Result<Option<Message>, StoreError> {
        self.before_log().await?;
        self.inner.message(id).await
    }

    async fn messages(&self, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        self.before_log().await?;
        self.inner.messages(query).await
    }

    async fn count_messages(&self, query: MessageQuery) -> Result<u64, StoreError> {
        self.inner.count_messages(query).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
