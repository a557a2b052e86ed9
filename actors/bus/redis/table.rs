//! Who listens to what, what Redis has confirmed of it, and who must be told to look.
//!
//! Two sides meet here: what is wanted changes at any time, what is confirmed only as Redis
//! answers. [`Table::next`] says what to ask for, [`Table::settle`] notes that it is so.
//! Between wanting and the confirmation anything may have been missed; whoever listens is owed a
//! word then, and gets it by [`Table::next_owed`] in its turn.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use super::channels::Channel;
use crate::bus::{NodeId, Topic};

/// What to ask Redis for: channels of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Subscribe to these.
    Subscribe(Vec<Channel>),
    /// Unsubscribe from these.
    Unsubscribe(Vec<Channel>),
}

/// A topic that somebody listens to.
#[derive(Debug)]
struct Entry<L> {
    topic: Topic,
    listeners: Vec<(NodeId, L)>,
}

/// The subscriptions of this process. `L` is how a listener is reached.
#[derive(Debug)]
pub(super) struct Table<L> {
    /// What is wanted, by the name of its channel.
    entries: HashMap<Arc<str>, Entry<L>>,
    /// What Redis sends us.
    confirmed: HashSet<Arc<str>>,
    /// Channels that may be wanted and not confirmed, or the other way round.
    unsettled: BTreeSet<Channel>,
    owed: Owed,
    is_connected: bool,
}

impl<L> Table<L> {
    /// Nobody listens.
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            confirmed: HashSet::new(),
            unsettled: BTreeSet::new(),
            owed: Owed::default(),
            is_connected: false,
        }
    }

    /// A node wants to hear of a topic; its listener takes the place of an earlier one.
    pub(super) fn subscribe(&mut self, channel: Channel, topic: Topic, node: NodeId, listener: L) {
        let entry = self
            .entries
            .entry(Arc::clone(&channel.name))
            .or_insert_with(|| Entry { topic, listeners: Vec::new() });
        entry.listeners.retain(|(known, _)| *known != node);
        entry.listeners.push((node, listener));
        if !self.confirmed.contains(&channel.name) {
            self.unsettled.insert(channel);
        }
    }

    /// A node wants to hear no more of it.
    pub(super) fn unsubscribe(&mut self, channel: Channel, node: NodeId) {
        let Some(entry) = self.entries.get_mut(&channel.name) else { return };
        entry.listeners.retain(|(known, _)| *known != node);
        if !entry.listeners.is_empty() {
            return;
        }
        self.entries.remove(&channel.name);
        if self.confirmed.contains(&channel.name) {
            self.unsettled.insert(channel);
        } else {
            self.unsettled.remove(&channel);
        }
    }

    /// What to ask for next, at most `limit` channels. Nothing else may be asked for until it is
    /// settled, or the connection lost.
    pub(super) fn next(&mut self, limit: usize) -> Option<Step> {
        let first = loop {
            let first = self.unsettled.first()?.clone();
            if self.is_wanted(&first) != self.confirmed.contains(&first.name) {
                break first;
            }
            self.unsettled.pop_first();
        };
        let wanted = self.is_wanted(&first);
        let fits = |channel: &&Channel| {
            self.is_wanted(channel) == wanted && self.confirmed.contains(&channel.name) != wanted
        };
        let lane = self.unsettled.iter().take_while(|channel| channel.lane == first.lane);
        let channels: Vec<Channel> = lane.filter(fits).take(limit.max(1)).cloned().collect();
        Some(if wanted { Step::Subscribe(channels) } else { Step::Unsubscribe(channels) })
    }

    /// Redis has confirmed a step. What has been wanted otherwise since is asked for later.
    pub(super) fn settle(&mut self, step: Step) {
        match step {
            Step::Subscribe(channels) => {
                for channel in channels {
                    self.confirmed.insert(Arc::clone(&channel.name));
                    if self.is_wanted(&channel) {
                        self.unsettled.remove(&channel);
                        self.owed.add(channel.name);
                    } else {
                        self.unsettled.insert(channel);
                    }
                }
            }
            Step::Unsubscribe(channels) => {
                for channel in channels {
                    self.confirmed.remove(&channel.name);
                    if self.is_wanted(&channel) {
                        self.unsettled.insert(channel);
                    } else {
                        self.unsettled.remove(&channel);
                    }
                }
            }
        }
    }

    /// There is a connection on which to ask.
    pub(super) const fn connected(&mut self) {
        self.is_connected = true;
    }

    /// The connection is gone, and all that was confirmed with it.
    pub(super) fn lost(&mut self, channel_of: impl Fn(&Topic) -> Channel) {
        self.is_connected = false;
        self.confirmed.clear();
        self.unsettled = self.entries.values().map(|entry| channel_of(&entry.topic)).collect();
    }

    /// Whether Redis should be sending us this channel.
    pub(super) fn counts_on(&self, name: &str) -> bool {
        self.entries.contains_key(name) && self.is_confirmed(name)
    }

    /// Whether Redis sends us this channel, as far as is known.
    pub(super) fn is_confirmed(&self, name: &str) -> bool {
        self.confirmed.contains(name)
    }

    /// Who listens to a channel.
    pub(super) fn listeners(&self, name: &str) -> Option<(&Topic, &[(NodeId, L)])> {
        let entry = self.entries.get(name)?;
        Some((&entry.topic, &entry.listeners))
    }

    /// Whoever listens to this channel must be told to look.
    pub(super) fn owe(&mut self, name: &str) {
        if let Some((name, _)) = self.entries.get_key_value(name) {
            self.owed.add_stuck(Arc::clone(name));
        }
    }

    /// The next channel whose listeners must be told to look.
    pub(super) fn next_owed(&mut self) -> Option<Arc<str>> {
        while let Some(name) = self.owed.next() {
            if self.entries.contains_key(&name) {
                return Some(name);
            }
        }
        None
    }

    /// Whether everything that is wanted is confirmed, and everybody was told once since.
    pub(super) fn is_settled(&self) -> bool {
        self.is_connected && self.unsettled.is_empty() && self.owed.fresh.is_empty()
    }

    /// Whether anybody must still be told.
    pub(super) fn is_owing(&self) -> bool {
        !self.owed.names.is_empty()
    }

    fn is_wanted(&self, channel: &Channel) -> bool {
        self.entries.contains_key(&channel.name)
    }
}

/// Channels in the order in which they are told, each once. Those whose listener had no place for
/// it go behind all others.
#[derive(Debug, Default)]
struct Owed {
    fresh: VecDeque<Arc<str>>,
    stuck: VecDeque<Arc<str>>,
    names: HashSet<Arc<str>>,
}

impl Owed {
    fn add(&mut self, name: Arc<str>) {
        if self.names.insert(Arc::clone(&name)) {
            self.fresh.push_back(name);
        }
    }

    fn add_stuck(&mut self, name: Arc<str>) {
        if self.names.insert(Arc::clone(&name)) {
            self.stuck.push_back(name);
        }
    }

    fn next(&mut self) -> Option<Arc<str>> {
        let name = self.fresh.pop_front().or_else(|| self.stuck.pop_front())?;
        self.names.remove(&name);
        Some(name)
    }
}
