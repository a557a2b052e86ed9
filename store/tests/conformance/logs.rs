//! Room logs: one order without gaps, keys, edits and deletions.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use ihs_store::{
    Appended, Body, EntryId, Ids, LogEntry, ObjectIds, RoomId, Seq, Stop, Store, StoreError,
    Timestamp, Write, Written,
    error::{LOG, LOG_KEY},
};

cases! {
    an_empty_log_has_nothing,
    entries_come_back_as_they_were,
    a_taken_seq_stops_the_append,
    a_gap_is_refused,
    a_taken_key_stops_the_append_and_shows_the_first_entry,
    keys_are_free_for_other_senders_and_rooms,
    a_batch_may_repeat_a_key_within_itself,
    an_append_in_a_commit_is_all_or_nothing,
    an_edit_replaces_the_text_of_its_target,
    a_deletion_empties_the_text_and_its_edits,
    what_is_deleted_is_not_changed_again,
    a_change_that_is_there_already_finds_its_seq_taken,
    targets_that_are_no_messages_are_left_alone,
    edits_in_one_batch_see_each_other,
    pages_after_and_before_have_the_right_ends,
    unread_counts_messages_of_others,
    rooms_do_not_see_each_other,
}

pair_cases! {
    many_writers_leave_no_gap_and_no_double,
    writers_with_edits_leave_no_gap_and_no_double,
    one_key_is_stored_once,
}

pub(crate) fn room() -> RoomId {
    RoomId::from_bytes(ObjectIds.next())
}

pub(crate) fn entry(seq: u64, sender: &str, key: Option<&str>, body: Body) -> LogEntry {
    LogEntry {
        seq: Seq::new(seq),
        id: EntryId::from_bytes(ObjectIds.next()),
        time: Timestamp::from_millis(1_800_000_000_000 + i64::try_from(seq).unwrap()),
        sender: sender.to_owned(),
        key: key.map(str::to_owned),
        body,
    }
}

pub(crate) fn message(seq: u64, text: &str) -> LogEntry {
    entry(seq, "ada", None, Body::message(text))
}

fn edited(seq: u64, target: u64, text: &str) -> LogEntry {
    let body = Body::Edited { target: Seq::new(target), text: text.to_owned() };
    entry(seq, "ada", None, body)
}

fn deleted(seq: u64, target: u64) -> LogEntry {
    let body = Body::Deleted { target: Seq::new(target) };
    entry(seq, "ada", None, body)
}

async fn append(store: &dyn Store, room: RoomId, entries: Vec<LogEntry>) {
    let stored = entries.len();
    let appended = store.append(room, entries).await.unwrap();
    assert_eq!(appended, Appended { stored, stop: None });
}

async fn all(store: &dyn Store, room: RoomId) -> Vec<LogEntry> {
    store.log_after(room, Seq::ZERO, 100_000).await.unwrap()
}

fn texts(entries: &[LogEntry]) -> Vec<&str> {
    entries.iter().map(text).collect()
}

fn text(entry: &LogEntry) -> &str {
    match &entry.body {
        Body::Message { text, .. } | Body::Edited { text, .. } => text,
        Body::Deleted { .. } | Body::Members { .. } => "-",
    }
}

fn flags(entry: &LogEntry) -> (bool, bool) {
    match entry.body {
        Body::Message { edited, deleted, .. } => (edited, deleted),
        _ => panic!("{entry:?} is no message"),
    }
}

async fn an_empty_log_has_nothing(store: &dyn Store) {
    let room = room();
    assert_eq!(store.log_head(room).await.unwrap(), None);
    assert_eq!(all(store, room).await, []);
    assert_eq!(store.log_before(room, Seq::new(9), 5).await.unwrap(), []);
    assert_eq!(store.log_unread(room, Seq::ZERO, "ada", 5).await.unwrap(), 0);
    append(store, room, Vec::new()).await;
    assert_eq!(store.log_head(room).await.unwrap(), None);
}

async fn entries_come_back_as_they_were(store: &dyn Store) {
    let room = room();
    let members = Body::Members {
        added: vec!["ada".to_owned(), "bob".to_owned()],
        removed: vec!["نام\"'".to_owned()],
    };
    let entries = vec![
        entry(1, "ada", None, members),
        entry(2, "نام", Some("k'\"{}"), Body::message("😀\n\u{1}")),
        edited(3, 7, "no such target"),
        deleted(4, 8),
    ];
    append(store, room, entries.clone()).await;
    assert_eq!(all(store, room).await, entries);
    assert_eq!(store.log_head(room).await.unwrap().as_ref(), entries.last());
    let again = entry(5, "نام", Some("k'\"{}"), Body::message("again"));
    let stop = store.append(room, vec![again]).await.unwrap().stop;
    assert_eq!(stop, Some(Stop::KeyTaken(Box::new(entries[1].clone()))));
}

async fn a_taken_seq_stops_the_append(store: &dyn Store) {
    let room = room();
    append(store, room, vec![message(1, "a"), message(2, "b")]).await;
    let appended = store.append(room, vec![message(2, "c"), message(3, "d")]).await;
    let stop = Some(Stop::SeqTaken);
    assert_eq!(appended.unwrap(), Appended { stored: 0, stop });
    assert_eq!(texts(&all(store, room).await), ["a", "b"]);
}

async fn a_gap_is_refused(store: &dyn Store) {
    let room = room();
    let gap = |stored| Appended { stored, stop: Some(Stop::SeqTaken) };
    assert_eq!(store.append(room, vec![message(2, "b")]).await.unwrap(), gap(0));
    assert_eq!(store.append(room, vec![message(0, "z")]).await.unwrap(), gap(0));
    let holed = vec![message(1, "a"), message(3, "c")];
    assert_eq!(store.append(room, holed).await.unwrap(), gap(1));
    assert_eq!(store.append(room, vec![message(3, "c")]).await.unwrap(), gap(0));
    let doubled = vec![message(2, "b"), message(2, "b")];
    assert_eq!(store.append(room, doubled).await.unwrap(), gap(1));
    assert_eq!(texts(&all(store, room).await), ["a", "b"]);
}

async fn a_taken_key_stops_the_append_and_shows_the_first_entry(store: &dyn Store) {
    let room = room();
    let first = entry(1, "ada", Some("k"), Body::message("a"));
    append(store, room, vec![first.clone()]).await;
    let again =
        vec![message(2, "b"), entry(3, "ada", Some("k"), Body::message("c")), message(4, "d")];
    let appended = store.append(room, again).await.unwrap();
    let stop = Some(Stop::KeyTaken(Box::new(first)));
    assert_eq!(appended, Appended { stored: 1, stop });
    assert_eq!(texts(&all(store, room).await), ["a", "b"]);
}

async fn keys_are_free_for_other_senders_and_rooms(store: &dyn Store) {
    let (here, there) = (room(), room());
    let keyed = |seq, sender| entry(seq, sender, Some("k"), Body::message("x"));
    append(store, here, vec![keyed(1, "ada"), keyed(2, "bob")]).await;
    append(store, there, vec![keyed(1, "ada")]).await;
    append(store, here, vec![message(3, "no key"), message(4, "nor here")]).await;
}

async fn a_batch_may_repeat_a_key_within_itself(store: &dyn Store) {
    let room = room();
    let first = entry(1, "ada", Some("k"), Body::message("a"));
    let again = entry(2, "ada", Some("k"), Body::message("a"));
    let appended = store.append(room, vec![first.clone(), again]).await.unwrap();
    let stop = Some(Stop::KeyTaken(Box::new(first)));
    assert_eq!(appended, Appended { stored: 1, stop });
}

async fn an_append_in_a_commit_is_all_or_nothing(store: &dyn Store) {
    let room = room();
    let write = |entries| Write::Append { room, entries };
    let done = store
        .commit(vec![
            write(vec![entry(1, "ada", Some("k"), Body::message("a"))]),
            write(vec![message(2, "b")]),
        ])
        .await;
    assert_eq!(done.unwrap(), [Written::Appended, Written::Appended]);
    let taken = store.commit(vec![write(vec![message(2, "c")])]).await;
    assert!(matches!(taken, Err(StoreError::SeqTaken)), "{taken:?}");
    let gap = store.commit(vec![write(vec![message(3, "c"), message(5, "d")])]).await;
    assert!(matches!(gap, Err(StoreError::SeqTaken)), "{gap:?}");
    let twice = entry(4, "ada", Some("k"), Body::message("d"));
    let key = store.commit(vec![write(vec![message(3, "c")]), write(vec![twice])]).await;
    match key {
        Err(StoreError::Taken { write, collection, index }) => {
            assert_eq!((write, &*collection, &*index), (1, LOG, LOG_KEY));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(texts(&all(store, room).await), ["a", "b"]);
}

async fn an_edit_replaces_the_text_of_its_target(store: &dyn Store) {
    let room = room();
    append(store, room, vec![message(1, "a"), message(2, "b")]).await;
    append(store, room, vec![edited(3, 1, "c"), edited(4, 1, "d")]).await;
    let log = all(store, room).await;
    assert_eq!(texts(&log), ["d", "b", "c", "d"]);
    assert_eq!((flags(&log[0]), flags(&log[1])), ((true, false), (false, false)));
}

async fn a_deletion_empties_the_text_and_its_edits(store: &dyn Store) {
    let room = room();
    append(store, room, vec![message(1, "a"), message(2, "b")]).await;
    append(store, room, vec![edited(3, 1, "c"), edited(4, 2, "d"), deleted(5, 1)]).await;
    let log = all(store, room).await;
    assert_eq!(texts(&log), ["", "d", "", "d", "-"]);
    assert!(flags(&log[0]).1);
    assert_eq!(flags(&log[1]), (true, false));
}

async fn what_is_deleted_is_not_changed_again(store: &dyn Store) {
    let room = room();
    append(store, room, vec![message(1, "a"), deleted(2, 1)]).await;
    for change in [edited(3, 1, "back"), deleted(3, 1)] {
        let late = vec![change, message(4, "b")];
        let appended = store.append(room, late.clone()).await.unwrap();
        assert_eq!(appended, Appended { stored: 0, stop: Some(Stop::TargetGone) });
        let commit = store.commit(vec![Write::Append { room, entries: late }]).await;
        assert!(matches!(commit, Err(StoreError::TargetGone)), "{commit:?}");
    }
    let log = all(store, room).await;
    assert_eq!(texts(&log), ["", "-"]);
    assert_eq!(flags(&log[0]), (false, true));
}

/// An append of unknown outcome is tried again: who deleted the message must not be told that it is
/// gone.
async fn a_change_that_is_there_already_finds_its_seq_taken(store: &dyn Store) {
    let room = room();
    let (edit, deletion) = (edited(2, 1, "b"), deleted(3, 1));
    append(store, room, vec![message(1, "a"), edit.clone(), deletion.clone()]).await;
    for again in
        [vec![edit, deletion.clone()], vec![deletion.clone()], vec![deletion, message(4, "c")]]
    {
        let appended = store.append(room, again.clone()).await.unwrap();
        assert_eq!(appended, Appended { stored: 0, stop: Some(Stop::SeqTaken) }, "{again:?}");
        let commit = store.commit(vec![Write::Append { room, entries: again }]).await;
        assert!(matches!(commit, Err(StoreError::SeqTaken)), "{commit:?}");
    }
    assert_eq!(all(store, room).await.len(), 3);
}

async fn targets_that_are_no_messages_are_left_alone(store: &dyn Store) {
    let (room, other) = (room(), room());
    append(store, other, vec![message(1, "elsewhere"), message(2, "here not")]).await;
    append(store, room, vec![message(1, "a"), edited(2, 1, "b")]).await;
    append(store, room, vec![edited(3, 2, "x"), deleted(4, 2), deleted(5, 99)]).await;
    assert_eq!(texts(&all(store, room).await), ["b", "b", "x", "-", "-"]);
    assert_eq!(texts(&all(store, other).await), ["elsewhere", "here not"]);
}

async fn edits_in_one_batch_see_each_other(store: &dyn Store) {
    let room = room();
    let batch = vec![message(1, "a"), edited(2, 1, "b"), deleted(3, 1), edited(4, 1, "c")];
    let appended = store.append(room, batch).await.unwrap();
    assert_eq!(appended, Appended { stored: 3, stop: Some(Stop::TargetGone) });
    let log = all(store, room).await;
    assert_eq!(texts(&log), ["", "", "-"]);
    assert_eq!(flags(&log[0]), (true, true));
}

async fn pages_after_and_before_have_the_right_ends(store: &dyn Store) {
    let room = room();
    let mut entries: Vec<LogEntry> = (1..=6).map(|seq| message(seq, &seq.to_string())).collect();
    entries.push(edited(7, 2, "2"));
    entries.push(deleted(8, 4));
    append(store, room, entries).await;
    let after = |seq, limit| store.log_after(room, Seq::new(seq), limit);
    let before = |seq, limit| store.log_before(room, Seq::new(seq), limit);
    let seqs = |entries: Vec<LogEntry>| -> Vec<u64> {
        entries.iter().map(|entry| entry.seq.get()).collect()
    };
    assert_eq!(seqs(after(0, 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(seqs(after(6, 9).await.unwrap()), [7, 8]);
    assert_eq!(seqs(after(8, 9).await.unwrap()), [0; 0]);
    assert_eq!(seqs(after(0, 0).await.unwrap()), [0; 0]);
    assert_eq!(seqs(before(9, 3).await.unwrap()), [4, 5, 6]);
    assert_eq!(seqs(before(4, 9).await.unwrap()), [1, 2, 3]);
    assert_eq!(seqs(before(1, 9).await.unwrap()), [0; 0]);
    assert_eq!(seqs(after(u64::MAX, 9).await.unwrap()), [0; 0]);
    assert_eq!(seqs(before(u64::MAX, 1).await.unwrap()), [6]);
}

async fn unread_counts_messages_of_others(store: &dyn Store) {
    let room = room();
    let by = |seq, sender| entry(seq, sender, None, Body::message("x"));
    let members = Body::Members { added: vec!["ada".to_owned()], removed: Vec::new() };
    append(
        store,
        room,
        vec![
            by(1, "bob"),
            by(2, "ada"),
            by(3, "bob"),
            entry(4, "bob", None, members),
            by(5, "cid"),
            deleted(6, 3),
            edited(7, 1, "y"),
        ],
    )
    .await;
    let unread = |after, reader, limit| store.log_unread(room, Seq::new(after), reader, limit);
    assert_eq!(unread(0, "ada", 100).await.unwrap(), 2);
    assert_eq!(unread(0, "bob", 100).await.unwrap(), 2);
    assert_eq!(unread(1, "ada", 100).await.unwrap(), 1);
    assert_eq!(unread(0, "nobody", 2).await.unwrap(), 2);
    assert_eq!(unread(0, "nobody", 0).await.unwrap(), 0);
    assert_eq!(unread(7, "nobody", 9).await.unwrap(), 0);
}

async fn rooms_do_not_see_each_other(store: &dyn Store) {
    let (here, there) = (room(), room());
    append(store, here, vec![message(1, "here")]).await;
    append(store, there, vec![message(1, "there"), message(2, "too")]).await;
    assert_eq!(texts(&all(store, here).await), ["here"]);
    assert_eq!(texts(&all(store, there).await), ["there", "too"]);
}

/// Appends as a room does: after a lost race it reads the new tail and renumbers.
async fn write_until_stored(store: &dyn Store, room: RoomId, bodies: Vec<Body>) {
    let mut left = bodies;
    while !left.is_empty() {
        let head = store.log_head(room).await.unwrap();
        let next = head.map_or(1, |head| head.seq.next().get());
        let entries =
            (next..).zip(&left).map(|(seq, body)| entry(seq, "ada", None, body.clone())).collect();
        let appended = store.append(room, entries).await.unwrap();
        left.drain(..appended.stored);
    }
}

fn assert_one_to(log: &[LogEntry], count: usize) {
    let seqs: Vec<u64> = log.iter().map(|entry| entry.seq.get()).collect();
    let wanted: Vec<u64> = (1..=count as u64).collect();
    assert_eq!(seqs, wanted);
}

async fn many_writers_leave_no_gap_and_no_double(first: &dyn Store, second: &dyn Store) {
    let room = room();
    let writers = (0..8).map(|writer| {
        let store = if writer % 2 == 0 { first } else { second };
        let text = move |number| Body::message(format!("{writer}.{number}"));
        write_until_stored(store, room, (0..6).map(text).collect())
    });
    join_all(writers).await;
    let log = all(second, room).await;
    assert_one_to(&log, 48);
    let said: BTreeSet<&str> = texts(&log).into_iter().collect();
    assert_eq!(said.len(), 48);
}

async fn writers_with_edits_leave_no_gap_and_no_double(first: &dyn Store, second: &dyn Store) {
    let room = room();
    append(first, room, vec![message(1, "0")]).await;
    let edit = |text: String| Body::Edited { target: Seq::new(1), text };
    let writers = (0..6).map(|writer| {
        let store = if writer % 2 == 0 { first } else { second };
        let bodies = if writer < 3 {
            vec![Body::message("m"), edit(format!("e{writer}"))]
        } else {
            vec![Body::message("m"), Body::message("m")]
        };
        write_until_stored(store, room, bodies)
    });
    join_all(writers).await;
    let log = all(first, room).await;
    assert_one_to(&log, 13);
    let last_edit = log.iter().rfind(|entry| matches!(entry.body, Body::Edited { .. }));
    assert_eq!(text(&log[0]), text(last_edit.unwrap()));
}

async fn one_key_is_stored_once(first: &dyn Store, second: &dyn Store) {
    let room = room();
    let send = async |store: &dyn Store| loop {
        let head = store.log_head(room).await.unwrap();
        let next = head.map_or(1, |head| head.seq.next().get());
        let mine = entry(next, "ada", Some("k"), Body::message("once"));
        let appended = store.append(room, vec![mine.clone()]).await.unwrap();
        match appended.stop {
            None => break mine,
            Some(Stop::KeyTaken(first)) => break *first,
            Some(Stop::SeqTaken) => {}
            Some(Stop::TargetGone) => panic!("nothing was deleted"),
        }
    };
    let told = join_all([first, second, first, second, first, second].map(send)).await;
    let log = all(first, room).await;
    assert_eq!(log.len(), 1);
    assert!(told.iter().all(|entry| *entry == log[0]), "{told:?}");
}
