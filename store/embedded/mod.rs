//! SQLite behind the store port.
//!
//! One thread writes, and commits what all callers have waiting as one transaction; some threads
//! read beside it. Calls wait for them without blocking.
//!
//! - `folder`, `check`, `connection`: the data folder, and how the database in it is opened
//! - `lane`: queues, tickets and replies between calls and threads
//! - `writer`, `session`: the thread that writes; `checkpoint` beside it; `readers`
//! - `schema`, `prepare`: which tables and indexes there are
//! - `translate`, `needles`, `plan`: filters as SQL; `explain`: what SQLite makes of it
//! - `documents`, `items`, `search`: documents and what finds them; `recent`: some held in memory;
//!   `named`: found among these by a unique value
//! - `roster`: what is searched in large collections, held in memory
//! - `entries`, `keys`: the rooms' logs; `messages`: messages out of many of them, `span` by span
//! - `fault`: SQLite's errors as the port means them

mod check;
mod checkpoint;
mod connection;
mod documents;
mod entries;
mod explain;
mod fault;
mod folder;
mod items;
mod keys;
mod lane;
mod messages;
mod named;
mod needles;
mod plan;
mod prepare;
mod readers;
mod recent;
mod roster;
mod schema;
mod search;
mod session;
mod span;
mod translate;
mod writer;

use std::{path::Path, sync::Arc, thread::JoinHandle, time::Duration};

use async_trait::async_trait;
use crossbeam_channel::Sender;
use ihs_config::StoreSettings;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::task::coop::consume_budget;

pub use self::explain::Explained;
use self::{
    fault::{Fault, failed, unavailable},
    folder::Folder,
    named::Name,
    recent::{Look, Recent},
    roster::Maker,
    schema::{Published, Schema},
    session::{Session, append_apart, commit_apart},
    writer::Apart,
};
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

/// `prepare` fills new indexes, which takes as long as it takes.
const UNBOUNDED: Duration = Duration::from_hours(24);

/// The store in the data folder.
#[derive(Debug)]
pub struct Embedded {
    lanes: Mutex<Option<Lanes>>,
    recent: Arc<Recent>,
    wait: Duration,
}

/// The ways to the threads, and the folder that they work in.
#[derive(Debug)]
struct Lanes {
    write: Sender<writer::Job>,
    read: Sender<readers::Job>,
    threads: Vec<JoinHandle<()>>,
    published: Arc<Published>,
    maker: Maker,
    folder: Folder,
}

impl Lanes {
    fn open(
        data_dir: &Path,
        settings: &StoreSettings,
        recent: Arc<Recent>,
    ) -> Result<Self, StoreError> {
        let folder = Folder::take(data_dir)?;
        let file = folder.database();
        check::check(&file)?;
        let opened = |error: rusqlite::Error| StoreError::Folder {
            folder: data_dir.to_owned(),
            source: std::io::Error::other(error),
        };
        let published = Arc::new(Published::default());
        let connection = connection::writer(&file).map_err(opened)?;
        let (signal, checkpointer) =
            checkpoint::start(connection::checkpointer(&file).map_err(opened)?)?;
        let (read, mut threads) = readers::start(
            &file,
            &published,
            settings.readers,
            settings.queue,
            Duration::from_millis(settings.timeout_ms),
        )?;
        let (maker, making) = roster::start(&file, settings.roster_from)?;
        let (write, writer) = writer::start(
            connection,
            Arc::clone(&published),
            recent,
            maker.clone(),
            settings.queue,
            signal,
        )?;
        threads.extend([checkpointer, writer, making]);
        Ok(Self { write, read, threads, published, maker, folder })
    }

    /// Lets the threads finish what is queued, and waits for them.
    fn end(self) {
        let Self { write, read, threads, published, maker, folder } = self;
        maker.close();
        drop((write, read, published, maker));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        drop(folder);
    }
}

impl Drop for Embedded {
    /// Waits for the threads, so that the folder is free afterwards.
    fn drop(&mut self) {
        if let Some(lanes) = self.lanes.get_mut().take() {
            lanes.end();
        }
    }
}

impl Embedded {
    /// Opens the store in a data folder, which is made when it is missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has the folder, [`StoreError::Folder`] when it
    /// cannot be used, [`StoreError::Damaged`] or [`StoreError::TooNew`] when the database in it
    /// cannot be, which is then left as it is.
    pub async fn open(data_dir: &Path, settings: &StoreSettings) -> Result<Self, StoreError> {
        let wait = Duration::from_millis(settings.timeout_ms);
        let (data_dir, settings) = (data_dir.to_owned(), settings.clone());
        let recent = Arc::new(Recent::new(settings.recent_kib.saturating_mul(1_024)));
        let held = Arc::clone(&recent);
        let lanes = tokio::task::spawn_blocking(move || Lanes::open(&data_dir, &settings, held))
            .await
            .map_err(failed)??;
        Ok(Self { lanes: Mutex::new(Some(lanes)), recent, wait })
    }

    /// How SQLite goes about a query.
    ///
    /// # Errors
    /// Those of [`Store::find`].
    pub async fn explain(&self, query: Query) -> Result<Explained, StoreError> {
        self.read(move |connection, schema| {
            explain::explain(connection, schema.table(query.collection)?, &query)
        })
        .await
    }

    /// The unique value that a query asks for.
    fn name_in(&self, query: &Query) -> Option<Name> {
        let published = self.lanes.lock().as_ref().map(|lanes| Arc::clone(&lanes.published));
        Name::in_query(query, &published?.load())
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Schema) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.lanes.lock().as_ref().map(|lanes| lanes.read.clone());
        let queue = queue.ok_or_else(closed)?;
        lane::call(&queue, self.wait, lane::read_overdue, |ticket, reply| {
            readers::job(ticket, reply, read)
        })
        .await
    }

    async fn write<T: Send + 'static>(
        &self,
        wait: Duration,
        apart: Apart,
        work: impl FnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.lanes.lock().as_ref().map(|lanes| lanes.write.clone());
        let queue = queue.ok_or_else(closed)?;
        lane::call(&queue, wait, lane::write_overdue, |ticket, reply| {
            writer::job(ticket, reply, apart, work)
        })
        .await
    }
}

fn closed() -> StoreError {
    unavailable("the store is closed")
}

#[async_trait]
impl Store for Embedded {
    async fn prepare(&self, collections: &[Collection]) -> Result<(), StoreError> {
        let collections = collections.to_vec();
        self.write(UNBOUNDED, Apart::AfterSearch, move |session| session.prepare(&collections))
            .await
    }

    async fn get(
        &self,
        collection: &'static str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        // An answer that is there at once must not keep a task that asks on and on from giving way.
        consume_budget().await;
        let place = match self.recent.look(collection, id) {
            Look::Held(_) if self.lanes.lock().is_none() => return Err(closed()),
            Look::Held(text) => {
                return documents::parse(&text).map(Some).map_err(Fault::into_error);
            }
            Look::Missing(place) => place,
        };
        let (id, recent) = (id.to_owned(), Arc::clone(&self.recent));
        self.read(move |connection, schema| {
            let Some(text) = documents::get(connection, schema.table(collection)?, &id)? else {
                return Ok(None);
            };
            recent.keep(place, &text);
            documents::parse(&text).map(Some)
        })
        .await
    }

    async fn find(&self, query: Query) -> Result<Vec<Document>, StoreError> {
        let Some(name) = self.name_in(&query) else {
            let search = move |connection: &Connection, schema: &Schema| {
                documents::find(connection, schema.table(query.collection)?, &query)
            };
            return self.read(search).await;
        };
        consume_budget().await;
        let owner = match name.look(&self.recent) {
            Some((_, Look::Held(text))) => {
                let document = documents::parse(&text).map_err(Fault::into_error)?;
                if let Some(found) = name.settle(document, &query.filter) {
                    return Ok(found);
                }
                None
            }
            Some((id, Look::Missing(place))) => Some((id, place)),
            None => None,
        };
        let recent = Arc::clone(&self.recent);
        self.read(move |connection, schema| name.find(connection, schema, &query, owner, &recent))
            .await
    }

    async fn count(&self, collection: &'static str, filter: Filter) -> Result<u64, StoreError> {
        self.read(move |connection, schema| {
            documents::count(connection, schema.table(collection)?, &filter)
        })
        .await
    }

    async fn page(&self, query: Query) -> Result<(Vec<Document>, u64), StoreError> {
        self.read(move |connection, schema| {
            documents::page(connection, schema.table(query.collection)?, &query)
        })
        .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        write::check(&writes)?;
        let apart = commit_apart(&writes);
        self.write(self.wait, apart, move |session| session.commit(&writes)).await
    }

    async fn append(&self, room: RoomId, entries: Vec<LogEntry>) -> Result<Appended, StoreError> {
        let apart = append_apart(&entries);
        self.write(self.wait, apart, move |session| session.append(room, &entries)).await
    }

    async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |connection, _| entries::after(connection, room, after, limit)).await
    }

    async fn log_before(
        &self,
        room: RoomId,
        before: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |connection, _| entries::before(connection, room, before, limit)).await
    }

    async fn log_head(&self, room: RoomId) -> Result<Option<LogEntry>, StoreError> {
        self.read(move |connection, _| entries::head(connection, room)).await
    }

    async fn log_unread(
        &self,
        room: RoomId,
        after: Seq,
        reader: &str,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let reader = reader.to_owned();
        self.read(move |connection, _| entries::unread(connection, room, after, &reader, limit))
            .await
    }

    async fn message(&self, id: EntryId) -> Result<Option<Message>, StoreError> {
        self.read(move |connection, _| messages::by_id(connection, id)).await
    }

    async fn messages(&self, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        self.read(move |connection, _| messages::list(connection, &query)).await
    }

    async fn count_messages(&self, query: MessageQuery) -> Result<u64, StoreError> {
        self.read(move |connection, _| messages::count(connection, &query)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection, _| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await?;
        self.write(self.wait, Apart::Stepwise, |_| Ok(())).await
    }

    async fn close(&self) {
        let lanes = self.lanes.lock().take();
        if let Some(lanes) = lanes {
            // The threads end in any case; there is nobody to tell if waiting for them fails.
            let _ = tokio::task::spawn_blocking(move || lanes.end()).await;
        }
    }
}
