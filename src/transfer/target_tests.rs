use ihs_config::StoreSettings;
use ihs_store::{Body, EntryId, Seq, Timestamp, embedded::Embedded};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::transfer::line::Tally;

const COLLECTIONS: &[&str] = &["users", ROOMS];
const ROOM: RoomId = RoomId::from_bytes([7; 12]);

async fn store() -> (TempDir, Embedded) {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings { timeout_ms: 60_000, ..StoreSettings::default() };
    let store = Embedded::open(folder.path(), &settings).await.unwrap();
    let named = |name| Collection { name, indexes: Vec::new(), searched: Vec::new() };
    store.prepare(&[named("users"), named(ROOMS)]).await.unwrap();
    (folder, store)
}

fn document(id: &str, text: &str) -> Document {
    Document::from_iter([("_id".to_owned(), json!(id)), ("text".to_owned(), json!(text))])
}

fn entry(seq: u64, text: &str) -> LogEntry {
    LogEntry {
        seq: Seq::new(seq),
        id: EntryId::from_bytes([1; 12]),
        time: Timestamp::default(),
        sender: "ada".to_owned(),
        key: None,
        body: Body::message(text),
    }
}

/// Two users, a room and its log; and an entry of a room that is not there.
fn run(lines: u64, is_last: bool) -> Run {
    let insert = |collection: &str, id: &str| Item::Document {
        collection: collection.to_owned(),
        document: document(id, "x"),
    };
    let entry = |room, seq| Item::Entry { room, entry: entry(seq, "x") };
    let nowhere = RoomId::from_bytes([8; 12]);
    Run {
        items: vec![
            insert("users", "a"),
            insert("users", "b"),
            insert(ROOMS, &ROOM.to_string()),
            entry(ROOM, 1),
            entry(ROOM, 2),
            entry(nowhere, 1),
            entry(nowhere, 2),
        ],
        lines,
        bytes: 1,
        tally: Tally { documents: 3, entries: 4, sha256: String::new() },
        is_last,
    }
}

async fn commit(store: &Embedded, write: Write) {
    store.commit(vec![write]).await.unwrap();
}

#[tokio::test]
async fn what_is_there_just_so_is_passed_over() {
    let (_folder, store) = store().await;
    let mut target = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    commit(&store, Write::Insert { collection: "users", document: document("b", "x") }).await;
    commit(&store, Write::Restore { room: ROOM, entries: vec![entry(1, "x")] }).await;
    target.write(run(8, true)).await.unwrap();
    assert_eq!(store.count("users", Filter::everything()).await.unwrap(), 2);
    assert_eq!(store.log_after(ROOM, Seq::ZERO, 9).await.unwrap().len(), 2);
    assert!(refuse_half(&store).await.is_ok(), "nothing is under way");
}

#[tokio::test]
async fn what_is_there_otherwise_is_named() {
    let (_folder, store) = store().await;
    let mut target = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    commit(&store, Write::Insert { collection: "users", document: document("b", "y") }).await;
    let refused = target.write(run(8, true)).await.unwrap_err().to_string();
    assert!(refused.contains("another document in the place of b"), "{refused}");
    assert_eq!(store.get("users", "a").await.unwrap(), None, "all or nothing");
}

#[tokio::test]
async fn a_log_that_is_another_is_named() {
    let (_folder, store) = store().await;
    let mut target = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    commit(&store, Write::Restore { room: ROOM, entries: vec![entry(1, "y")] }).await;
    let refused = target.write(run(8, true)).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("room {ROOM} has another entry")), "{refused}");
}

#[tokio::test]
async fn what_nobody_can_read_is_left_out() {
    let (_folder, store) = store().await;
    let mut target = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    target.write(run(8, true)).await.unwrap();
    assert_eq!(store.log_head(RoomId::from_bytes([8; 12])).await.unwrap(), None);
    assert_eq!(store.log_head(ROOM).await.unwrap().map(|head| head.seq), Some(Seq::new(2)));
}

#[tokio::test]
async fn only_the_same_file_is_gone_on_with() {
    let (_folder, store) = store().await;
    let mut target = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    target.write(run(8, false)).await.unwrap();
    assert_eq!(Target::open(&store, COLLECTIONS, Some("1")).await.unwrap().lines(), 8);
    for other in [Some("2"), None] {
        assert!(Target::open(&store, COLLECTIONS, other).await.is_err());
    }
    assert!(refuse_half(&store).await.is_err());
}

#[tokio::test]
async fn two_imports_at_once_do_not_mix() {
    let (_folder, store) = store().await;
    let mut first = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    let mut second = Target::open(&store, COLLECTIONS, Some("1")).await.unwrap();
    first.write(run(8, false)).await.unwrap();
    second.write(run(8, false)).await.unwrap();
    assert_eq!(second.lines(), 8, "it is as far as the first");
    let empty = |lines| Run { items: Vec::new(), ..run(lines, false) };
    first.write(empty(9)).await.unwrap();
    first.write(empty(10)).await.unwrap();
    assert!(second.write(empty(9)).await.is_err(), "the first is ahead");
}
