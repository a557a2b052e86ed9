//! Messages out of the logs of many rooms: one order, whoever's, at any depth.

use ihs_store::{
    Appended, Body, By, Direction, EntryId, Ids, LogEntry, Message, MessageQuery, ObjectIds, Place,
    RoomId, Seq, Stop, Store, Timestamp,
};

use crate::logs::room;

cases! {
    a_message_is_found_by_its_id,
    an_edit_and_a_deletion_tell_which_entry_changed_it_and_when,
    nothing_is_asked_of_no_rooms_and_empty_ones,
    messages_of_many_rooms_come_in_one_order_whatever_is_asked,
    a_walk_from_place_to_place_misses_and_repeats_nothing,
    what_is_appended_meanwhile_disturbs_no_walk,
    two_hundred_rooms_are_merged_like_two,
}

const NAMES: [&str; 3] = ["ada", "bob", "نام"];

fn entry(seq: u64, time: i64, sender: &str, body: Body) -> LogEntry {
    LogEntry {
        seq: Seq::new(seq),
        id: EntryId::from_bytes(ObjectIds.next()),
        time: Timestamp::from_millis(time),
        sender: sender.to_owned(),
        key: None,
        body,
    }
}

fn said(room: RoomId, entry: &LogEntry) -> Message {
    let Body::Message { text, deleted, .. } = &entry.body else { panic!("{entry:?}") };
    Message {
        room,
        seq: entry.seq,
        id: entry.id,
        time: entry.time,
        sender: entry.sender.clone(),
        text: text.clone(),
        deleted: *deleted,
        version: entry.seq,
        updated: entry.time,
    }
}

async fn append(store: &dyn Store, room: RoomId, entries: Vec<LogEntry>) {
    let stored = entries.len();
    let appended = store.append(room, entries).await.unwrap();
    assert_eq!((appended.stored, appended.stop), (stored, None));
}

/// Rooms with messages of the same times, among entries that are none; the messages in order.
async fn many(store: &dyn Store, rooms: usize, entries: u64) -> (Vec<RoomId>, Vec<Message>) {
    let rooms: Vec<RoomId> = (0..rooms).map(|_| room()).collect();
    let mut messages = Vec::new();
    for (number, room) in rooms.iter().enumerate() {
        let log: Vec<LogEntry> = (1..=entries)
            .map(|seq| {
                let step = i64::try_from(seq).unwrap() / 3 * 10;
                let name = NAMES[(usize::try_from(seq).unwrap() * 7 + number) % NAMES.len()];
                let body = match seq % 5 {
                    2 => Body::Members { added: vec![name.to_owned()], removed: Vec::new() },
                    4 => Body::Edited { target: Seq::new(10_000), text: "x".to_owned() },
                    _ => Body::message(format!("{number}.{seq}")),
                };
                entry(seq, 1_000 + step, name, body)
            })
            .collect();
        let own = log.iter().filter(|entry| matches!(entry.body, Body::Message { .. }));
        messages.extend(own.map(|entry| said(*room, entry)));
        append(store, *room, log).await;
    }
    messages.sort_unstable_by_key(Message::place);
    (rooms, messages)
}

async fn a_message_is_found_by_its_id(store: &dyn Store) {
    let (here, there) = (room(), room());
    let message = entry(2, 5, "ada", Body::message("a"));
    let other = entry(1, 5, "bob", Body::message("b"));
    let members = Body::Members { added: vec!["ada".to_owned()], removed: Vec::new() };
    let joined = entry(1, 4, "ada", members);
    append(store, here, vec![joined.clone(), message.clone()]).await;
    append(store, there, vec![other.clone()]).await;
    assert_eq!(store.message(message.id).await.unwrap(), Some(said(here, &message)));
    assert_eq!(store.message(other.id).await.unwrap(), Some(said(there, &other)));
    assert_eq!(store.message(joined.id).await.unwrap(), None);
    let unknown = EntryId::from_bytes(ObjectIds.next());
    assert_eq!(store.message(unknown).await.unwrap(), None);
}

async fn an_edit_and_a_deletion_tell_which_entry_changed_it_and_when(store: &dyn Store) {
    let room = room();
    let message = entry(1, 10, "ada", Body::message("a"));
    let edit = |text: &str| Body::Edited { target: Seq::new(1), text: text.to_owned() };
    append(store, room, vec![message.clone(), entry(2, 11, "bob", Body::message("b"))]).await;
    let now = async || {
        let now = store.message(message.id).await.unwrap().unwrap();
        (now.text, now.deleted, now.version.get(), now.updated.millis(), now.time.millis())
    };
    assert_eq!(now().await, ("a".to_owned(), false, 1, 10, 10));
    append(store, room, vec![entry(3, 20, "ada", edit("c")), entry(4, 30, "ada", edit("d"))]).await;
    assert_eq!(now().await, ("d".to_owned(), false, 4, 30, 10));
    append(store, room, vec![entry(5, 40, "ada", Body::Deleted { target: Seq::new(1) })]).await;
    assert_eq!(now().await, (String::new(), true, 5, 40, 10));
    let late = store.append(room, vec![entry(6, 50, "ada", edit("back"))]).await.unwrap();
    assert_eq!(late, Appended { stored: 0, stop: Some(Stop::TargetGone) });
    assert_eq!(now().await, (String::new(), true, 5, 40, 10));
    let listed = store.messages(MessageQuery::new(vec![room], 1)).await.unwrap();
    assert_eq!((listed[0].version, listed[0].updated.millis()), (Seq::new(5), 40));
}

async fn nothing_is_asked_of_no_rooms_and_empty_ones(store: &dyn Store) {
    let times = |query| MessageQuery {
        from: Some(Timestamp::from_millis(0)),
        until: Some(Timestamp::from_millis(9)),
        ..query
    };
    for rooms in [vec![], vec![room()], vec![room(), room()]] {
        for query in [MessageQuery::new(rooms.clone(), 5), times(MessageQuery::new(rooms, 5))] {
            assert_eq!(store.messages(query.clone()).await.unwrap(), []);
            assert_eq!(store.count_messages(query).await.unwrap(), 0);
        }
    }
}

fn means(query: &MessageQuery, message: &Message) -> bool {
    let by = match &query.by {
        By::Anyone => true,
        By::These(names) => names.contains(&message.sender),
        By::Others(name) => *name != message.sender,
    };
    let from = query.from.is_none_or(|from| message.time >= from);
    let until = query.until.is_none_or(|until| message.time <= until);
    by && from && until && query.rooms.contains(&message.room)
}

/// What a query means, worked out from all messages in ascending order.
fn model(query: &MessageQuery, messages: &[Message]) -> Vec<Message> {
    let mut wanted: Vec<Message> =
        messages.iter().filter(|message| means(query, message)).cloned().collect();
    wanted.sort_by(|left, right| left.place().compare(&right.place(), query.direction));
    if let Some(after) = query.after {
        wanted.retain(|message| after.compare(&message.place(), query.direction).is_lt());
    }
    let (skip, limit) =
        (usize::try_from(query.skip).unwrap(), usize::try_from(query.limit).unwrap());
    wanted.into_iter().skip(skip).take(limit).collect()
}

async fn messages_of_many_rooms_come_in_one_order_whatever_is_asked(store: &dyn Store) {
    let (rooms, messages) = many(store, 4, 40).await;
    let time = |millis| Some(Timestamp::from_millis(millis));
    let senders = [
        By::Anyone,
        By::These(vec!["ada".to_owned()]),
        By::These(vec!["bob".to_owned(), "نام".to_owned()]),
        By::These(Vec::new()),
        By::Others("ada".to_owned()),
    ];
    let spans =
        [(None, None), (time(1_040), None), (None, time(1_045)), (time(1_050), time(1_050))]
            .into_iter()
            .chain([(time(1_060), time(1_030)), (time(0), time(1)), (time(9_000), None)]);
    for (from, until) in spans {
        for by in &senders {
            for direction in [Direction::Ascending, Direction::Descending] {
                let rooms = vec![rooms[2], rooms[0], rooms[3]];
                let whole = MessageQuery {
                    by: by.clone(),
                    from,
                    until,
                    direction,
                    ..MessageQuery::new(rooms, 1_000)
                };
                check(store, whole, &messages).await;
            }
        }
    }
}

async fn check(store: &dyn Store, whole: MessageQuery, messages: &[Message]) {
    let all = model(&whole, messages);
    assert_eq!(store.count_messages(whole.clone()).await.unwrap(), all.len() as u64, "{whole:?}");
    for (skip, limit) in [(0, 1_000), (3, 4), (0, 0), (1_000, 5)] {
        let query = MessageQuery { skip, limit, ..whole.clone() };
        let found = store.messages(query.clone()).await.unwrap();
        assert_eq!(found, model(&query, messages), "{query:?}");
    }
    for message in all.iter().step_by(7) {
        let query = MessageQuery { after: Some(message.place()), limit: 5, ..whole.clone() };
        let found = store.messages(query.clone()).await.unwrap();
        assert_eq!(found, model(&query, messages), "{query:?}");
    }
}

/// All places, page by page.
async fn walk(store: &dyn Store, mut query: MessageQuery) -> Vec<Place> {
    let mut places = Vec::new();
    loop {
        let page = store.messages(query.clone()).await.unwrap();
        let Some(last) = page.last() else { return places };
        query.after = Some(last.place());
        places.extend(page.iter().map(Message::place));
    }
}

async fn a_walk_from_place_to_place_misses_and_repeats_nothing(store: &dyn Store) {
    let (rooms, messages) = many(store, 3, 50).await;
    let mut wanted: Vec<Place> = messages.iter().map(Message::place).collect();
    let query = MessageQuery::new(rooms, 7);
    assert_eq!(walk(store, query.clone()).await, wanted);
    wanted.reverse();
    assert_eq!(
        walk(store, MessageQuery { direction: Direction::Descending, ..query }).await,
        wanted
    );
}

async fn what_is_appended_meanwhile_disturbs_no_walk(store: &dyn Store) {
    let (rooms, messages) = many(store, 2, 20).await;
    let query = MessageQuery::new(rooms.clone(), 5);
    let first = store.messages(query.clone()).await.unwrap();
    append(store, rooms[0], vec![entry(21, 9_000, "ada", Body::message("late"))]).await;
    let rest = MessageQuery { after: first.last().map(Message::place), limit: 1_000, ..query };
    let rest = store.messages(rest).await.unwrap();
    let places: Vec<Place> = first.iter().chain(&rest).map(Message::place).collect();
    assert_eq!(places[..messages.len()], messages.iter().map(Message::place).collect::<Vec<_>>());
    assert_eq!(rest.last().map(|message| message.text.as_str()), Some("late"));
}

async fn two_hundred_rooms_are_merged_like_two(store: &dyn Store) {
    let (rooms, messages) = many(store, 210, 6).await;
    for direction in [Direction::Ascending, Direction::Descending] {
        let query = MessageQuery { direction, skip: 20, ..MessageQuery::new(rooms.clone(), 30) };
        assert_eq!(store.messages(query.clone()).await.unwrap(), model(&query, &messages));
        let after = Some(messages[300].place());
        let query = MessageQuery { after, skip: 0, ..query };
        assert_eq!(store.messages(query.clone()).await.unwrap(), model(&query, &messages));
        assert_eq!(store.count_messages(query).await.unwrap(), messages.len() as u64);
    }
}
