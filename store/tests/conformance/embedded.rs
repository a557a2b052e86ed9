//! What only the store in the data folder promises: it keeps what it was given, and opens only
//! what is whole, its own and free.

use std::{fs, path::Path};

use ihs_store::{
    Body, Document, Filter, Index, Query, Seq, Sort, Stop, Store, StoreError, Write,
    embedded::Embedded,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    backend::{THINGS, collection, document, id, ids, insert, settings},
    logs::{entry, message, room},
};

async fn open(folder: &TempDir) -> Embedded {
    let store = Embedded::open(folder.path(), &settings()).await.unwrap();
    let mut things = collection(THINGS);
    things.indexes = vec![Index::items("l", "l")];
    things.searched = vec!["name"];
    store.prepare(&[things]).await.unwrap();
    store
}

async fn refusal(folder: &Path) -> StoreError {
    match Embedded::open(folder, &settings()).await {
        Ok(_) => panic!("{} was opened", folder.display()),
        Err(error) => error,
    }
}

/// A folder with a database that was closed.
async fn used_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    insert(&store, THINGS, json!({"_id": "1", "name": "Ada", "l": [1]})).await;
    store.close().await;
    folder
}

/// Writes a file as the database, and asserts that opening refuses it and changes nothing.
async fn assert_damaged(folder: &TempDir, content: &[u8]) {
    let file = folder.path().join("ihs.db");
    fs::write(&file, content).unwrap();
    let error = refusal(folder.path()).await;
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    assert!(fs::read(&file).unwrap() == content, "the file was changed");
}

#[tokio::test]
async fn what_was_stored_is_there_after_closing() {
    let folder = tempfile::tempdir().unwrap();
    let room = room();
    let store = open(&folder).await;
    insert(&store, THINGS, json!({"_id": "1", "name": "Ada"})).await;
    store.append(room, vec![message(1, "a")]).await.unwrap();
    store.close().await;
    let store = open(&folder).await;
    assert_eq!(store.log_head(room).await.unwrap().unwrap().seq, Seq::new(1));
    let ada = Filter::Contains("name", "ada".to_owned());
    assert_eq!(store.count(THINGS, ada).await.unwrap(), 1);
    store.close().await;
}

#[tokio::test]
async fn what_was_stored_is_there_after_an_end_without_closing() {
    let folder = tempfile::tempdir().unwrap();
    let room = room();
    for seq in 1..=3 {
        let store = open(&folder).await;
        store.append(room, vec![message(seq, "a")]).await.unwrap();
        drop(store);
    }
    let store = open(&folder).await;
    assert_eq!(store.log_head(room).await.unwrap().unwrap().seq, Seq::new(3));
}

#[tokio::test]
async fn what_was_stored_is_in_a_copy_of_the_files_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let room = room();
    let store = open(&folder).await;
    for seq in 1..=20 {
        store.append(room, vec![message(seq, "a")]).await.unwrap();
    }
    for file in ["ihs.db", "ihs.db-wal"] {
        fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let crashed = open(&copy).await;
    assert_eq!(crashed.log_head(room).await.unwrap().unwrap().seq, Seq::new(20));
}

#[tokio::test]
async fn closing_leaves_no_write_ahead_log_and_ends_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    insert(&store, THINGS, json!({"_id": "1"})).await;
    assert!(store.get(THINGS, "1").await.unwrap().is_some());
    store.close().await;
    store.close().await;
    let log = fs::metadata(folder.path().join("ihs.db-wal"));
    assert!(log.map_or(true, |metadata| metadata.len() == 0));
    let refused = store.get(THINGS, "1").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.commit(Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(store.ping().await.is_err());
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_free_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let error = refusal(folder.path()).await;
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&folder.path().display().to_string()));
    store.ping().await.unwrap();
    store.close().await;
    open(&folder).await.ping().await.unwrap();
}

#[tokio::test]
async fn garbage_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert_damaged(&folder, &b"this is no database, ".repeat(500)).await;
    assert_damaged(&folder, b"short").await;
    assert_damaged(&folder, &[b"SQLite format 3\0".as_slice(), &[0xff; 9_000]].concat()).await;
}

#[tokio::test]
async fn a_truncated_database_is_refused_and_left_alone() {
    let folder = used_folder().await;
    let whole = fs::read(folder.path().join("ihs.db")).unwrap();
    for length in [50, 4_096, whole.len() / 2, whole.len() - 1] {
        assert_damaged(&folder, &whole[..length]).await;
    }
    fs::write(folder.path().join("ihs.db"), &whole).unwrap();
    open(&folder).await.ping().await.unwrap();
}

#[tokio::test]
async fn a_database_with_a_hole_is_refused_and_left_alone() {
    let folder = used_folder().await;
    let mut content = fs::read(folder.path().join("ihs.db")).unwrap();
    let page = content.len() / 4_096 / 2 * 4_096;
    content[page..page + 4_096].fill(0xa5);
    assert_damaged(&folder, &content).await;
}

#[tokio::test]
async fn a_database_of_another_application_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(folder.path().join("ihs.db")).unwrap();
    other.execute_batch("CREATE TABLE cats (name)").unwrap();
    drop(other);
    let error = refusal(folder.path()).await;
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let folder = used_folder().await;
    let file = folder.path().join("ihs.db");
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    let before = fs::read(&file).unwrap();
    let error = refusal(folder.path()).await;
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error:?}");
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    // Even root can make no file in /proc.
    for path in [file.as_path(), &file.join("below"), Path::new("/proc/self")] {
        let error = refusal(path).await;
        assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_missing_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    let store = Embedded::open(&below, &settings()).await.unwrap();
    store.ping().await.unwrap();
    assert!(below.join("ihs.db").exists());
}

#[tokio::test]
async fn searches_that_many_texts_answer_are_right_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let person = |number: usize| {
        let name = format!("{} {number}", ["Mohammad", "Ada"][number % 2]);
        json!({"_id": format!("{number:05}"), "name": name, "n": number % 7})
    };
    let people: Vec<_> = (0..5_000).map(person).map(document).collect();
    let insertion =
        |person: &Document| Write::Insert { collection: THINGS, document: person.clone() };
    store.commit(people.iter().map(insertion).collect()).await.unwrap();
    let contains = |needle: &str| Filter::Contains("name", needle.to_owned());
    let long = format!("mohammad 12{}", "x".repeat(40));
    for filter in [
        contains("mohammad"),
        contains("MOHAMMAD 12"),
        contains("da"),
        contains(&long),
        contains("mohammad").and(contains("ada")),
        contains("mohammad").and(contains("99")),
        contains("mohammad").and(Filter::eq("n", 3)),
        contains("ada").and(Filter::eq("n", 3)).and(contains("42")),
        Filter::Any(vec![contains("mohammad"), contains("ada")]),
        Filter::Any(vec![contains("mohammad"), Filter::eq("n", 3)]),
    ] {
        let matching = people.iter().filter(|person| filter.matches(person));
        let mut wanted: Vec<&str> = matching.map(id).collect();
        wanted.reverse();
        let count = store.count(THINGS, filter.clone()).await.unwrap();
        assert_eq!(count, wanted.len() as u64, "{filter:?}");
        let mut query = Query::new(THINGS, filter, 25).sorted(vec![Sort::descending("_id")]);
        query.skip = 3;
        let found = ids(&store, query.clone()).await;
        assert_eq!(found, wanted[wanted.len().min(3)..wanted.len().min(28)], "{query:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn keys_are_known_however_old_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (room, other) = (room(), room());
    let keyed = |seq: u64, key: u64| {
        let key = key.to_string();
        entry(seq, "ada", Some(&key), Body::message("x"))
    };
    let batch = |from: u64| (from..from + 100).map(|seq| keyed(seq, seq)).collect();
    let mut store = open(&folder).await;
    for from in [1, 101, 201, 301, 401, 501] {
        store.append(room, batch(from)).await.unwrap();
        let undone = Write::Append { room, entries: batch(from + 100) };
        let unmatched = Write::Delete { collection: THINGS, filter: Filter::id("nobody") };
        assert!(store.commit(vec![undone, unmatched]).await.is_err());
        if from == 301 {
            store.close().await;
            store = open(&folder).await;
        }
    }
    for key in [1, 2, 255, 256, 257, 400, 512, 513, 599, 600] {
        let again = store.append(room, vec![keyed(601, key)]).await.unwrap();
        let Some(Stop::KeyTaken(first)) = again.stop else { panic!("{key}: {again:?}") };
        assert_eq!(first.seq, Seq::new(key));
    }
    let elsewhere = store.append(other, vec![keyed(1, 1)]).await.unwrap();
    assert_eq!(elsewhere.stop, None);
    let bob = entry(601, "bob", Some("1"), Body::message("x"));
    let appended = store.append(room, vec![bob, keyed(602, 602)]).await.unwrap();
    assert_eq!(appended.stop, None);
}

#[tokio::test]
async fn a_database_of_format_1_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (room, said) = (room(), message(1, "a"));
    let store = open(&folder).await;
    store.append(room, vec![said.clone()]).await.unwrap();
    store.close().await;
    let older = rusqlite::Connection::open(folder.path().join("ihs.db")).unwrap();
    older
        .execute_batch(
            "DROP INDEX log_id; DROP INDEX log_other; PRAGMA user_version = 1;
             ALTER TABLE log DROP COLUMN amended; ALTER TABLE log DROP COLUMN updated;",
        )
        .unwrap();
    drop(older);
    let store = open(&folder).await;
    let edit = Body::Edited { target: Seq::new(1), text: "b".to_owned() };
    store.append(room, vec![entry(2, "ada", None, edit)]).await.unwrap();
    let found = store.message(said.id).await.unwrap().unwrap();
    assert_eq!((found.text.as_str(), found.version), ("b", Seq::new(2)));
}

#[tokio::test]
async fn texts_that_were_folded_otherwise_are_folded_anew() {
    let folder = used_folder().await;
    let older = |version: &str| {
        let older = rusqlite::Connection::open(folder.path().join("ihs.db")).unwrap();
        let texts = "UPDATE s_things SET f_name = 'folded otherwise'";
        older.execute_batch(&format!("{texts}; {version}")).unwrap();
    };
    let found = async || {
        let store = open(&folder).await;
        let count = store.count(THINGS, Filter::Contains("name", "ada".to_owned())).await.unwrap();
        store.close().await;
        count
    };
    older("");
    assert_eq!(found().await, 0, "texts of this version are left as they are");
    older("UPDATE search_folding SET version = version - 1");
    assert_eq!(found().await, 1);
    older("DELETE FROM search_folding");
    assert_eq!(found().await, 1);
}
