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
        self.entries.contains_key(name) && self.confirmed.contains(name)
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

#[cfg(test)]
mod tests {
    use ihs_store::RoomId;
    use proptest::prelude::*;

    use super::*;
    use crate::bus::redis::channels::Channels;

    const NODE: NodeId = NodeId([1; 12]);
    const OTHER: NodeId = NodeId([2; 12]);

    /// A table with a Redis that answers when it is asked to.
    struct Bench {
        channels: Channels,
        table: Table<u32>,
        redis: HashSet<Channel>,
        asked: Option<Step>,
    }

    impl Bench {
        fn new(channels: Channels) -> Self {
            let mut table = Table::new();
            table.connected();
            Self { channels, table, redis: HashSet::new(), asked: None }
        }

        fn topic(number: u8) -> Topic {
            Topic::Room(RoomId::from_bytes([number; 12]))
        }

        fn subscribe(&mut self, number: u8, node: NodeId, listener: u32) {
            let topic = Self::topic(number);
            self.table.subscribe(self.channels.of(&topic), topic, node, listener);
        }

        fn unsubscribe(&mut self, number: u8, node: NodeId) {
            self.table.unsubscribe(self.channels.of(&Self::topic(number)), node);
        }

        fn ask(&mut self) {
            if self.asked.is_none() {
                self.asked = self.table.next(3);
            }
        }

        fn answer(&mut self) {
            let Some(step) = self.asked.take() else { return };
            match &step {
                Step::Subscribe(channels) => self.redis.extend(channels.iter().cloned()),
                Step::Unsubscribe(channels) => {
                    self.redis.retain(|channel| !channels.contains(channel));
                }
            }
            self.table.settle(step);
        }

        fn lose(&mut self) {
            self.asked = None;
            self.redis.clear();
            let channels = &self.channels;
            self.table.lost(|topic| channels.of(topic));
            assert!(!self.table.is_settled(), "there is no connection");
            self.table.connected();
        }

        fn settle(&mut self) {
            self.answer();
            while let Some(step) = self.table.next(3) {
                self.asked = Some(step);
                self.answer();
            }
        }

        fn owed(&mut self) -> Vec<Topic> {
            let mut topics = Vec::new();
            while let Some(name) = self.table.next_owed() {
                topics.push(self.table.listeners(&name).unwrap().0.clone());
            }
            topics
        }
    }

    #[test]
    fn a_new_listener_is_owed_a_look_once_redis_confirms() {
        let mut bench = Bench::new(Channels::single("t"));
        bench.subscribe(1, NODE, 10);
        assert_eq!(bench.table.next_owed(), None);
        assert!(!bench.table.is_settled());
        bench.settle();
        assert!(!bench.table.is_settled(), "it was not told");
        let owed: Vec<_> = std::iter::from_fn(|| bench.table.next_owed()).collect();
        assert_eq!(owed.len(), 1);
        assert!(bench.table.is_settled());
        bench.subscribe(1, OTHER, 20);
        assert!(bench.table.is_settled(), "what is confirmed brings all there is to a second one");
    }

    #[test]
    fn a_channel_is_given_back_when_its_last_listener_goes() {
        let mut bench = Bench::new(Channels::single("t"));
        bench.subscribe(1, NODE, 10);
        bench.subscribe(1, OTHER, 20);
        bench.settle();
        bench.unsubscribe(1, NODE);
        assert_eq!(bench.table.next(9), None);
        bench.unsubscribe(1, OTHER);
        assert!(
            matches!(bench.table.next(9), Some(Step::Unsubscribe(channels)) if channels.len() == 1)
        );
    }

    #[test]
    fn a_listener_takes_the_place_of_an_earlier_one_of_its_node() {
        let mut bench = Bench::new(Channels::single("t"));
        bench.subscribe(1, NODE, 10);
        bench.subscribe(1, NODE, 11);
        let name = bench.channels.of(&Bench::topic(1)).name;
        assert_eq!(bench.table.listeners(&name).unwrap().1, [(NODE, 11)]);
    }

    #[test]
    fn who_has_no_place_is_told_behind_the_others() {
        let mut bench = Bench::new(Channels::single("t"));
        bench.subscribe(1, NODE, 10);
        bench.settle();
        let stuck = bench.table.next_owed().unwrap();
        bench.table.owe(&stuck);
        bench.table.owe(&stuck);
        assert!(bench.table.is_settled(), "it was told once, as far as it took it");
        bench.subscribe(2, NODE, 20);
        bench.settle();
        assert_eq!(bench.owed(), [Bench::topic(2), Bench::topic(1)]);
    }

    proptest! {
        #[test]
        fn in_the_end_redis_has_what_is_wanted_and_everybody_was_told_since(
            events in prop::collection::vec((0_u8..8, 0_u8..6, any::<bool>()), 0..120),
            sharded in any::<bool>(),
        ) {
            let channels = if sharded { Channels::sharded("t") } else { Channels::single("t") };
            let mut bench = Bench::new(channels);
            let mut wanted: HashSet<(u8, NodeId)> = HashSet::new();
            // Topics whose listeners have been told since the channel was last not confirmed.
            let mut told: Vec<Topic> = Vec::new();
            for (event, number, first) in events {
                let node = if first { NODE } else { OTHER };
                match event {
                    0..=2 => {
                        let channel = bench.channels.of(&Bench::topic(number));
                        if bench.table.confirmed.contains(&channel.name) {
                            // It is sent already: there is nothing to miss.
                            told.push(Bench::topic(number));
                        }
                        bench.subscribe(number, node, u32::from(number));
                        wanted.insert((number, node));
                    }
                    3 | 4 => {
                        bench.unsubscribe(number, node);
                        wanted.remove(&(number, node));
                    }
                    5 => bench.ask(),
                    6 => bench.answer(),
                    _ => {
                        bench.lose();
                        told.clear();
                    }
                }
                told.extend(bench.owed());
                let sent = &bench.redis;
                let is_sent = |topic: &Topic| sent.contains(&bench.channels.of(topic));
                told.retain(is_sent);
                for number in 0..6 {
                    let channel = bench.channels.of(&Bench::topic(number));
                    prop_assert!(!bench.table.counts_on(&channel.name) || sent.contains(&channel)
                        || matches!(&bench.asked, Some(Step::Unsubscribe(asked)) if asked.contains(&channel)));
                }
            }
            bench.settle();
            told.extend(bench.owed());
            prop_assert!(bench.table.is_settled());
            let topics: HashSet<u8> = wanted.iter().map(|(number, _)| *number).collect();
            let channels: HashSet<Channel> =
                topics.iter().map(|number| bench.channels.of(&Bench::topic(*number))).collect();
            prop_assert_eq!(&bench.redis, &channels);
            for number in topics {
                prop_assert!(told.contains(&Bench::topic(number)), "nobody told {}", number);
            }
        }
    }
}
