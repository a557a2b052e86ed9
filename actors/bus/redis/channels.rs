//! Names of channels.
//!
//! A sharded channel lives on one node of a cluster, decided by what stands in braces. So that
//! many can be subscribed to and published on at once, and each node of the cluster can be probed,
//! channels are dealt to a few lanes; all of a lane live together. One Redis has one lane.

use std::sync::Arc;

use crc16::{State, XMODEM};

use crate::bus::Topic;

/// Slots of a Redis Cluster.
const SLOTS: u16 = 16_384;

/// Lanes of a cluster, spread evenly over its slots.
const LANES: u16 = 16;

/// A channel, and the lane that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Channel {
    /// The lane.
    pub(super) lane: usize,
    /// The name.
    pub(super) name: Arc<str>,
}

/// Finds the channel of a topic. Every node finds the same.
#[derive(Debug)]
pub(super) struct Channels {
    /// What the names of each lane's channels begin with.
    lanes: Vec<String>,
}

impl Channels {
    /// For one Redis.
    pub(super) fn single(prefix: &str) -> Self {
        Self { lanes: vec![format!("{prefix}:")] }
    }

    /// For a cluster.
    pub(super) fn sharded(prefix: &str) -> Self {
        let lanes = (0..LANES).map(|lane| format!("{prefix}:{{{}}}:", tag(lane)));
        Self { lanes: lanes.collect() }
    }

    /// How many lanes there are.
    pub(super) const fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The channel of a topic.
    pub(super) fn of(&self, topic: &Topic) -> Channel {
        let name = match topic {
            Topic::Room(room) => format!("room:{room}"),
            Topic::Inbox(user) => format!("inbox:{}", user.as_str()),
            Topic::Nodes => "nodes".to_owned(),
        };
        let lane = usize::from(crc(&name)) % self.lanes.len();
        self.channel(lane, &name)
    }

    /// The channel on which the node that calls itself so hears its own probes of a lane.
    pub(super) fn probe(&self, lane: usize, node: &str) -> Channel {
        self.channel(lane, &format!("probe:{node}"))
    }

    fn channel(&self, lane: usize, name: &str) -> Channel {
        Channel { lane, name: format!("{}{name}", self.lanes[lane]).into() }
    }
}

/// The smallest number whose slot lies in the lane's part of all slots.
fn tag(lane: u16) -> u16 {
    let lies_there = |tag: &u16| crc(&tag.to_string()) % SLOTS / (SLOTS / LANES) == lane;
    (0..=u16::MAX).find(lies_there).unwrap_or(lane)
}

fn crc(text: &str) -> u16 {
    State::<XMODEM>::calculate(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ihs_store::RoomId;

    use super::*;

    fn room(number: u8) -> Topic {
        Topic::Room(RoomId::from_bytes([number; 12]))
    }

    /// The slot of a name with braces, as a cluster finds it.
    fn slot(name: &str) -> u16 {
        let (_, rest) = name.split_once('{').unwrap();
        crc(rest.split_once('}').unwrap().0) % SLOTS
    }

    #[test]
    fn a_single_redis_has_plain_names() {
        let channels = Channels::single("ihs");
        assert_eq!(&*channels.of(&room(7)).name, "ihs:room:070707070707070707070707");
        assert_eq!(&*channels.of(&Topic::Nodes).name, "ihs:nodes");
        assert_eq!(&*channels.probe(0, "me").name, "ihs:probe:me");
    }

    #[test]
    fn names_on_a_cluster_never_change() {
        // Nodes of several versions must meet on the same channels.
        let channels = Channels::sharded("ihs");
        let (of_room, of_nodes) = (channels.of(&room(7)), channels.of(&Topic::Nodes));
        assert_eq!(&*of_room.name, "ihs:{1}:room:070707070707070707070707");
        assert_eq!(&*of_nodes.name, "ihs:{12}:nodes");
    }

    #[test]
    fn all_channels_of_a_lane_share_a_slot_and_lanes_are_spread_evenly() {
        let channels = Channels::sharded("ihs");
        let mut parts = HashSet::new();
        for lane in 0..channels.lanes() {
            let probe = channels.probe(lane, "me");
            assert_eq!(usize::from(slot(&probe.name) / (SLOTS / LANES)), lane);
            parts.insert(slot(&probe.name));
        }
        assert_eq!(parts.len(), channels.lanes());
        for number in 0..100 {
            let channel = channels.of(&room(number));
            assert_eq!(slot(&channel.name), slot(&channels.probe(channel.lane, "me").name));
        }
    }
}
