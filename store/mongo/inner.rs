//! The connected database: what all calls share.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bson::{Document as BsonDocument, doc};
use ihs_config::StoreSettings;
use mongodb::{
    Client, Collection, Database,
    error::Error,
    options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern},
};
use parking_lot::RwLock;
use tokio::sync::Semaphore;

use super::{
    fault::{failed, read},
    turns::Turns,
};
use crate::error::StoreError;

/// The name of the log's collection: no declared collection has a dot in its name.
const LOG_COLLECTION: &str = "room.log";

/// Connections at most, when the address does not say (`maxPoolSize`). Half of them are for commits
/// of several writes and half for other calls; what is more waits in the node. So a transaction,
/// which holds documents that others wait for, is never behind hundreds of other calls.
const CONNECTIONS: u32 = 64;

/// The database, and what is declared of it.
#[derive(Debug)]
pub(super) struct Inner {
    /// The driver.
    pub(super) client: Client,
    /// The database.
    pub(super) database: Database,
    /// The logs of all rooms.
    pub(super) log: Collection<BsonDocument>,
    /// Longest wait for one call.
    pub(super) wait: Duration,
    /// Places of calls outside of transactions.
    pub(super) calls: Semaphore,
    /// Places of commits of several writes.
    pub(super) transactions: Semaphore,
    /// Whose turn it is among transactions that write the same.
    pub(super) turns: Turns,
    searched: RwLock<HashMap<&'static str, Arc<[&'static str]>>>,
}

impl Inner {
    /// Connects, and looks whether the server can do what the port promises.
    pub(super) async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let wait = Duration::from_millis(settings.timeout_ms);
        let mut options = options(settings, wait).await.map_err(read)?;
        let name = options.default_database.clone().unwrap_or_else(|| settings.database.clone());
        let connections = *options.max_pool_size.get_or_insert(CONNECTIONS);
        let places = usize::try_from(connections / 2).unwrap_or_default().max(1);
        let client = Client::with_options(options).map_err(read)?;
        let database = client.database(&name);
        let inner = Self {
            log: database.collection(LOG_COLLECTION),
            searched: RwLock::default(),
            calls: Semaphore::new(places),
            transactions: Semaphore::new(places),
            turns: Turns::default(),
            client,
            database,
            wait,
        };
        if let Err(error) = inner.check().await {
            inner.client.shutdown().await;
            return Err(error);
        }
        Ok(inner)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let hello = self.database.run_command(doc! {"hello": 1}).await.map_err(read)?;
        if hello.contains_key("setName")
            || hello.get_str("msg").is_ok_and(|word| word == "isdbgrid")
        {
            Ok(())
        } else {
            Err(failed("MongoDB is neither a replica set nor sharded: it has no transactions"))
        }
    }

    /// A declared collection.
    pub(super) fn collection(&self, name: &str) -> Collection<BsonDocument> {
        self.database.collection(name)
    }

    /// The searched fields of a prepared collection.
    pub(super) fn searched(&self, collection: &str) -> Result<Arc<[&'static str]>, StoreError> {
        let searched = self.searched.read();
        searched
            .get(collection)
            .cloned()
            .ok_or_else(|| failed(format!("the collection {collection} is not prepared")))
    }

    /// From now on these fields are searched.
    pub(super) fn set_searched(&self, collection: &'static str, fields: &[&'static str]) {
        self.searched.write().insert(collection, fields.into());
    }

    /// The name of the logs' collection.
    pub(super) fn log_name() -> &'static str {
        LOG_COLLECTION
    }
}

/// Whatever the address says: reads see what a majority has, and writes wait for it.
async fn options(settings: &StoreSettings, wait: Duration) -> Result<ClientOptions, Error> {
    let mut options = ClientOptions::parse(settings.url.expose()).await?;
    let mut durable = WriteConcern::majority();
    durable.journal = Some(true);
    durable.w_timeout = Some(wait);
    options.write_concern = Some(durable);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_writes = Some(true);
    options.retry_reads = Some(true);
    // A server that is not found must be reported before the call's own time is over.
    options.server_selection_timeout = Some(wait / 2);
    options.connect_timeout = Some(wait / 2);
    options.app_name = Some("ihs".to_owned());
    Ok(options)
}
