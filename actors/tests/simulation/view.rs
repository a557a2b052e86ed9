//! What a client knows of a room, and what it checks in every frame.

use std::collections::BTreeSet;

use ihs_store::{Body, EntryId, RoomId, Seq};
use serde::Deserialize;

use crate::model::Log;

/// A frame from the server.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<u64>,
    pub(crate) room: Option<RoomId>,
    #[serde(default)]
    pub(crate) seq: Seq,
    pub(crate) id: Option<EntryId>,
    pub(crate) sender: Option<String>,
    pub(crate) target: Option<Seq>,
    pub(crate) text: Option<String>,
    #[serde(default)]
    deleted: bool,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    #[serde(default)]
    pub(crate) diverged: bool,
    #[serde(default)]
    pub(crate) online: Online,
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) messages: Vec<Frame>,
    /// The rooms of a sync.
    #[serde(default)]
    pub(crate) rooms: Vec<Frame>,
    #[serde(default)]
    pub(crate) newest: Vec<Frame>,
}

/// What a frame says of who is there.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Online {
    #[default]
    Unsaid,
    /// These are.
    These(Vec<String>),
    /// Its user is, or is not.
    Is(bool),
}

/// Where a join starts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From {
    Now,
    After(Seq, Option<EntryId>),
    History(u64),
}

/// What a client has said last about a room, as long as it is not answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    Join(From),
    Leave,
}

/// What a client knows of a room.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude each other")]
pub(crate) struct View {
    /// The client wants to be fed.
    pub(crate) wanted: bool,
    /// It was told that it is.
    pub(crate) fed: bool,
    pub(crate) word: Option<(u64, Word)>,
    /// An earlier word was answered while the last is not: what comes may belong to either.
    pub(crate) unsure: bool,
    /// The last word was refused.
    pub(crate) refused: bool,
    /// What comes before the first entry; `None` when the first entry is to tell.
    base: Option<Seq>,
    entries: Vec<Seen>,
    /// What was asked for, and the head that was answered, as long as no entry has come.
    history: Option<(u64, Seq)>,
    /// Who is there, as far as the client was told.
    pub(crate) online: Option<BTreeSet<String>>,
    /// When the feed was asked for, on the clock of the schedule.
    pub(crate) since: u64,
}

/// An entry as a client keeps it.
struct Seen {
    id: EntryId,
    what: What,
}

enum What {
    Message { text: String, deleted: bool },
    Edited { target: Seq, text: String },
    Deleted { target: Seq },
    Members,
}

impl Frame {
    /// Whether this is an entry of a log.
    pub(crate) fn is_entry(&self) -> bool {
        matches!(self.kind.as_str(), "message" | "edited" | "deleted" | "members")
    }

    /// Checks an entry against the log: it is the one at that place, says something that it once
    /// said, and may be seen.
    pub(crate) fn check(&self, log: &Log, user: &str) {
        let Some(entry) = log.at(self.seq) else { panic!("{self:?} is not in the log") };
        assert_eq!(Some(entry.id), self.id, "{self:?} is not the entry at that place");
        let said = || {
            let text = self.text.as_ref().expect("a text");
            assert!(log.texts(self.seq).contains(text), "{self:?} never said that");
        };
        match &entry.body {
            Body::Message { .. } => {
                assert_eq!(self.kind, "message");
                said();
                let empty = self.text.as_deref() == Some("");
                assert_eq!(empty, self.deleted, "{self:?} is deleted when it is empty");
            }
            Body::Edited { target, .. } => {
                assert_eq!((self.kind.as_str(), self.target), ("edited", Some(*target)));
                said();
            }
            Body::Deleted { target } => {
                assert_eq!((self.kind.as_str(), self.target), ("deleted", Some(*target)));
            }
            Body::Members { .. } => assert_eq!(self.kind, "members"),
        }
        if self.kind != "members" {
            assert_eq!(self.sender.as_ref(), Some(&entry.sender), "{self:?}");
        }
        assert!(log.is_open_to(user, self.seq), "{user} was removed, and sees {self:?}");
    }

    /// The message whose text this entry shows.
    pub(crate) fn shows(&self) -> Option<Seq> {
        let has_text = self.text.as_ref().is_some_and(|text| !text.is_empty());
        has_text.then(|| self.target.unwrap_or(self.seq))
    }
}

impl View {
    /// Of a room that the client wants to be fed from.
    pub(crate) fn wanted() -> Self {
        Self { wanted: true, ..Self::default() }
    }

    /// What the client has, to resume behind; `None` when it does not know.
    pub(crate) fn cursor(&self) -> Option<(Seq, Option<EntryId>)> {
        let last = self.entries.last().map(|seen| seen.id);
        self.base.map(|base| (base.plus(self.entries.len() as u64), last))
    }

    /// The answer to the last join, with what the log has.
    pub(crate) fn join(&mut self, from: From, frame: &Frame, log: &Log, since: u64) {
        self.word = None;
        self.since = since;
        if (self.fed || self.unsure) && matches!(from, From::Now) {
            // A feed goes on where it is, known or not.
            self.fed = true;
            return;
        }
        (self.fed, self.unsure) = (true, false);
        self.history = None;
        match from {
            From::Now => self.restart(Some(frame.seq)),
            From::History(count) => {
                self.restart(None);
                self.history = Some((count, frame.seq));
            }
            From::After(..) if frame.diverged => self.restart(Some(Seq::ZERO)),
            From::After(after, last) => {
                if let Some(last) = last {
                    let there = log.at(after).map(|entry| entry.id);
                    assert_eq!(there, Some(last), "the log diverged, and nobody said so");
                }
                match self.base {
                    Some(base) if base <= after => {
                        let kept = usize::try_from(after.get() - base.get()).expect("a length");
                        self.entries.truncate(kept);
                    }
                    _ => self.restart(Some(after)),
                }
            }
        }
    }

    fn restart(&mut self, base: Option<Seq>) {
        self.base = base;
        self.entries.clear();
    }

    /// The last word was answered, if it was that one.
    pub(crate) fn settle(&mut self, answered: Option<u64>) {
        if self.word.map(|(reference, _)| reference) == answered {
            self.word = None;
        }
    }

    /// The last word was refused, if it was that one.
    pub(crate) fn refuse(&mut self, answered: Option<u64>) {
        self.refused |= self.word.map(|(reference, _)| reference) == answered;
        self.settle(answered);
    }

    /// The feed has ended.
    pub(crate) fn end(&mut self) {
        (self.fed, self.unsure) = (false, false);
    }

    /// Takes what a frame says of who is there.
    pub(crate) fn hear_online(&mut self, frame: &Frame) {
        match (&frame.online, &mut self.online, &frame.user) {
            (Online::These(all), online, _) => *online = Some(all.iter().cloned().collect()),
            (Online::Is(true), Some(online), Some(user)) => {
                online.insert(user.clone());
            }
            (Online::Is(false), Some(online), Some(user)) => {
                online.remove(user);
            }
            _ => {}
        }
    }

    /// Takes an entry of the feed, which must be the next.
    pub(crate) fn take(&mut self, frame: &Frame) {
        if self.unsure {
            return;
        }
        assert!(self.fed, "an entry without a feed: {frame:?}");
        let base = *self.base.get_or_insert(Seq::new(frame.seq.get() - 1));
        let next = base.plus(self.entries.len() as u64 + 1);
        assert_eq!(frame.seq, next, "the next entry is another: {frame:?}");
        let text = || frame.text.clone().expect("a text");
        let target = || frame.target.expect("a target");
        let what = match frame.kind.as_str() {
            "message" => What::Message { text: text(), deleted: frame.deleted },
            "edited" => What::Edited { target: target(), text: text() },
            "deleted" => What::Deleted { target: target() },
            _ => What::Members,
        };
        self.entries.push(Seen { id: frame.id.expect("an id"), what });
    }

    /// Checks that the client has everything, up to the log's head at least `head`.
    pub(crate) fn check_whole(&self, log: &Log, head: Seq) {
        let Some(base) = self.base else {
            let (count, joined) = self.history.expect("only history leaves the start open");
            assert!(head <= joined, "nothing came of what followed a join by history");
            let messages = log.messages().filter(|entry| entry.seq <= joined).count();
            assert!(count == 0 || messages == 0, "no history came");
            return;
        };
        let (last, _) = self.cursor().expect("a cursor");
        assert!(last >= head, "the client has {last}, the log {head}");
        for (place, seen) in (1..).zip(&self.entries) {
            let entry = log.at(base.plus(place)).expect("an entry");
            assert_eq!(entry.id, seen.id, "another entry stands at {}", entry.seq);
        }
        if let Some((count, joined)) = self.history {
            let all = log.messages().filter(|entry| entry.seq <= joined).count() as u64;
            let given = log.messages().filter(|entry| entry.seq > base).count();
            assert!(given as u64 >= count.min(all), "{given} of {count} messages of history");
        }
    }

    /// Checks that what the client shows is what the log says: the entries, in their order, make
    /// the same of each message.
    pub(crate) fn check_shown(&self, log: &Log) {
        let Some(base) = self.base else { return };
        let mut shown: Vec<Option<(&str, bool)>> = vec![None; self.entries.len()];
        let place = |seq: Seq| usize::try_from(seq.get().checked_sub(base.get() + 1)?).ok();
        for (at, seen) in self.entries.iter().enumerate() {
            let target = match &seen.what {
                What::Message { text, deleted } => {
                    shown[at] = Some((text, *deleted));
                    continue;
                }
                What::Members => continue,
                What::Edited { target, .. } | What::Deleted { target } => *target,
            };
            let Some(Some(message)) = place(target).and_then(|at| shown.get_mut(at)) else {
                continue;
            };
            match &seen.what {
                What::Edited { text, .. } if !message.1 => message.0 = text,
                What::Deleted { .. } => *message = ("", true),
                _ => {}
            }
        }
        for entry in log.messages() {
            let Body::Message { text, deleted, .. } = &entry.body else { continue };
            if let Some(Some(message)) = place(entry.seq).and_then(|at| shown.get(at)) {
                assert_eq!(*message, (text.as_str(), *deleted), "shown of {}", entry.seq);
            }
        }
    }
}
