//! What is stored, as the port promises it: documents, and the logs of rooms with every text that
//! an entry ever had.

use std::collections::{BTreeMap, BTreeSet};

use ihs_actors::{
    inbox::shelf::SLOT,
    room::membership::{READ_MARKERS, ROOMS},
};
use ihs_store::{
    Appended, Body, Direction, Document, EntryId, LogEntry, Query, RoomId, Seq, Sort, Stop,
    StoreError, Timestamp, Write, Written,
    document::text,
    error::{LOG, LOG_KEY},
};
use serde_json::Value;

/// Fields of which no two documents of a collection have the same value.
const UNIQUE: [&str; 2] = [SLOT, "_key"];

/// Everything in the store. A clone is a backup.
#[derive(Clone, Default)]
pub(crate) struct Model {
    documents: BTreeMap<&'static str, BTreeMap<String, Document>>,
    logs: BTreeMap<RoomId, Log>,
}

/// The log of a room.
#[derive(Clone, Default)]
pub(crate) struct Log {
    entries: Vec<LogEntry>,
    /// What each entry has ever said.
    texts: Vec<Vec<String>>,
    keys: BTreeMap<(String, String), Seq>,
    said: BTreeSet<String>,
    moves: Vec<Move>,
}

/// Members who came and went.
#[derive(Clone)]
struct Move {
    seq: Seq,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Model {
    pub(crate) fn log(&self, room: RoomId) -> &Log {
        &self.logs[&room]
    }

    pub(crate) fn open_room(&mut self, room: RoomId, members: &[&str]) {
        let document = Document::from_iter([
            ("_id".to_owned(), Value::from(room.to_string())),
            ("members".to_owned(), Value::from(members.to_vec())),
        ]);
        self.documents.entry(ROOMS).or_default().insert(room.to_string(), document);
        self.logs.insert(room, Log::default());
    }

    pub(crate) fn is_member(&self, room: RoomId, user: &str) -> bool {
        self.members(room).iter().any(|member| member == user)
    }

    /// Messages of others behind a user's mark, and behind a seq.
    pub(crate) fn unread(&self, room: RoomId, user: &str, behind: Seq) -> u64 {
        let mark = self.get(READ_MARKERS, &format!("{room}:{user}"));
        let seq = mark.and_then(|mark| mark["seq"].as_u64()).unwrap_or_default();
        self.log(room).unread(behind.max(Seq::new(seq)), user, u64::MAX)
    }

    fn members(&self, room: RoomId) -> &Vec<Value> {
        let members = self.documents[ROOMS][&room.to_string()]["members"].as_array();
        members.expect("a room has members")
    }

    /// Changes who is in a room as the REST layer does: the record and the log in one commit.
    pub(crate) fn move_member(&mut self, room: RoomId, user: &str, id: EntryId, time: Timestamp) {
        let mut members = self.members(room).clone();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        if self.is_member(room, user) {
            members.retain(|member| member != user);
            removed.push(user.to_owned());
        } else {
            members.push(user.into());
            added.push(user.to_owned());
        }
        let rooms = self.documents.get_mut(ROOMS).expect("there are rooms");
        rooms.get_mut(&room.to_string()).expect("a room")["members"] = members.into();
        let log = self.logs.get_mut(&room).expect("a log");
        let seq = log.head().next();
        let time = log.entries.last().map_or(time, |last| last.time.max(time));
        let body = Body::Members { added, removed };
        let entry = LogEntry { seq, id, time, sender: "admin".to_owned(), key: None, body };
        assert_eq!(log.append_one(&entry), None, "the seq is right");
    }

    pub(crate) fn get(&self, collection: &str, id: &str) -> Option<Document> {
        self.documents.get(collection)?.get(id).cloned()
    }

    pub(crate) fn find(&self, query: &Query) -> Vec<Document> {
        let stored = self.documents.get(query.collection).into_iter().flat_map(BTreeMap::values);
        let found = stored.filter(|document| query.filter.matches(document));
        let mut found: Vec<&Document> = found.collect();
        for Sort { field, direction } in query.sort.iter().rev() {
            found.sort_by(|left, right| {
                let order = text(left, field).cmp(text(right, field));
                if *direction == Direction::Ascending { order } else { order.reverse() }
            });
        }
        assert!(query.skip == 0 && query.after.is_none(), "the realtime core reads no such pages");
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
        found.into_iter().take(most).cloned().collect()
    }

    pub(crate) fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        // Nothing of a single document is done when it fails; of several, or of a log, some may be.
        if let [write] = writes
            && !matches!(write, Write::Append { .. })
        {
            return Ok(vec![self.write(0, write)?]);
        }
        let mut after = self.clone();
        let write = |(at, write)| after.write(at, write);
        let done: Result<Vec<Written>, StoreError> = writes.iter().enumerate().map(write).collect();
        if done.is_ok() {
            *self = after;
        }
        done
    }

    fn write(&mut self, at: usize, write: &Write) -> Result<Written, StoreError> {
        match write {
            Write::Insert { collection, document } => {
                let id = document["_id"].as_str().expect("an id").to_owned();
                let stored = self.documents.entry(collection).or_default();
                if stored.contains_key(&id) {
                    return Err(taken(at, collection, "_id"));
                }
                for index in UNIQUE {
                    let value = document.get(index).filter(|value| !value.is_null());
                    if value.is_some() && stored.values().any(|other| other.get(index) == value) {
                        return Err(taken(at, collection, index));
                    }
                }
                stored.insert(id, document.clone());
                Ok(Written::Inserted)
            }
            Write::Update { collection, filter, change } => {
                let stored = self.documents.entry(collection).or_default();
                let found = stored.values_mut().find(|document| filter.matches(document));
                let document = found.ok_or(StoreError::Unmatched { write: at })?;
                change.apply(document)?;
                Ok(Written::Updated(document.clone()))
            }
            Write::UpdateEvery { collection, filter, change } => {
                let stored = self.documents.entry(collection).or_default();
                let mut count = 0;
                for document in stored.values_mut().filter(|document| filter.matches(document)) {
                    change.apply(document)?;
                    count += 1;
                }
                Ok(Written::Count(count))
            }
            Write::Delete { collection, filter } => {
                let stored = self.documents.entry(collection).or_default();
                let found = stored.iter().find(|(_, document)| filter.matches(document));
                let id = found.map(|(id, _)| id.clone());
                let document = id.and_then(|id| stored.remove(&id));
                document.map(Written::Deleted).ok_or(StoreError::Unmatched { write: at })
            }
            Write::DeleteEvery { collection, filter } => {
                let stored = self.documents.entry(collection).or_default();
                let before = stored.len();
                stored.retain(|_, document| !filter.matches(document));
                Ok(Written::Count((before - stored.len()) as u64))
            }
            Write::Restore { .. } => unreachable!("the realtime core restores nothing"),
            Write::Append { room, entries } => match self.append(*room, entries).stop {
                None => Ok(Written::Appended),
                Some(Stop::SeqTaken) => Err(StoreError::SeqTaken),
                Some(Stop::TargetGone) => Err(StoreError::TargetGone),
                Some(Stop::KeyTaken(_)) => Err(taken(at, LOG, LOG_KEY)),
            },
        }
    }

    /// Appends until an entry cannot be. Whoever is not a member when their entry would be stored
    /// must have been turned away before.
    pub(crate) fn append(&mut self, room: RoomId, entries: &[LogEntry]) -> Appended {
        for (stored, entry) in entries.iter().enumerate() {
            let log = self.logs.get_mut(&room).expect("a log");
            let stop = log.append_one(entry);
            if stop.is_some() {
                return Appended { stored, stop };
            }
            let stands = self.is_member(room, &entry.sender);
            assert!(stands, "{} is stored, whose sender is no member", entry.seq);
        }
        Appended { stored: entries.len(), stop: None }
    }
}

impl Log {
    pub(crate) fn head(&self) -> Seq {
        Seq::new(self.entries.len() as u64)
    }

    pub(crate) fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    pub(crate) fn at(&self, seq: Seq) -> Option<&LogEntry> {
        self.entries.get(place(seq)?)
    }

    /// Everything that the entry has ever said.
    pub(crate) fn texts(&self, seq: Seq) -> &[String] {
        place(seq).and_then(|place| self.texts.get(place)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn after(&self, after: Seq, limit: u64) -> Vec<LogEntry> {
        let behind = self.entries.iter().skip(usize::try_from(after.get()).unwrap_or(usize::MAX));
        behind.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect()
    }

    pub(crate) fn before(&self, before: Seq, limit: u64) -> Vec<LogEntry> {
        let messages = self.messages().filter(|entry| entry.seq < before);
        let messages: Vec<&LogEntry> = messages.collect();
        let surplus = messages.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        messages[surplus..].iter().copied().cloned().collect()
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter().filter(|entry| matches!(entry.body, Body::Message { .. }))
    }

    pub(crate) fn unread(&self, after: Seq, reader: &str, limit: u64) -> u64 {
        let there = |entry: &&LogEntry| matches!(entry.body, Body::Message { deleted: false, .. });
        let unread = self.messages().filter(there).filter(|entry| entry.sender != reader);
        (unread.filter(|entry| entry.seq > after).count() as u64).min(limit)
    }

    pub(crate) fn by_key(&self, sender: &str, key: &str) -> Option<&LogEntry> {
        let seq = self.keys.get(&(sender.to_owned(), key.to_owned()))?;
        self.at(*seq)
    }

    /// Whether somebody may be shown this entry, by what the log says now: their last removal, at
    /// it or before it, was taken back since.
    pub(crate) fn is_open_to(&self, user: &str, seq: Seq) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name == user);
        let before = self.moves.iter().rev().filter(|change| change.seq <= seq);
        let mut removals = before.filter(|change| names(&change.removed));
        let Some(removal) = removals.next() else { return true };
        self.moves.iter().any(|change| change.seq > removal.seq && names(&change.added))
    }

    fn append_one(&mut self, entry: &LogEntry) -> Option<Stop> {
        if entry.seq != self.head().next() {
            return Some(Stop::SeqTaken);
        }
        if let Some(key) = &entry.key
            && let Some(first) = self.by_key(&entry.sender, key)
        {
            return Some(Stop::KeyTaken(Box::new(first.clone())));
        }
        let last = self.entries.last().map(|last| last.time);
        assert!(last <= Some(entry.time), "{entry:?} is earlier than {last:?}");
        if let Body::Edited { target, .. } | Body::Deleted { target } = &entry.body
            && let Some(Body::Message { deleted: true, .. }) = self.at(*target).map(|it| &it.body)
        {
            return Some(Stop::TargetGone);
        }
        let mut text = String::new();
        match &entry.body {
            Body::Message { text: said, .. } => {
                assert!(self.said.insert(said.clone()), "{said:?} stands in the log twice");
                text.clone_from(said);
            }
            Body::Edited { target, text: new } => {
                self.edit(*target, new);
                text.clone_from(new);
            }
            Body::Deleted { target } => self.delete(*target),
            Body::Members { added, removed } => {
                let (added, removed) = (added.clone(), removed.clone());
                self.moves.push(Move { seq: entry.seq, added, removed });
            }
        }
        if let Some(key) = &entry.key {
            self.keys.insert((entry.sender.clone(), key.clone()), entry.seq);
        }
        self.entries.push(entry.clone());
        self.texts.push(vec![text]);
        None
    }

    fn edit(&mut self, target: Seq, new: &str) {
        let Some(place) = place(target) else { return };
        let body = self.entries.get_mut(place).map(|entry| &mut entry.body);
        if let Some(Body::Message { text, edited, .. }) = body {
            new.clone_into(text);
            *edited = true;
            self.texts[place].push(new.to_owned());
        }
    }

    fn delete(&mut self, target: Seq) {
        let Some(place) = place(target) else { return };
        let body = self.entries.get_mut(place).map(|entry| &mut entry.body);
        let Some(Body::Message { text, deleted, .. }) = body else { return };
        text.clear();
        *deleted = true;
        self.texts[place].push(String::new());
        for (entry, texts) in self.entries.iter_mut().zip(&mut self.texts) {
            if let Body::Edited { target: edited, text } = &mut entry.body
                && *edited == target
            {
                text.clear();
                texts.push(String::new());
            }
        }
    }
}

fn place(seq: Seq) -> Option<usize> {
    usize::try_from(seq.get()).ok()?.checked_sub(1)
}

fn taken(write: usize, collection: &str, index: &str) -> StoreError {
    StoreError::Taken { write, collection: collection.to_owned(), index: index.to_owned() }
}
