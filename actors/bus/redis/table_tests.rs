//! Tests of the table, with a Redis that answers when it is asked to.

use std::collections::HashSet;

use ihs_store::RoomId;
use proptest::prelude::*;

use super::{
    channels::{Channel, Channels},
    table::{Step, Table},
};
use crate::bus::{NodeId, Topic};

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
                    if bench.table.is_confirmed(&channel.name) {
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
