//! The store that `IHS_TEST_STORE` names: `embedded` (the default), or `mongodb`. A real MongoDB is
//! shared, at the address in `IHS_TEST_MONGODB`; of its stand-in each test has one of its own, since
//! a transaction that a killed node leaves behind can hold up everybody else there.

use std::thread;

use super::store::{Store, is_mongod};

/// The store of one test.
pub(crate) enum Database {
    /// In the data folder.
    Embedded,
    /// A server of its own.
    Own(Box<Store>),
    /// A database of its own, dropped afterwards.
    Shared { address: String, name: String },
}

impl Database {
    /// A new, empty one.
    pub(crate) fn new() -> Self {
        match std::env::var("IHS_TEST_STORE").as_deref() {
            Ok("mongodb") => Self::mongo(),
            Ok("embedded") | Err(_) => Self::Embedded,
            Ok(other) => panic!("IHS_TEST_STORE must be embedded or mongodb, is {other}"),
        }
    }

    /// A new, empty one on MongoDB, whatever `IHS_TEST_STORE` names.
    pub(crate) fn mongo() -> Self {
        if !is_mongod() {
            return Self::Own(Box::new(Store::start()));
        }
        Self::Shared {
            address: std::env::var("IHS_TEST_MONGODB").expect("IHS_TEST_MONGODB names a server"),
            name: format!("ihs_test_{:016x}", rand::random::<u64>()),
        }
    }

    /// What tells the binary to use it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        match self {
            Self::Embedded => Vec::new(),
            // Amid other tests the stand-in takes seconds for what a server does in milliseconds.
            Self::Own(store) => vec![
                ("IHS_STORE".to_owned(), format!("mongodb://{}/", store.place())),
                ("IHS_STORE__TIMEOUT_MS".to_owned(), "30000".to_owned()),
            ],
            Self::Shared { address, name } => vec![
                ("IHS_STORE".to_owned(), address.clone()),
                ("IHS_STORE__DATABASE".to_owned(), name.clone()),
            ],
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Shared { address, name } = self else {
            return;
        };
        let (address, name) = (address.clone(), name.clone());
        // A test's own runtime cannot wait while it is inside of it.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let client = mongodb::Client::with_uri_str(address).await.unwrap();
                client.database(&name).drop().await.unwrap();
                client.shutdown().await;
            });
        });
        if dropped.join().is_err() {
            eprintln!("a test database could not be dropped");
        }
    }
}
