//! How a room's log grows: the decisions, without actor, store or clock.
//!
//! One append is under way at a time; what arrives meanwhile becomes the next batch. The caller
//! carries out the [`Effect`]s in order and reports back with [`RoomLog::appended`] and
//! [`RoomLog::read`]. Every entry of the log is delivered once, in order of seq, whoever wrote it;
//! every draft is answered once.
//!
//! Every read begins with the last entry that was delivered. Where it is missing, or is another,
//! the store was put back to an earlier state: what was delivered is not what the log says, and the
//! room has to start anew.

use std::collections::VecDeque;

use ihs_store::{Appended, Body, EntryId, LogEntry, Seq, Stop, StoreError, Timestamp};

/// Appends that may fail in a row before senders are told.
const TRIES: u32 = 2;

/// Something that wants to become an entry.
#[derive(Debug, Clone)]
pub struct Draft<O> {
    /// The id of the entry that it becomes, on whichever try.
    pub id: EntryId,
    /// When it was taken in.
    pub time: Timestamp,
    /// Who sends it.
    pub sender: String,
    /// Idempotency key.
    pub key: Option<String>,
    /// What it says.
    pub body: Body,
    /// Who is to be answered.
    pub origin: O,
}

/// What the caller must do.
#[derive(Debug, PartialEq)]
pub enum Effect<O> {
    /// Append these to the store, then call [`RoomLog::appended`].
    Append(Vec<LogEntry>),
    /// Read so many entries behind this seq, then call [`RoomLog::read`].
    Read {
        /// Behind this one.
        after: Seq,
        /// At most so many.
        limit: usize,
    },
    /// Give these to everybody in the room. Their seqs follow what was delivered before.
    Deliver(Vec<LogEntry>),
    /// Tell the origin that this entry is in the store.
    Acknowledge(O, Box<LogEntry>),
    /// Tell the origin that its draft was not taken.
    Refuse(O, Refusal),
    /// Start anew from the store, for everybody: the log was put back.
    Restart,
}

/// Why a draft was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many drafts wait. Worth trying again.
    Busy,
    /// The store does not answer. Worth trying again; with a key, without fear of a double.
    StoreAway,
    /// Whoever sent it is no member any more.
    NotAMember,
    /// The key belongs to an entry that says something else.
    KeyConflict,
    /// The message that it would change is deleted.
    TargetGone,
    /// The log was put back, and the room starts anew. Worth trying again.
    Restarting,
}

/// What was asked of the store and has not been answered.
#[derive(Debug)]
enum UnderWay<O> {
    Nothing,
    Append {
        drafts: Vec<Draft<O>>,
        /// The log was to be read, too. An entry that is stored behind what was delivered shows
        /// that there was nothing to read.
        behind: bool,
    },
    Read {
        /// The last entry of which the bus told meanwhile. The read may have brought it.
        heard: Seq,
    },
}

/// The state of one room's log on one node.
#[derive(Debug)]
pub struct RoomLog<O> {
    head: Seq,
    /// The entry at the head.
    last: Option<EntryId>,
    /// When it was appended. No entry is earlier than the one before it, whatever the clocks of
    /// the nodes say.
    time: Timestamp,
    waiting: VecDeque<Draft<O>>,
    under_way: UnderWay<O>,
    /// The log may hold more than was delivered, and more than what is under way will find.
    behind: bool,
    /// The log was just read to its end. What waits is appended then before it is read again, or
    /// it would wait for as long as others write.
    caught_up: bool,
    /// Appends that failed since the last one that did not.
    failures: u32,
    batch: usize,
    pending: usize,
    page: usize,
}

impl<O> RoomLog<O> {
    /// A log of which everything up to `last` was delivered. An append takes at most `batch`
    /// drafts, `pending` may wait, and a read finds at most `page` new entries.
    #[must_use]
    pub fn new(last: Option<&LogEntry>, batch: usize, pending: usize, page: usize) -> Self {
        Self {
            head: last.map_or(Seq::ZERO, |last| last.seq),
            last: last.map(|last| last.id),
            time: last.map(|last| last.time).unwrap_or_default(),
            waiting: VecDeque::new(),
            under_way: UnderWay::Nothing,
            behind: false,
            caught_up: false,
            failures: 0,
            batch: batch.max(1),
            pending,
            page: page.max(1),
        }
    }

    /// The last entry that was delivered.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Whether nothing waits and nothing is under way.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && matches!(self.under_way, UnderWay::Nothing) && !self.behind
    }

    /// Takes in a draft; call [`RoomLog::proceed`] when all that has arrived is in.
    #[must_use]
    pub fn submit(&mut self, draft: Draft<O>) -> Option<Effect<O>> {
        if self.waiting.len() >= self.pending {
            return Some(Effect::Refuse(draft.origin, Refusal::Busy));
        }
        self.waiting.push_back(draft);
        None
    }

    /// Says that somebody else may have appended.
    pub fn look(&mut self) {
        self.behind = true;
    }

    /// Takes entries that another node says it appended. They are delivered if they follow what
    /// was delivered; otherwise they are a reason to look.
    #[must_use]
    pub fn hear(&mut self, entries: Vec<LogEntry>) -> Vec<Effect<O>> {
        let fresh: Vec<LogEntry> =
            entries.into_iter().filter(|entry| entry.seq > self.head).collect();
        match (fresh.first(), &mut self.under_way) {
            (None, _) => Vec::new(),
            (Some(first), UnderWay::Nothing) if first.seq == self.head.next() => {
                self.deliver(fresh).into_iter().collect()
            }
            (_, UnderWay::Read { heard }) => {
                *heard = fresh.last().map_or(*heard, |last| last.seq.max(*heard));
                Vec::new()
            }
            _ => {
                self.behind = true;
                Vec::new()
            }
        }
    }

    /// Starts what is due, unless something is under way.
    #[must_use]
    pub fn proceed(&mut self) -> Option<Effect<O>> {
        if !matches!(self.under_way, UnderWay::Nothing) {
            return None;
        }
        let is_turn_of_drafts = self.caught_up && !self.waiting.is_empty();
        if self.behind && !is_turn_of_drafts {
            self.under_way = UnderWay::Read { heard: Seq::ZERO };
            self.behind = false;
            let after = Seq::new(self.head.get().saturating_sub(1));
            return Some(Effect::Read { after, limit: self.limit() });
        }
        if self.waiting.is_empty() {
            self.caught_up = false;
            return None;
        }
        let count = self.waiting.len().min(self.batch);
        let mut drafts: Vec<Draft<O>> = self.waiting.drain(..count).collect();
        let mut time = self.time;
        for draft in &mut drafts {
            draft.time = draft.time.max(time);
            time = draft.time;
        }
        let mut seq = self.head;
        let entries = drafts
            .iter()
            .map(|draft| {
                seq = seq.next();
                draft.numbered(seq)
            })
            .collect();
        let behind = std::mem::take(&mut self.behind);
        self.caught_up = false;
        self.under_way = UnderWay::Append { drafts, behind };
        Some(Effect::Append(entries))
    }

    /// Takes the outcome of an append. Any failure leaves it open whether entries were stored:
    /// reading the log tells.
    #[must_use]
    pub fn appended(&mut self, outcome: Result<Appended, StoreError>) -> Vec<Effect<O>> {
        let UnderWay::Append { mut drafts, behind } =
            std::mem::replace(&mut self.under_way, UnderWay::Nothing)
        else {
            return Vec::new();
        };
        let Ok(Appended { stored, stop }) = outcome else {
            self.behind = true;
            self.failures += 1;
            self.put_back(drafts);
            return Vec::new();
        };
        self.failures = 0;
        self.behind |= behind && stored == 0;
        let mut rest = drafts.split_off(stored.min(drafts.len()));
        let mut effects = self.store(drafts);
        match stop {
            None => {}
            Some(Stop::SeqTaken) => self.behind = true,
            Some(Stop::KeyTaken(existing)) => {
                self.behind |= existing.seq > self.head;
                if !rest.is_empty() {
                    effects.push(settle_key(rest.remove(0), existing));
                }
            }
            Some(Stop::TargetGone) => {
                let refused = rest.drain(..rest.len().min(1)).map(|draft| draft.origin);
                effects.extend(refused.map(|it| Effect::Refuse(it, Refusal::TargetGone)));
            }
        }
        self.put_back(rest);
        effects
    }

    /// Takes the answer to a read: entries behind the seq that was asked for, ascending. Fewer
    /// than were asked for means that there are no more.
    #[must_use]
    pub fn read(&mut self, outcome: Result<Vec<LogEntry>, StoreError>) -> Vec<Effect<O>> {
        let under_way = std::mem::replace(&mut self.under_way, UnderWay::Nothing);
        let Ok(entries) = outcome else {
            (self.behind, self.caught_up) = (true, false);
            return self.refuse_all(Refusal::StoreAway);
        };
        let first = entries.first().map(|entry| entry.id);
        if self.last.is_some() && self.last != first {
            return self.restart();
        }
        self.caught_up = entries.len() < self.limit();
        self.behind |= !self.caught_up;
        let fresh: Vec<LogEntry> =
            entries.into_iter().filter(|entry| entry.seq > self.head).collect();
        let mut effects = Vec::new();
        for entry in &fresh {
            if let Some(place) = self.waiting.iter().position(|draft| draft.id == entry.id)
                && let Some(draft) = self.waiting.remove(place)
            {
                effects.push(Effect::Acknowledge(draft.origin, Box::new(entry.clone())));
            }
        }
        effects.extend(self.deliver(fresh));
        self.behind |= matches!(under_way, UnderWay::Read { heard } if heard > self.head);
        // A store that can be read but not written, as when its disk is full, must not keep senders
        // waiting: what is known not to be in the log is given back.
        if self.caught_up && self.failures >= TRIES {
            self.failures = 0;
            effects.extend(self.refuse_all(Refusal::StoreAway));
        }
        effects
    }

    /// Takes back what waits and was sent by somebody who may not send any more. What is under way
    /// stands in the log before that, or comes back to wait.
    #[must_use]
    pub fn withdraw(&mut self, sender: &str) -> Vec<O> {
        let (withdrawn, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|draft| draft.sender == sender);
        self.waiting = kept.into();
        withdrawn.into_iter().map(|draft| draft.origin).collect()
    }

    /// A page, and the last entry that was delivered.
    fn limit(&self) -> usize {
        self.page + usize::from(self.last.is_some())
    }

    fn restart(&mut self) -> Vec<Effect<O>> {
        self.behind = false;
        let mut effects = self.refuse_all(Refusal::Restarting);
        effects.push(Effect::Restart);
        effects
    }

    fn refuse_all(&mut self, refusal: Refusal) -> Vec<Effect<O>> {
        self.waiting.drain(..).map(|draft| Effect::Refuse(draft.origin, refusal)).collect()
    }

    fn store(&mut self, drafts: Vec<Draft<O>>) -> Vec<Effect<O>> {
        let mut entries = Vec::with_capacity(drafts.len());
        let mut effects = Vec::with_capacity(drafts.len() + 1);
        for draft in drafts {
            let entry = draft.numbered(self.head.plus(entries.len() as u64 + 1));
            entries.push(entry.clone());
            effects.push(Effect::Acknowledge(draft.origin, Box::new(entry)));
        }
        let delivery = self.deliver(entries);
        effects.extend(delivery);
        effects
    }

    fn deliver(&mut self, entries: Vec<LogEntry>) -> Option<Effect<O>> {
        let last = entries.last()?;
        (self.head, self.last, self.time) = (last.seq, Some(last.id), last.time);
        Some(Effect::Deliver(entries))
    }

    fn put_back(&mut self, drafts: Vec<Draft<O>>) {
        for draft in drafts.into_iter().rev() {
            self.waiting.push_front(draft);
        }
    }
}

impl<O> Draft<O> {
    fn numbered(&self, seq: Seq) -> LogEntry {
        LogEntry {
            seq,
            id: self.id,
            time: self.time,
            sender: self.sender.clone(),
            key: self.key.clone(),
            body: self.body.clone(),
        }
    }
}

/// The same key again gets the first answer again, unless it says something else. What a message
/// said first is not known any more once it was edited or deleted: whoever repeats it then is
/// answered as before, too.
fn settle_key<O>(draft: Draft<O>, existing: Box<LogEntry>) -> Effect<O> {
    let same = match (&existing.body, &draft.body) {
        (Body::Message { text, edited, deleted }, Body::Message { text: again, .. }) => {
            // By REST the ends are trimmed, over sockets they are not.
            *edited || *deleted || text.trim() == again.trim()
        }
        (existing, draft) => existing == draft,
    };
    if same {
        Effect::Acknowledge(draft.origin, existing)
    } else {
        Effect::Refuse(draft.origin, Refusal::KeyConflict)
    }
}
