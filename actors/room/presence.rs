//! Who is in a room just now, on this node and on others, and what its sockets are told of it.
//! Decisions only.
//!
//! Nodes tell each other who comes and goes, and everything now and then, in case the bus has lost
//! something. What a node said counts for as long as it lives and says so. In a big room only net changes are
//! told, so many at a time: each goes to every socket.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{bus::NodeId, username::Username};

/// Frames that one room may cause between two ticks by telling who comes and goes.
const FRAMES: usize = 5_000;

/// Ticks for which a node that could be heard may say nothing: 25 s, so that two of its statements may
/// be lost.
const SILENT_TICKS: u32 = 100;

/// Users that one node may name in a room: more are not believed.
const MOST_USERS: usize = 100_000;

/// Who is in a room.
#[derive(Debug, Default)]
pub struct Presence {
    here: HashSet<Username>,
    elsewhere: BTreeMap<NodeId, Elsewhere>,
    /// Who is online as far as the sockets here were told.
    told: BTreeSet<Username>,
    /// Who may have come or gone since.
    stirred: BTreeSet<Username>,
    /// Changes told since the last tick.
    spent: usize,
    /// Who came to or left this node, and other nodes do not know.
    unsaid: BTreeSet<Username>,
}

/// Who is on another node, as far as it said.
#[derive(Debug, Default)]
struct Elsewhere {
    users: HashSet<Username>,
    /// Ticks since it said who all is there, in which it could have been heard.
    silent: u32,
}

/// Who came to, and who left, this node.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Who came.
    pub came: Vec<Username>,
    /// Who left.
    pub left: Vec<Username>,
}

impl Presence {
    /// Somebody has a socket here.
    pub fn come(&mut self, user: &Username) {
        if self.here.insert(user.clone()) {
            self.stir(user);
            self.unsaid.insert(user.clone());
        }
    }

    /// Somebody has none any more.
    pub fn leave(&mut self, user: &Username) {
        if self.here.remove(user) {
            self.stir(user);
            self.unsaid.insert(user.clone());
        }
    }

    /// Another node says who all is there.
    pub fn hear_all(&mut self, node: NodeId, users: Vec<Username>) {
        let users: HashSet<Username> = users.into_iter().take(MOST_USERS).collect();
        let before = self.elsewhere.remove(&node).unwrap_or_default();
        self.stirred.extend(before.users.symmetric_difference(&users).cloned());
        if !users.is_empty() {
            self.elsewhere.insert(node, Elsewhere { users, silent: 0 });
        }
    }

    /// Another node says who came and who left.
    pub fn hear(&mut self, node: NodeId, Moves { came, left }: Moves) {
        let users = &mut self.elsewhere.entry(node).or_default().users;
        for user in &left {
            users.remove(user);
        }
        users.extend(came.iter().take(MOST_USERS.saturating_sub(users.len())).cloned());
        if users.is_empty() {
            self.elsewhere.remove(&node);
        }
        self.stirred.extend(came.into_iter().chain(left));
    }

    /// Forgets what nodes said that do not live any more, or have not said it again for long, and
    /// says who is gone with them. To be called once a tick; `heard` says whether nodes could be
    /// heard just now.
    pub fn keep_nodes(&mut self, lives: impl Fn(NodeId) -> bool, heard: bool) -> Vec<Username> {
        let mut gone: Vec<Username> = Vec::new();
        self.elsewhere.retain(|node, elsewhere| {
            elsewhere.silent += u32::from(heard);
            let stays = lives(*node) && elsewhere.silent < SILENT_TICKS;
            if !stays {
                gone.extend(elsewhere.users.drain());
            }
            stays
        });
        self.stirred.extend(gone.iter().cloned());
        gone.retain(|user| !self.is_online(user));
        gone.sort_unstable();
        gone.dedup();
        gone
    }

    /// Whether somebody is in the room, on whichever node.
    #[must_use]
    pub fn is_online(&self, user: &Username) -> bool {
        self.here.contains(user) || self.elsewhere.values().any(|there| there.users.contains(user))
    }

    /// Whether somebody is in the room on this node.
    #[must_use]
    pub fn is_here(&self, user: &Username) -> bool {
        self.here.contains(user)
    }

    /// Whether all of these are here, as far as that is told at once: only members are.
    #[must_use]
    pub fn is_everybody(&self, members: &HashSet<Username>) -> bool {
        self.here.len() >= members.len()
    }

    /// Everybody, in order.
    #[must_use]
    pub fn online(&self) -> Vec<&str> {
        let all = self.here.iter().chain(self.elsewhere.values().flat_map(|there| &there.users));
        let all: BTreeSet<&str> = all.map(Username::as_str).collect();
        all.into_iter().collect()
    }

    /// Everybody on this node.
    #[must_use]
    pub fn here(&self) -> Vec<Username> {
        self.here.iter().cloned().collect()
    }

    /// Who came and left here since the last call, for the other nodes.
    pub fn take_moves(&mut self) -> Option<Moves> {
        let unsaid = std::mem::take(&mut self.unsaid);
        let (came, left): (Vec<_>, Vec<_>) =
            unsaid.into_iter().partition(|user| self.here.contains(user));
        (!came.is_empty() || !left.is_empty()).then_some(Moves { came, left })
    }

    /// A tick has passed: more may be told.
    pub fn tick(&mut self) {
        self.spent = 0;
    }

    /// Who has come or gone since `sockets` sockets were told last, as many as may be told now.
    pub fn take_changes(&mut self, sockets: usize) -> Vec<(Username, bool)> {
        let mut changes = Vec::new();
        let most = (FRAMES / sockets.max(1)).max(1);
        while self.spent < most
            && let Some(user) = self.stirred.pop_first()
        {
            let online = self.is_online(&user);
            let news =
                if online { self.told.insert(user.clone()) } else { self.told.remove(&user) };
            if news {
                self.spent += 1;
                changes.push((user, online));
            }
        }
        changes
    }

    fn stir(&mut self, user: &Username) {
        self.stirred.insert(user.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Username {
        Username::try_from(text).expect("a username")
    }

    fn names(texts: &[&str]) -> Vec<Username> {
        texts.iter().map(|text| name(text)).collect()
    }

    const NODE: NodeId = NodeId([1; 12]);

    #[test]
    fn who_is_on_two_nodes_goes_when_both_are_left() {
        let mut presence = Presence::default();
        presence.come(&name("ada"));
        presence.hear_all(NODE, names(&["ada", "bob"]));
        assert_eq!(presence.take_changes(1), [(name("ada"), true), (name("bob"), true)]);
        presence.leave(&name("ada"));
        assert_eq!(presence.take_changes(1), []);
        presence.hear_all(NODE, names(&["bob"]));
        assert_eq!(presence.take_changes(1), [(name("ada"), false)]);
    }

    #[test]
    fn what_a_dead_node_said_ends_with_it() {
        let mut presence = Presence::default();
        presence.hear_all(NODE, names(&["bob"]));
        assert_eq!(presence.online(), ["bob"]);
        assert_eq!(presence.keep_nodes(|_| false, true), names(&["bob"]));
        assert_eq!(presence.online(), Vec::<&str>::new());
        assert_eq!(presence.take_changes(1), []);
    }

    #[test]
    fn what_a_node_does_not_say_again_ends() {
        let mut presence = Presence::default();
        presence.hear_all(NODE, names(&["bob"]));
        for _ in 0..2 * SILENT_TICKS {
            assert_eq!(presence.keep_nodes(|_| true, false), []);
        }
        for _ in 1..SILENT_TICKS {
            assert_eq!(presence.keep_nodes(|_| true, true), []);
        }
        assert_eq!(presence.online(), ["bob"]);
        assert_eq!(presence.keep_nodes(|_| true, true), names(&["bob"]));
    }

    #[test]
    fn a_big_room_is_told_a_little_at_a_time() {
        let mut presence = Presence::default();
        for number in 0..10 {
            presence.come(&name(&format!("user{number}")));
        }
        assert_eq!(presence.take_changes(FRAMES / 4).len(), 4);
        assert_eq!(presence.take_changes(FRAMES / 4).len(), 0);
        presence.tick();
        assert_eq!(presence.take_changes(FRAMES / 4).len(), 4);
    }

    #[derive(Debug, Clone)]
    enum Event {
        Come(u8),
        Leave(u8),
        HearAll(u8, Vec<u8>),
        Hear(u8, Vec<u8>, Vec<u8>),
        Die(u8),
        Tell,
    }

    fn event() -> impl Strategy<Value = Event> {
        let users = || proptest::collection::vec(0..4_u8, 0..3);
        prop_oneof![
            (0..4_u8).prop_map(Event::Come),
            (0..4_u8).prop_map(Event::Leave),
            (0..3_u8, users()).prop_map(|(node, all)| Event::HearAll(node, all)),
            (0..3_u8, users(), users()).prop_map(|(node, a, b)| Event::Hear(node, a, b)),
            (0..3_u8).prop_map(Event::Die),
            Just(Event::Tell),
        ]
    }

    fn users(numbers: Vec<u8>) -> Vec<Username> {
        numbers.into_iter().map(|number| name(&number.to_string())).collect()
    }

    proptest! {
        #[test]
        fn what_is_told_leads_to_who_is_there(
            events in proptest::collection::vec(event(), 0..40),
        ) {
            let mut presence = Presence::default();
            let mut view = BTreeSet::new();
            let mut tell = |presence: &mut Presence| {
                presence.tick();
                for (user, online) in presence.take_changes(1) {
                    let news = if online { view.insert(user) } else { view.remove(&user) };
                    prop_assert!(news);
                }
                let shown: Vec<&str> = view.iter().map(Username::as_str).collect();
                prop_assert_eq!(shown, presence.online());
                Ok(())
            };
            for event in events {
                match event {
                    Event::Come(user) => presence.come(&users(vec![user])[0]),
                    Event::Leave(user) => presence.leave(&users(vec![user])[0]),
                    Event::HearAll(node, all) => presence.hear_all(NodeId([node; 12]), users(all)),
                    Event::Hear(node, came, left) => presence.hear(
                        NodeId([node; 12]),
                        Moves { came: users(came), left: users(left) },
                    ),
                    Event::Die(node) => {
                        let _ = presence.keep_nodes(|known| known != NodeId([node; 12]), true);
                    }
                    Event::Tell => tell(&mut presence)?,
                }
            }
            tell(&mut presence)?;
        }
    }
}
