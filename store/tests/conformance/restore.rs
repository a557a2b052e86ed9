//! Restoring logs that were read of another store: nothing tells them from those that were written.

use ihs_store::{
    Body, LogEntry, Message, MessageQuery, RoomId, Seq, Stop, Store, StoreError, Write, Written,
    error::{LOG, LOG_KEY},
};
use serde_json::json;

use crate::{
    backend::{THINGS, insertion},
    logs::{entry, message, room},
};

cases! {
    a_restored_log_is_the_one_that_was_written,
    what_was_read_before_it_was_changed_is_restored_as_changed,
    keys_of_a_restored_log_are_known,
    a_restored_log_is_appended_to_as_any_other,
    what_does_not_go_on_where_the_log_ends_is_refused,
    documents_and_logs_are_restored_together_or_not_at_all,
    of_many_insertions_the_one_that_cannot_be_is_named,
}

fn edited(seq: u64, target: u64, text: &str) -> LogEntry {
    let body = Body::Edited { target: Seq::new(target), text: text.to_owned() };
    entry(seq, "ada", None, body)
}

fn deleted(seq: u64, target: u64) -> LogEntry {
    entry(seq, "ada", None, Body::Deleted { target: Seq::new(target) })
}

/// Messages that were edited, deleted, both and neither; and changes of what is no message.
fn eventful() -> Vec<LogEntry> {
    let members = Body::Members { added: vec!["bob".to_owned()], removed: Vec::new() };
    vec![
        entry(1, "ada", None, members),
        entry(2, "ada", Some("k"), Body::message("edited")),
        entry(3, "bob", Some("k"), Body::message("deleted")),
        message(4, "edited and deleted"),
        message(5, "as it was"),
        edited(6, 2, "once"),
        edited(7, 4, "once"),
        edited(8, 2, "twice"),
        deleted(9, 3),
        deleted(10, 4),
        edited(11, 1, "no message"),
        deleted(12, 99),
    ]
}

/// A log as another store has it, and its messages.
async fn written(store: &dyn Store) -> (Vec<LogEntry>, Vec<Message>) {
    let room = room();
    assert_eq!(store.append(room, eventful()).await.unwrap().stop, None);
    (log(store, room).await, messages(store, room).await)
}

async fn log(store: &dyn Store, room: RoomId) -> Vec<LogEntry> {
    store.log_after(room, Seq::ZERO, 1_000).await.unwrap()
}

async fn messages(store: &dyn Store, room: RoomId) -> Vec<Message> {
    store.messages(MessageQuery::new(vec![room], 1_000)).await.unwrap()
}

async fn restore(store: &dyn Store, room: RoomId, entries: &[LogEntry]) {
    let writes = vec![Write::Restore { room, entries: entries.to_vec() }];
    assert_eq!(store.commit(writes).await.unwrap(), [Written::Appended]);
}

async fn a_restored_log_is_the_one_that_was_written(store: &dyn Store) {
    let (entries, wanted) = written(store).await;
    for batch in [1, 5, 100] {
        let room = room();
        for batch in entries.chunks(batch) {
            restore(store, room, batch).await;
        }
        assert_eq!(log(store, room).await, entries);
        let there = wanted.iter().cloned().map(|message| Message { room, ..message });
        assert_eq!(messages(store, room).await, there.collect::<Vec<_>>(), "in steps of {batch}");
    }
}

async fn what_was_read_before_it_was_changed_is_restored_as_changed(store: &dyn Store) {
    let (entries, wanted) = written(store).await;
    let room = room();
    let early: Vec<LogEntry> = eventful()[..5].to_vec();
    restore(store, room, &early).await;
    restore(store, room, &entries[5..]).await;
    let texts = |messages: &[Message]| -> Vec<(String, bool, Seq)> {
        messages.iter().map(|one| (one.text.clone(), one.deleted, one.version)).collect()
    };
    assert_eq!(texts(&messages(store, room).await), texts(&wanted));
    assert_eq!(bodies(&log(store, room).await), bodies(&entries));
}

fn bodies(entries: &[LogEntry]) -> Vec<Body> {
    entries.iter().map(|entry| entry.body.clone()).collect()
}

async fn keys_of_a_restored_log_are_known(store: &dyn Store) {
    let (entries, _) = written(store).await;
    let room = room();
    restore(store, room, &entries).await;
    for (sender, seq) in [("ada", 2), ("bob", 3)] {
        let again = entry(13, sender, Some("k"), Body::message("again"));
        let stop = store.append(room, vec![again]).await.unwrap().stop;
        assert_eq!(stop, Some(Stop::KeyTaken(Box::new(entries[seq - 1].clone()))));
    }
    let twice = entry(13, "ada", Some("k"), Body::message("twice"));
    let refused = store.commit(vec![Write::Restore { room, entries: vec![twice] }]).await;
    match refused {
        Err(StoreError::Taken { write: 0, collection, index }) => {
            assert_eq!((&*collection, &*index), (LOG, LOG_KEY));
        }
        other => panic!("{other:?}"),
    }
}

async fn a_restored_log_is_appended_to_as_any_other(store: &dyn Store) {
    let (entries, _) = written(store).await;
    let room = room();
    restore(store, room, &entries).await;
    let stop = store.append(room, vec![edited(13, 4, "back")]).await.unwrap().stop;
    assert_eq!(stop, Some(Stop::TargetGone));
    let more = vec![message(13, "more"), edited(14, 5, "changed")];
    assert_eq!(store.append(room, more).await.unwrap().stop, None);
    let last = messages(store, room).await;
    let changed = last.iter().find(|message| message.seq == Seq::new(5)).unwrap();
    assert_eq!((&*changed.text, changed.version), ("changed", Seq::new(14)));
}

async fn what_does_not_go_on_where_the_log_ends_is_refused(store: &dyn Store) {
    let room = room();
    restore(store, room, &[message(1, "a"), message(2, "b")]).await;
    let others = [
        vec![message(2, "again")],
        vec![message(4, "a gap")],
        vec![message(3, "a"), message(5, "a gap within")],
    ];
    for entries in others {
        let refused = store.commit(vec![Write::Restore { room, entries }]).await;
        assert!(matches!(refused, Err(StoreError::SeqTaken)), "{refused:?}");
    }
    restore(store, room, &[]).await;
    assert_eq!(log(store, room).await.len(), 2);
}

async fn documents_and_logs_are_restored_together_or_not_at_all(store: &dyn Store) {
    let room = room();
    let batch = |id: &str| {
        let entries = vec![message(1, "a")];
        vec![insertion(THINGS, json!({ "_id": id })), Write::Restore { room, entries }]
    };
    store.commit(batch("a")).await.unwrap();
    let refused = store.commit(batch("b")).await;
    assert!(matches!(refused, Err(StoreError::SeqTaken)), "{refused:?}");
    assert_eq!(store.get(THINGS, "b").await.unwrap(), None);
}

async fn of_many_insertions_the_one_that_cannot_be_is_named(store: &dyn Store) {
    let insert = |id: &str| insertion(THINGS, json!({ "_id": id }));
    store.commit(vec![insert("c")]).await.unwrap();
    let refused = store.commit(vec![insert("a"), insert("b"), insert("c"), insert("d")]).await;
    match refused {
        Err(StoreError::Taken { write, collection, index }) => {
            assert_eq!((write, &*collection, &*index), (2, THINGS, "_id"));
        }
        other => panic!("{other:?}"),
    }
    for id in ["a", "b", "d"] {
        assert_eq!(store.get(THINGS, id).await.unwrap(), None);
    }
}
