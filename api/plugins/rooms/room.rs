//! The record of a room, and who is in it after a change. Pure: no store, no clock.

use std::collections::HashSet;

use ihs_store::Timestamp;
use serde::{Deserialize, Serialize};

/// Between two, or among many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Between two; there is one for each pair.
    Direct,
    /// Among many.
    #[default]
    Group,
}

/// A room as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Room {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Usernames, the longest member first.
    pub(super) members: Vec<String>,
    pub(super) admins: Vec<String>,
    pub(super) created_by: String,
    /// Of a direct room: see [`pair`].
    pub(super) pair: Option<String>,
    pub(super) last_activity: Timestamp,
}

/// What tells the direct room of two users apart from all others: their names in order. No username
/// has a blank.
pub(crate) fn pair(one: &str, other: &str) -> String {
    if one <= other { format!("{one} {other}") } else { format!("{other} {one}") }
}

/// The other one of a pair.
pub(crate) fn other_of<'a>(pair: &'a str, name: &str) -> Option<&'a str> {
    let (one, other) = pair.split_once(' ')?;
    Some(if one == name { other } else { one })
}

impl Room {
    /// Completes a new room: whoever makes it is member and admin at once.
    pub(super) fn open(&mut self, creator: &str, now: Timestamp) {
        creator.clone_into(&mut self.created_by);
        self.last_activity = now;
        put_first(&mut self.members, creator);
        put_first(&mut self.admins, creator);
        if self.kind == Kind::Direct {
            self.admins.truncate(1);
            let other = self.members.iter().find(|name| *name != creator);
            self.pair = other.map(|other| pair(creator, other));
        }
    }

    /// Completes a change: who stays keeps their place, who is no member is no admin, and a room
    /// with members has an admin.
    pub(super) fn settle(&mut self, before: &Self) {
        let now = set(&self.members);
        self.admins.retain(|name| now.contains(name.as_str()));
        let stay = before.members.iter().filter(|name| now.contains(name.as_str()));
        let came = missing(&before.members, &self.members);
        self.members = stay.cloned().chain(came).collect();
        if self.admins.is_empty() {
            self.admins.extend(self.members.first().cloned());
        }
    }

    /// The room without this member.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut room = self.clone();
        room.members.retain(|member| member != name);
        room.settle(self);
        room
    }

    /// The room with these members too.
    pub(super) fn with(&self, names: &[String]) -> Self {
        let mut room = self.clone();
        room.members.extend(missing(&self.members, names));
        room.settle(self);
        room
    }

    /// Who came and who went, from one state to the next.
    pub(super) fn changes(&self, after: &Self) -> (Vec<String>, Vec<String>) {
        (missing(&self.members, &after.members), missing(&after.members, &self.members))
    }
}

fn set(names: &[String]) -> HashSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// Which of these names are missing from others, in their order.
fn missing(from: &[String], names: &[String]) -> Vec<String> {
    let known = set(from);
    names.iter().filter(|name| !known.contains(name.as_str())).cloned().collect()
}

fn put_first(names: &mut Vec<String>, name: &str) {
    names.retain(|known| known != name);
    names.insert(0, name.to_owned());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn room(members: &[&str], admins: &[&str]) -> Room {
        Room { members: names(members), admins: names(admins), ..Room::default() }
    }

    #[test]
    fn whoever_makes_a_room_is_in_it() {
        let mut group = room(&["bob", "ada"], &[]);
        group.open("ada", Timestamp::default());
        assert_eq!((group.members, group.admins), (names(&["ada", "bob"]), names(&["ada"])));
        let mut direct = Room { kind: Kind::Direct, ..room(&["bob"], &["bob"]) };
        direct.open("cy", Timestamp::default());
        assert_eq!(direct.pair.as_deref(), Some("bob cy"));
        assert_eq!(direct.admins, names(&["cy"]));
    }

    #[test]
    fn when_the_last_admin_leaves_the_longest_member_follows() {
        let left = room(&["ada", "bob", "cy"], &["ada"]).without("ada");
        assert_eq!((left.members, left.admins), (names(&["bob", "cy"]), names(&["bob"])));
        let stays = room(&["ada", "bob", "cy"], &["ada", "cy"]).without("ada");
        assert_eq!(stays.admins, names(&["cy"]));
        assert!(room(&["ada"], &["ada"]).without("ada").admins.is_empty());
    }

    /// Ten thousand against ten thousand others, compared one by one, take many seconds here.
    #[test]
    fn a_large_room_is_changed_in_no_time() {
        let many = |letter: char| (0..10_000).map(|number| format!("{letter}{number}")).collect();
        let before = Room { members: many('a'), ..Room::default() };
        let begun = std::time::Instant::now();
        let after = before.with(&many('b'));
        let (added, removed) = before.changes(&after);
        assert_eq!((added.len(), removed.len(), after.members.len()), (10_000, 0, 20_000));
        assert_eq!((&after.members[0], &after.members[10_000]), (&"a0".into(), &"b0".into()));
        assert!(begun.elapsed().as_secs_f64() < 1.0, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn changes_lead_from_one_state_to_the_next(
            before in proptest::collection::hash_set("[a-e]", 0..5),
            after in proptest::collection::hash_set("[a-e]", 0..5),
            admins in proptest::collection::hash_set("[a-e]", 0..5),
        ) {
            let before = Room { members: before.into_iter().collect(), ..Room::default() };
            let mut after = Room {
                members: after.into_iter().collect(),
                admins: admins.into_iter().collect(),
                ..Room::default()
            };
            after.settle(&before);
            let (added, removed) = before.changes(&after);
            let mut members = before.members.clone();
            members.retain(|name| !removed.contains(name));
            members.extend(added);
            prop_assert_eq!(&members, &after.members);
            prop_assert!(after.admins.iter().all(|name| after.members.contains(name)));
            prop_assert_eq!(after.admins.is_empty(), after.members.is_empty());
        }
    }
}
