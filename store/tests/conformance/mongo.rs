//! What only the store in MongoDB promises: bounded waits, and that it needs a server that can
//! do transactions.

use std::time::{Duration, Instant};

use ihs_config::{Secret, StoreSettings};
use ihs_store::{Filter, Store, StoreError, mongo::Mongo};
use mongodb::bson::{Document, doc};
use serde_json::json;
use tokio::net::TcpListener;

use crate::backend::{
    THINGS, collection, database_name, drop_database, insert, mongo_settings, mongo_url, settings,
};

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

/// As a version with another folding has left it: its own texts, and an index of its name.
async fn fold_otherwise(database: &str) {
    let client = mongodb::Client::with_uri_str(mongo_url()).await.unwrap();
    let things = client.database(database).collection::<Document>(THINGS);
    let names = things.list_index_names().await.unwrap();
    let search = names.iter().find(|name| name.starts_with("search ")).unwrap();
    things.drop_index(search).await.unwrap();
    let index = doc! {"name": "search 0 name", "key": {"_search.grams.name": 1}};
    let command = doc! {"createIndexes": THINGS, "indexes": [index]};
    client.database(database).run_command(command).await.unwrap();
    let other = doc! {"_search.folded.name": "otherwise", "_search.grams.name": ["oth"]};
    things.update_many(doc! {}, doc! {"$set": other}).await.unwrap();
    client.shutdown().await;
}

#[tokio::test]
async fn texts_that_were_folded_otherwise_are_folded_anew() {
    let name = database_name();
    let store = Mongo::connect(&mongo_settings(&name)).await.unwrap();
    let mut things = collection(THINGS);
    things.searched = vec!["name"];
    store.prepare(std::slice::from_ref(&things)).await.unwrap();
    insert(&store, THINGS, json!({"_id": "1", "name": "Ada"})).await;
    let ada = Filter::Contains("name", "ada".to_owned());
    fold_otherwise(&name).await;
    assert_eq!(store.count(THINGS, ada.clone()).await.unwrap(), 0);
    store.prepare(&[things]).await.unwrap();
    assert_eq!(store.count(THINGS, ada).await.unwrap(), 1);
    store.close().await;
    drop_database(&name).await;
}

/// How the server goes about a filter: the stages of its plan, the last one first.
async fn plan(database: &mongodb::Database, filter: Document) -> Vec<String> {
    let command = doc! {"explain": {"find": THINGS, "filter": filter}, "verbosity": "queryPlanner"};
    let said = database.run_command(command).await.unwrap();
    let mut stage = said.get_document("queryPlanner").unwrap().get_document("winningPlan").ok();
    let mut stages = Vec::new();
    while let Some(this) = stage {
        let index = this.get_str("indexName").map(|name| format!(" {name}")).unwrap_or_default();
        stages.push(format!("{}{index}", this.get_str("stage").unwrap_or_default()));
        stage = this.get_document("inputStage").ok();
    }
    stages
}

#[tokio::test]
async fn a_search_asks_the_index_of_trigrams_and_scans_nothing() {
    let name = database_name();
    let store = Mongo::connect(&mongo_settings(&name)).await.unwrap();
    let mut things = collection(THINGS);
    things.searched = vec!["name"];
    store.prepare(&[things]).await.unwrap();
    for number in 0..50 {
        let id = number.to_string();
        insert(&store, THINGS, json!({"_id": id, "name": format!("Ada {number}")})).await;
    }
    let client = mongodb::Client::with_uri_str(mongo_url()).await.unwrap();
    let searched = doc! {"_search.grams.name": {"$eq": "ada"}};
    let stages = plan(&client.database(&name), searched).await;
    let [fetch, index] = &stages[..] else { panic!("{stages:?}") };
    assert_eq!(fetch, "FETCH");
    assert!(index.starts_with("IXSCAN search "), "{index}");
    client.shutdown().await;
    store.close().await;
    drop_database(&name).await;
}
