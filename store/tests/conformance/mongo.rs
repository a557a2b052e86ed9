//! What only the store in MongoDB promises: bounded waits, and that it needs a server that can
//! do transactions.

use std::time::{Duration, Instant};

use ihs_config::{Secret, StoreSettings};
use ihs_store::{Store, StoreError, mongo::Mongo};
use tokio::net::TcpListener;

use crate::backend::{THINGS, collection, database_name, drop_database, mongo_settings, settings};

const WAIT: Duration = Duration::from_secs(1);

async fn refusal(url: &str) -> StoreError {
    let settings = StoreSettings {
        url: Secret::new(url.to_owned()),
        timeout_ms: u64::try_from(WAIT.as_millis()).unwrap(),
        ..settings()
    };
    let start = Instant::now();
    let outcome = Mongo::connect(&settings).await;
    assert!(start.elapsed() < WAIT * 4, "{:?}", start.elapsed());
    match outcome {
        Ok(_) => panic!("{url} was connected to"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = refusal(&format!("mongodb://{address}/")).await;
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unavailable_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let error = refusal(&format!("mongodb://{address}/")).await;
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_a_fault() {
    let error = refusal("mongodb://").await;
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let name = database_name();
    let store = Mongo::connect(&mongo_settings(&name)).await.unwrap();
    store.close().await;
    store.close().await;
    let refused = store.get(THINGS, "x").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.prepare(&[collection(THINGS)]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(store.ping().await.is_err());
    drop_database(&name).await;
}
