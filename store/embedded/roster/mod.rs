//! What is held in memory of large collections: which documents there are, their searched texts,
//! and orders that lists were asked for. Whatever is searched for, one pass over the texts finds
//! and counts it, and a list in any order begins at any place without what lies before it being
//! looked at. About 50 bytes a document, and less than the length of its searched texts.
//!
//! - this file: which documents a roster no longer speaks for; [`base`]: a roster as it was made
//! - [`bits`]: sets of documents; [`texts`]: the texts of a field; [`order`]: orders
//! - [`view`]: what a query means, at one moment; [`maker`]: the thread that makes rosters
//!
//! A roster is right about what was not written to since it was made. The writer notes each
//! document that it touches, before its transaction is committed: whoever sees the transaction
//! sees the note. Those few are asked of the database itself. So the roster's part and the
//! database's part of an answer are of the same moment.

mod base;
mod bits;
mod maker;
mod order;
#[cfg(test)]
mod tests;
mod texts;
mod view;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use self::base::Base;
pub(super) use self::{
    maker::{Maker, start},
    view::{Matching, View, enrol, one_of, view},
};

/// So many documents are asked of the database beside the roster, at most.
const TOUCHED: usize = 16_384;

/// From so many on, a roster is made anew.
const STALE: usize = 2_048;

/// Making rosters of a collection takes at most this part of a core.
const SHARE: u32 = 10;

/// Counts the writer's transactions, so that others can wait for the one under way.
#[derive(Debug, Default)]
pub(super) struct Turns {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Turns {
    /// A transaction begins.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// It was committed, or undone.
    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether a transaction of now has ended.
    fn passed(&self, turn: u64) -> bool {
        self.ended.load(Ordering::SeqCst) >= turn
    }

    fn now(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

/// The roster of a collection, if there is one.
#[derive(Debug)]
pub(super) struct Roster {
    state: Mutex<State>,
    /// The smallest collection that is worth a roster.
    from: u64,
    wanted: Sender<maker::Want>,
}

#[derive(Debug, Default)]
struct State {
    base: Option<Arc<Base>>,
    /// Rows that were written to since the base was made.
    touched: HashSet<i64>,
    /// Rows that were written to since a new base was begun.
    next: Option<HashSet<i64>>,
    /// Nobody makes bases any more: the declaration has changed.
    retired: bool,
    rest: Option<Instant>,
}

impl Roster {
    /// The roster of a collection, to be made when it has `from` documents.
    pub(super) fn new(from: u64, wanted: Sender<maker::Want>) -> Self {
        Self { state: Mutex::default(), from, wanted }
    }

    /// A row is written to, in a transaction that is not committed yet.
    pub(super) fn touch(&self, row: i64) {
        let mut state = self.state.lock();
        if state.base.is_some() {
            state.touched.insert(row);
            if state.touched.len() > TOUCHED {
                state.base = None;
                state.touched = HashSet::new();
            }
        }
        if let Some(next) = &mut state.next {
            next.insert(row);
        }
    }

    /// It speaks for nothing any more.
    pub(super) fn retire(&self) {
        *self.state.lock() = State { retired: true, ..State::default() };
    }

    fn base(&self) -> Option<Arc<Base>> {
        self.state.lock().base.clone()
    }

    /// What was written to since this base was made; `None` when there is another one by now.
    fn touched(&self, base: &Arc<Base>) -> Option<Vec<i64>> {
        let state = self.state.lock();
        let same = state.base.as_ref().is_some_and(|now| Arc::ptr_eq(now, base));
        same.then(|| state.touched.iter().copied().collect())
    }

    /// Whether a new base is due, and nobody is at it or was a moment ago.
    fn is_due(&self) -> bool {
        let state = self.state.lock();
        let old = state.base.is_none() || state.touched.len() >= STALE;
        let rested = state.rest.is_none_or(|rest| Instant::now() >= rest);
        old && rested && state.next.is_none() && !state.retired
    }

    /// From here on, what is written to is noted for a base that is about to be made.
    fn begin(&self) {
        let mut state = self.state.lock();
        state.next = (!state.retired).then(HashSet::new);
    }

    /// Takes the new base, or none when it could not be made.
    fn finish(&self, base: Option<Base>, took: Duration) {
        let mut state = self.state.lock();
        state.rest = Instant::now().checked_add(took * SHARE);
        let next = state.next.take();
        if let (Some(base), Some(next)) = (base, next.filter(|next| next.len() <= TOUCHED)) {
            state.base = Some(Arc::new(base));
            state.touched = next;
        }
    }
}
