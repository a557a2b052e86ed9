//! Whether what everybody saw, and was promised, is what the logs hold.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    view::{Seen, View, seq},
    world::{Ack, Promise, World, key_of},
};

/// What is wrong.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) reordered: u64,
    /// In words.
    pub(crate) faults: Vec<String>,
}

/// A room's log, and what each of its messages has ever said.
pub(crate) struct Log {
    entries: Vec<Value>,
    texts: HashMap<u64, Vec<String>>,
    deleted: HashSet<u64>,
}

impl Log {
    /// As it was read.
    pub(crate) fn new(entries: Vec<Value>) -> Self {
        let (mut texts, mut deleted) = (HashMap::<u64, Vec<String>>::new(), HashSet::new());
        for entry in &entries {
            let target = entry["target"].as_u64().unwrap_or_default();
            match entry["type"].as_str() {
                Some("edited") => texts.entry(target).or_default().push(text(entry).to_owned()),
                Some("deleted") => drop(deleted.insert(target)),
                _ => {}
            }
        }
        Self { entries, texts, deleted }
    }

    pub(crate) fn head(&self) -> u64 {
        self.entries.len() as u64
    }

    fn at(&self, seq: u64) -> Option<&Value> {
        self.entries.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// The entries around a place, for people.
    fn around(&self, place: u64) -> String {
        let near = self.entries.iter().filter(|entry| seq(entry).abs_diff(place) <= 3);
        near.flat_map(|entry| ["\n    ".to_owned(), entry.to_string()]).collect()
    }
}

/// Judges a run.
pub(crate) fn judge(world: &World, logs: &HashMap<String, Log>, views: &[View]) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.faults.extend(world.oddities.lock().unwrap().iter().cloned());
    let mut written = written_texts(world);
    for ack in world.acks.lock().unwrap().iter() {
        verdict.take_ack(&logs[&ack.room], ack);
        if let Promise::Message(key) = &ack.promise {
            let first = written.places.entry(key.clone()).or_insert(ack.seq);
            if *first != ack.seq {
                verdict.repeated += 1;
                verdict.faults.push(format!("{key} is acknowledged at {first} and {}", ack.seq));
            }
        }
    }
    for (room, log) in logs {
        verdict.take_log(room, log, &written);
    }
    for view in views {
        verdict.take_view(&logs[&view.room], view, &written);
    }
    verdict
}

/// What was sent: by room and seq, once acknowledged.
struct Written {
    texts: HashMap<String, String>,
    /// Where each key was acknowledged.
    places: HashMap<String, u64>,
    rooms: HashMap<String, String>,
}

fn written_texts(world: &World) -> Written {
    let sent = world.sent.lock().unwrap();
    Written {
        texts: sent.iter().map(|(key, sent)| (key.clone(), sent.text.clone())).collect(),
        places: HashMap::new(),
        rooms: sent.iter().map(|(key, sent)| (key.clone(), sent.room.clone())).collect(),
    }
}

impl Verdict {
    /// Whether nothing is wrong.
    pub(crate) const fn is_good(&self) -> bool {
        self.faults.is_empty() && self.lost == 0 && self.repeated == 0 && self.reordered == 0
    }

    fn wrong(&mut self, what: String) {
        self.faults.push(what);
    }

    /// Every ack is in the log at its seq.
    fn take_ack(&mut self, log: &Log, ack: &Ack) {
        let Some(entry) = log.at(ack.seq).filter(|entry| entry["id"] == ack.id) else {
            self.lost += 1;
            self.wrong(format!("not in the log: {ack:?}{}", log.around(ack.seq)));
            return;
        };
        let holds = match &ack.promise {
            Promise::Message(key) => {
                let changed = log.texts.contains_key(&ack.seq) || log.deleted.contains(&ack.seq);
                entry["type"] == "message" && (changed || key_of(text(entry)) == key)
            }
            Promise::Edit(target, wanted) => {
                let is_gone = log.deleted.contains(target);
                entry["type"] == "edited"
                    && entry["target"] == *target
                    && (is_gone || text(entry) == wanted)
            }
            Promise::Deletion(target) => entry["type"] == "deleted" && entry["target"] == *target,
        };
        if !holds || entry["sender"] != ack.user.as_str() {
            self.lost += 1;
            self.wrong(format!("the log has something else than {ack:?}: {entry}"));
        }
    }

    /// The log has no gap, and every key once.
    fn take_log(&mut self, room: &str, log: &Log, written: &Written) {
        let (mut keys, mut ids) = (HashSet::new(), HashSet::new());
        let mut by_place = HashSet::new();
        for (place, entry) in log.entries.iter().enumerate() {
            if seq(entry) != place as u64 + 1 {
                self.reordered += 1;
                self.wrong(format!("the log's place {} is {entry}", place + 1));
            }
            if !ids.insert(entry["id"].to_string()) {
                self.repeated += 1;
                self.wrong(format!("twice in the log: {entry}"));
            }
            if entry["type"] == "message" {
                by_place.insert(seq(entry));
                let is_as_sent = !log.texts.contains_key(&seq(entry));
                if is_as_sent && !text(entry).is_empty() && !keys.insert(key_of(text(entry))) {
                    self.repeated += 1;
                    self.wrong(format!("one key twice in the log: {entry}"));
                }
            }
        }
        // Each message belongs to one key, changed or not.
        let acked = written.places.iter().filter(|(key, _)| written.rooms[*key] == room);
        let places: HashSet<u64> = acked.map(|(_, seq)| *seq).collect();
        for place in by_place.symmetric_difference(&places) {
            self.repeated += 1;
            self.wrong(format!("place {place} does not belong to one key{}", log.around(*place)));
        }
    }

    /// A view is the log, as far as its client may see it.
    fn take_view(&mut self, log: &Log, view: &View, written: &Written) {
        self.lost += view.lost;
        self.repeated += view.repeated;
        self.reordered += view.reordered;
        self.faults.extend(view.faults.iter().map(|fault| format!("{}: {fault}", view.name)));
        let end = last_removal(log, &view.user).unwrap_or(log.head() + 1);
        let may_miss = end <= log.head();
        if view.last() >= end || (!may_miss && view.last() < log.head()) {
            self.lost += log.head().saturating_sub(view.last());
            let head = log.head();
            self.wrong(format!("{}: has {} of {head}, may see {end}", view.name, view.last()));
        }
        let absences = absences(log, &view.user);
        let mut shown: HashMap<u64, &str> = HashMap::new();
        for seen in &view.seen {
            let entry = &seen.entry;
            let place = seq(entry);
            if !log.at(place).is_some_and(|there| is_same(there, entry, log, written)) {
                self.lost += 1;
                let near = log.around(place);
                self.wrong(format!("{}: saw {entry}; the log has{near}", view.name));
            }
            if is_hidden(&absences, seen) {
                self.wrong(format!("{}: was removed, and saw {entry}", view.name));
            }
            let target = entry["target"].as_u64().unwrap_or_default();
            match entry["type"].as_str() {
                Some("message") => drop(shown.insert(place, text(entry))),
                Some("edited") => drop(shown.insert(target, text(entry))),
                Some("deleted") => drop(shown.insert(target, "")),
                _ => {}
            }
        }
        if view.last() == log.head() {
            for (place, said) in shown {
                if log.at(place).is_none_or(|entry| text(entry) != said) {
                    let near = log.around(place);
                    self.wrong(format!("{}: {place} ends as {said:?}{near}", view.name));
                }
            }
        }
    }
}

/// Whether what was seen is the log's entry, perhaps as it was earlier or later.
fn is_same(there: &Value, seen: &Value, log: &Log, written: &Written) -> bool {
    let fields = ["type", "seq", "id", "time", "sender", "target", "by", "added", "removed"];
    if fields.iter().any(|field| there[field] != seen[field]) {
        return false;
    }
    let said = text(seen);
    let place = seq(seen);
    match seen["type"].as_str() {
        Some("message") => {
            let key = key_of(said);
            said == text(there)
                || log.texts.get(&place).is_some_and(|texts| texts.iter().any(|text| text == said))
                || written.texts.get(key).is_some_and(|text| text == said)
                    && written.places.get(key) == Some(&place)
                || said.is_empty() && log.deleted.contains(&place)
                || log.deleted.contains(&place) && said.contains("-change-")
        }
        Some("edited") => {
            let target = there["target"].as_u64().unwrap_or_default();
            said == text(there) || log.deleted.contains(&target)
        }
        _ => true,
    }
}

/// Where somebody was out of the room: from the seq of each removal, until they were let in again.
fn absences(log: &Log, user: &str) -> Vec<(u64, Option<DateTime<Utc>>)> {
    let mut absences = Vec::new();
    for entry in &log.entries {
        if names(entry, "removed", user) {
            absences.push((seq(entry), None));
        } else if names(entry, "added", user)
            && let Some((_, until)) = absences.last_mut()
        {
            *until = Some(time(entry));
        }
    }
    absences
}

/// Whether somebody saw what was said after their removal, before they were let in again.
fn is_hidden(absences: &[(u64, Option<DateTime<Utc>>)], seen: &Seen) -> bool {
    let removed = absences.iter().rev().find(|(from, _)| *from <= seq(&seen.entry));
    removed.is_some_and(|(_, until)| until.is_none_or(|until| seen.at < until))
}

/// Where somebody was removed for good.
fn last_removal(log: &Log, user: &str) -> Option<u64> {
    let changes = |entry: &&Value| names(entry, "removed", user) || names(entry, "added", user);
    let last = log.entries.iter().rev().find(changes)?;
    names(last, "removed", user).then(|| seq(last))
}

fn names(entry: &Value, field: &str, user: &str) -> bool {
    entry[field].as_array().is_some_and(|names| names.iter().any(|name| name == user))
}

fn time(entry: &Value) -> DateTime<Utc> {
    let time = entry["time"].as_str().unwrap_or_default();
    DateTime::parse_from_rfc3339(time).expect("a time").to_utc()
}

fn text(entry: &Value) -> &str {
    entry["text"].as_str().unwrap_or_default()
}
