//! Properties of the room log: several nodes over one store, in any interleaving, with appends
//! whose outcome is lost.

use std::collections::{BTreeMap, VecDeque};

use ihs_store::{Appended, Body, EntryId, LogEntry, Seq, Stop, StoreError, Timestamp};
use proptest::prelude::*;

use super::log::{Draft, Effect, Refusal, RoomLog};

const PAGE: usize = 3;
const BATCH: usize = 4;
const PENDING: usize = 8;

/// The store as its port promises it to be.
#[derive(Default)]
pub(super) struct Log(pub(super) Vec<LogEntry>);

impl Log {
    fn append(&mut self, entries: &[LogEntry]) -> Appended {
        for (stored, entry) in entries.iter().enumerate() {
            let taken = self.0.iter().find(|old| {
                old.key.is_some() && old.key == entry.key && old.sender == entry.sender
            });
            let stop = if let Some(old) = taken {
                Some(Stop::KeyTaken(Box::new(old.clone())))
            } else if entry.seq != Seq::new(self.0.len() as u64 + 1) {
                Some(Stop::SeqTaken)
            } else if self.is_gone(entry) {
                Some(Stop::TargetGone)
            } else {
                None
            };
            if stop.is_some() {
                return Appended { stored, stop };
            }
            self.0.push(entry.clone());
        }
        Appended { stored: entries.len(), stop: None }
    }

    fn is_gone(&self, entry: &LogEntry) -> bool {
        let (Body::Edited { target, .. } | Body::Deleted { target }) = &entry.body else {
            return false;
        };
        let deletion = Body::Deleted { target: *target };
        self.0.iter().any(|entry| entry.body == deletion)
    }

    fn after(&self, seq: Seq, limit: usize) -> Vec<LogEntry> {
        self.0.iter().filter(|entry| entry.seq > seq).take(limit).cloned().collect()
    }
}

fn away() -> StoreError {
    StoreError::OutcomeUnknown("cut".into())
}

pub(super) fn draft(number: u64, key: Option<u8>) -> Draft<u64> {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Draft {
        id: EntryId::from_bytes(id),
        time: Timestamp::default(),
        sender: "ada".to_owned(),
        key: key.map(|key| key.to_string()),
        body: Body::message(key.map_or(number.to_string(), |key| format!("text {key}"))),
        origin: number,
    }
}

/// What the store says to a call.
pub(super) enum Outcome {
    Appended(Result<Appended, StoreError>),
    Read(Result<Vec<LogEntry>, StoreError>),
}

/// One node: its log, the store calls it waits for, what it delivered and answered.
pub(super) struct Node {
    pub(super) log: RoomLog<u64>,
    pub(super) calls: VecDeque<Effect<u64>>,
    /// Of a call that was carried out, and has not heard of it.
    pub(super) outcome: Option<Outcome>,
    /// The last entry of which it was told that it is there.
    told: u64,
    pub(super) delivered: Vec<LogEntry>,
    pub(super) answers: BTreeMap<u64, Result<LogEntry, Refusal>>,
    pub(super) restarts: bool,
}

impl Node {
    pub(super) fn new() -> Self {
        Self {
            log: RoomLog::new(None, BATCH, PENDING, PAGE),
            calls: VecDeque::new(),
            outcome: None,
            told: 0,
            delivered: Vec::new(),
            answers: BTreeMap::new(),
            restarts: false,
        }
    }

    fn take(&mut self, effects: impl IntoIterator<Item = Effect<u64>>) {
        for effect in effects {
            let answer = match effect {
                Effect::Append(_) | Effect::Read { .. } => {
                    self.calls.push_back(effect);
                    continue;
                }
                Effect::Deliver(entries) => {
                    self.delivered.extend(entries);
                    continue;
                }
                Effect::Acknowledge(origin, entry) => (origin, Ok(*entry)),
                Effect::Refuse(origin, refusal) => (origin, Err(refusal)),
                Effect::Restart => {
                    self.restarts = true;
                    continue;
                }
            };
            assert!(self.answers.insert(answer.0, answer.1).is_none(), "answered twice");
        }
        assert!(self.calls.len() <= 1, "one call at a time");
    }

    pub(super) fn submit(&mut self, number: u64, key: Option<u8>) {
        let refused = self.log.submit(draft(number, key));
        self.take(refused);
        self.proceed();
    }

    pub(super) fn proceed(&mut self) {
        let effect = self.log.proceed();
        self.take(effect);
    }

    /// Carries out the call that waits, perhaps losing the call or its answer.
    pub(super) fn carry_out(&mut self, store: &mut Log, loss: Loss) {
        if self.outcome.is_some() {
            return;
        }
        let Some(call) = self.calls.pop_front() else { return };
        self.outcome = match (call, loss) {
            (Effect::Append(_), Loss::Call) => Some(Outcome::Appended(Err(away()))),
            (Effect::Append(entries), Loss::Answer) => {
                store.append(&entries);
                Some(Outcome::Appended(Err(away())))
            }
            (Effect::Append(entries), Loss::None) => {
                Some(Outcome::Appended(Ok(store.append(&entries))))
            }
            (Effect::Read { .. }, Loss::Call | Loss::Answer) => Some(Outcome::Read(Err(away()))),
            (Effect::Read { after, limit }, Loss::None) => {
                Some(Outcome::Read(Ok(store.after(after, limit))))
            }
            _ => None,
        };
    }

    /// Carries out the call that waits, if it was not, and tells the node.
    pub(super) fn step(&mut self, store: &mut Log, loss: Loss) {
        self.carry_out(store, loss);
        let effects = match self.outcome.take() {
            Some(Outcome::Appended(outcome)) => self.log.appended(outcome),
            Some(Outcome::Read(outcome)) => self.log.read(outcome),
            None => return,
        };
        self.take(effects);
        self.proceed();
    }

    pub(super) fn look(&mut self, store: &Log) {
        self.told = store.0.len() as u64;
        self.log.look();
        self.proceed();
    }

    pub(super) fn hear(&mut self, said: Vec<LogEntry>) {
        self.told = said.last().map_or(0, |last| last.seq.get()).max(self.told);
        let effects = self.log.hear(said);
        self.take(effects);
        self.proceed();
    }

    /// Goes on until nothing is to be done.
    pub(super) fn finish(&mut self, store: &mut Log) {
        for _ in 0..1_000 {
            if self.calls.is_empty() && self.outcome.is_none() && self.log.is_settled() {
                return;
            }
            self.step(store, Loss::None);
        }
        panic!("does not settle");
    }

    pub(super) fn settle(&mut self, store: &mut Log) {
        self.look(store);
        self.finish(store);
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    None,
    Call,
    Answer,
}

#[derive(Debug, Clone)]
enum Act {
    Submit { node: usize, key: Option<u8> },
    CarryOut { node: usize, loss: Loss },
    Step { node: usize, loss: Loss },
    Hear { from: usize, to: usize, count: usize },
    Look { node: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let loss = prop_oneof![6 => Just(Loss::None), 1 => Just(Loss::Call), 1 => Just(Loss::Answer)];
    prop_oneof![
        3 => (0..3_usize, prop::option::weighted(0.3, 0..4_u8))
            .prop_map(|(node, key)| Act::Submit { node, key }),
        2 => (0..3_usize, loss.clone()).prop_map(|(node, loss)| Act::CarryOut { node, loss }),
        5 => (0..3_usize, loss).prop_map(|(node, loss)| Act::Step { node, loss }),
        1 => (0..3_usize, 0..3_usize, 1..4_usize)
            .prop_map(|(from, to, count)| Act::Hear { from, to, count }),
        1 => (0..3_usize).prop_map(|node| Act::Look { node }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_node_delivers_the_log_and_answers_every_draft_once(
        acts in prop::collection::vec(act(), 1..120),
    ) {
        let mut store = Log::default();
        let mut nodes = [Node::new(), Node::new(), Node::new()];
        let mut submitted = vec![Vec::new(); 3];
        for (number, act) in (0_u64..).zip(&acts) {
            match *act {
                Act::Submit { node, key } => {
                    submitted[node].push((number, key));
                    nodes[node].submit(number, key);
                }
                Act::CarryOut { node, loss } => nodes[node].carry_out(&mut store, loss),
                Act::Step { node, loss } => nodes[node].step(&mut store, loss),
                Act::Hear { from, to, count } => {
                    let said: Vec<LogEntry> =
                        nodes[from].delivered.iter().rev().take(count).rev().cloned().collect();
                    nodes[to].hear(said);
                }
                Act::Look { node } => nodes[node].look(&store),
            }
            for (node, submitted) in nodes.iter().zip(&submitted) {
                let waiting = submitted.len() - node.answers.len();
                prop_assert!(waiting <= BATCH + PENDING, "{} drafts wait", waiting);
            }
        }
        for node in &mut nodes {
            node.finish(&mut store);
            prop_assert!(node.log.head().get() >= node.told, "it was told of what it did not read");
        }
        for node in &mut nodes {
            node.settle(&mut store);
        }
        for (node, submitted) in nodes.iter().zip(&submitted) {
            prop_assert_eq!(&node.delivered, &store.0);
            prop_assert!(!node.restarts, "the log was not put back");
            for (number, key) in submitted {
                let Some(answer) = node.answers.get(number) else {
                    panic!("draft {number} was never answered")
                };
                if let Ok(entry) = answer {
                    prop_assert!(store.0.contains(entry), "acknowledged but not in the log");
                    if key.is_none() {
                        prop_assert_eq!(&entry.body, &Body::message(number.to_string()));
                    }
                }
            }
        }
    }
}
