//! Documents that were read by their ids, held in memory until they change: who asks for the same
//! again (the user and the session of each request, above all) waits for no thread.
//!
//! What is held is never older than what the database shows. The writer takes a document out
//! before it changes it, and until its transaction has ended nobody puts it back. A reader puts in
//! what it read only if no change near it has ended since it looked, so that what it read before a
//! change cannot come in behind it.
//!
//! Beside them stand hints, which may be untrue: which document had a unique value when somebody
//! looked. See [`super::named`].

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use hashlink::LruCache;
use parking_lot::Mutex;

/// Parts with a lock each.
const PARTS: usize = 16;

/// What holding a document costs beside its key and its text, in bytes, about.
const OVERHEAD: usize = 128;

/// One document may take up such a share of its part.
const LARGEST: usize = 8;

/// A transaction that changed more than so many documents leaves no place behind for as many.
const USUAL: usize = 256;

/// The documents that are held.
#[derive(Debug)]
pub(super) struct Recent {
    parts: Vec<Mutex<Part>>,
    hasher: RandomState,
    /// For each part.
    bytes: usize,
}

#[derive(Debug)]
struct Part {
    held: LruCache<String, Arc<str>>,
    bytes: usize,
    changing: HashSet<Arc<str>>,
    /// How many changes have ended.
    changes: u64,
}

/// What is known of a document.
#[derive(Debug)]
pub(super) enum Look {
    /// Its text.
    Held(Arc<str>),
    /// Nothing. What is read now may be put into this place.
    Missing(Place),
}

/// Where a document belongs.
#[derive(Debug)]
pub(super) struct Place {
    key: String,
    part: usize,
    changes: u64,
}

impl Recent {
    /// Holds so many bytes at most.
    pub(super) fn new(bytes: usize) -> Self {
        let part = || {
            Mutex::new(Part {
                held: LruCache::new_unbounded(),
                bytes: 0,
                changing: HashSet::new(),
                changes: 0,
            })
        };
        let parts = std::iter::repeat_with(part).take(PARTS).collect();
        Self { parts, hasher: RandomState::new(), bytes: bytes / PARTS }
    }

    /// Looks for a document.
    pub(super) fn look(&self, collection: &str, id: &str) -> Look {
        let (key, part) = self.place(collection, id);
        let mut state = self.parts[part].lock();
        match state.held.get(&key) {
            Some(text) => Look::Held(Arc::clone(text)),
            None => Look::Missing(Place { key, part, changes: state.changes }),
        }
    }

    /// Holds what was read since the look that gave this place, unless it may have changed.
    pub(super) fn keep(&self, place: Place, text: &str) {
        let more = cost(&place.key, text);
        if more > self.bytes / LARGEST {
            return;
        }
        let mut state = self.parts[place.part].lock();
        if state.changes != place.changes || state.changing.contains(place.key.as_str()) {
            return;
        }
        state.hold(place.key, text, self.bytes);
    }

    /// The id of the document that had this value in this field when somebody looked.
    pub(super) fn hint(&self, collection: &str, field: &str, value: &str) -> Option<String> {
        let key = hint_key(collection, field, value);
        let mut state = self.parts[self.part(&key)].lock();
        state.held.get(&key).map(|id| id.as_ref().to_owned())
    }

    /// Remembers it. It may be untrue already.
    pub(super) fn keep_hint(&self, collection: &str, field: &str, value: &str, id: &str) {
        let key = hint_key(collection, field, value);
        if cost(&key, id) <= self.bytes / LARGEST {
            self.parts[self.part(&key)].lock().hold(key, id, self.bytes);
        }
    }

    fn place(&self, collection: &str, id: &str) -> (String, usize) {
        let key = format!("{collection}/{id}");
        let part = self.part(&key);
        (key, part)
    }

    fn part(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % PARTS as u64).unwrap_or_default()
    }
}

impl Part {
    /// Holds a text, and lets go of what nobody has asked for the longest time, down to so many
    /// bytes.
    fn hold(&mut self, key: String, text: &str, most: usize) {
        self.take_out(&key);
        self.bytes += cost(&key, text);
        self.held.insert(key, text.into());
        while self.bytes > most {
            match self.held.remove_lru() {
                Some((key, text)) => self.bytes -= cost(&key, &text),
                None => break,
            }
        }
    }

    fn take_out(&mut self, key: &str) {
        if let Some(text) = self.held.remove(key) {
            self.bytes -= cost(key, &text);
        }
    }
}

/// What the transaction under way changes.
#[derive(Debug)]
pub(super) struct Changing {
    recent: Arc<Recent>,
    keys: Vec<(usize, Arc<str>)>,
}

impl Changing {
    /// Of a writer that has changed nothing yet.
    pub(super) const fn new(recent: Arc<Recent>) -> Self {
        Self { recent, keys: Vec::new() }
    }

    /// Takes a document out, which is about to change.
    pub(super) fn change(&mut self, collection: &str, id: &str) {
        if self.recent.bytes == 0 {
            return;
        }
        let (key, part) = self.recent.place(collection, id);
        let mut state = self.recent.parts[part].lock();
        state.take_out(&key);
        let key = Arc::from(key);
        if state.changing.insert(Arc::clone(&key)) {
            self.keys.push((part, key));
        }
    }

    /// The transaction has ended, one way or the other: what it changed may be held again.
    pub(super) fn end(&mut self) {
        for (part, key) in self.keys.drain(..) {
            let mut state = self.recent.parts[part].lock();
            state.changes += 1;
            state.changing.remove(&key);
            state.changing.shrink_to(USUAL);
        }
        self.keys.shrink_to(USUAL);
    }
}

/// No key of a document, whatever the value: no collection's name has a question mark in it.
fn hint_key(collection: &str, field: &str, value: &str) -> String {
    format!("{collection}?{field}={value}")
}

fn cost(key: &str, text: &str) -> usize {
    key.len() + text.len() + OVERHEAD
}

#[cfg(test)]
#[path = "recent_tests.rs"]
mod tests;
