//! The backends under test, and what all cases are written with.

use ihs_config::{Secret, StoreSettings};
use ihs_store::{
    Collection, Document, Ids, ObjectIds, Query, Store, Write, Written, embedded::Embedded,
    mongo::Mongo,
};
use serde_json::Value;
use tempfile::TempDir;

/// The collection that most cases use.
pub(crate) const THINGS: &str = "things";

/// Names cases as tests of each backend, with the collection `things` prepared.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                let backend = $crate::backend::Backend::embedded().await;
                super::$name(backend.first()).await;
                backend.end().await;
            })*
        }

        mod mongo {
            $(#[tokio::test]
            async fn $name() {
                let backend = $crate::backend::Backend::mongo().await;
                super::$name(backend.first()).await;
                backend.end().await;
            })*
        }
    };
}

/// Names cases over two handles of one store as tests of each backend. The embedded store has
/// one handle only.
macro_rules! pair_cases {
    ($($name:ident),* $(,)?) => {
        mod embedded_pair {
            $(#[tokio::test]
            async fn $name() {
                let backend = $crate::backend::Backend::embedded().await;
                super::$name(backend.first(), backend.second()).await;
                backend.end().await;
            })*
        }

        mod mongo_pair {
            $(#[tokio::test]
            async fn $name() {
                let backend = $crate::backend::Backend::mongo().await;
                super::$name(backend.first(), backend.second()).await;
                backend.end().await;
            })*
        }
    };
}

/// A store of its own for one test, gone afterwards.
pub(crate) struct Backend {
    handles: Vec<Box<dyn Store>>,
    place: Place,
}

/// What is left to take away when the handles are closed.
enum Place {
    Folder(TempDir),
    Database(String),
}

impl Backend {
    /// An embedded store in a folder of its own.
    pub(crate) async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::open(folder.path(), &settings()).await.unwrap();
        Self::prepared(vec![Box::new(store)], Place::Folder(folder)).await
    }

    /// A database of its own in the MongoDB that runs for the tests, by two connections.
    pub(crate) async fn mongo() -> Self {
        let name = database_name();
        let settings = mongo_settings(&name);
        let first = Mongo::connect(&settings).await.unwrap();
        let second = Mongo::connect(&settings).await.unwrap();
        Self::prepared(vec![Box::new(first), Box::new(second)], Place::Database(name)).await
    }

    async fn prepared(handles: Vec<Box<dyn Store>>, place: Place) -> Self {
        for store in &handles {
            store.prepare(&[collection(THINGS)]).await.unwrap();
        }
        Self { handles, place }
    }

    /// The store.
    pub(crate) fn first(&self) -> &dyn Store {
        self.handles[0].as_ref()
    }

    /// Another connection to the same store, where there can be one.
    pub(crate) fn second(&self) -> &dyn Store {
        self.handles[self.handles.len() - 1].as_ref()
    }

    /// Takes everything away.
    pub(crate) async fn end(self) {
        for store in &self.handles {
            store.close().await;
        }
        match self.place {
            Place::Folder(folder) => folder.close().unwrap(),
            Place::Database(name) => drop_database(&name).await,
        }
    }
}

/// A database that no other test uses.
pub(crate) fn database_name() -> String {
    format!("ihs_test_{}", ObjectIds.record())
}

/// Takes a database away.
pub(crate) async fn drop_database(name: &str) {
    let client = mongodb::Client::with_uri_str(mongo_url()).await.unwrap();
    client.database(name).drop().await.unwrap();
    client.shutdown().await;
}

/// The address of the MongoDB that runs for the tests.
pub(crate) fn mongo_url() -> String {
    std::env::var("IHS_TEST_MONGODB").unwrap_or_else(|_| {
        panic!(
            "IHS_TEST_MONGODB is not set: run the tests by scripts/test, which starts a MongoDB \
             for them"
        )
    })
}

/// Settings for a database of the MongoDB that runs for the tests.
pub(crate) fn mongo_settings(database: &str) -> StoreSettings {
    StoreSettings { url: Secret::new(mongo_url()), database: database.to_owned(), ..settings() }
}

/// Settings for tests: a slow machine is no fault.
pub(crate) fn settings() -> StoreSettings {
    StoreSettings {
        url: Secret::new("embedded".to_owned()),
        timeout_ms: 60_000,
        ..StoreSettings::default()
    }
}

/// A collection without indexes or searched fields.
pub(crate) fn collection(name: &'static str) -> Collection {
    Collection { name, indexes: Vec::new(), searched: Vec::new() }
}

/// An object as a document.
pub(crate) fn document(value: Value) -> Document {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no document"),
    }
}

/// The insertion of an object.
pub(crate) fn insertion(collection: &'static str, value: Value) -> Write {
    Write::Insert { collection, document: document(value) }
}

/// Inserts an object.
pub(crate) async fn insert(store: &dyn Store, collection: &'static str, value: Value) {
    let written = store.commit(vec![insertion(collection, value)]).await;
    assert_eq!(written.unwrap(), [Written::Inserted]);
}

/// The ids of what a query finds.
pub(crate) async fn ids(store: &dyn Store, query: Query) -> Vec<String> {
    let found = store.find(query).await.unwrap();
    found.iter().map(|document| id(document).to_owned()).collect()
}

/// The id of a document.
pub(crate) fn id(document: &Document) -> &str {
    document["_id"].as_str().unwrap()
}
