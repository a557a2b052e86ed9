//! What the parameters of a list mean: which rooms, whose messages, of which time.

use ihs_store::{By, Filter, Timestamp};
use serde_json::Value;

use crate::{
    faults::Faults,
    plugins::rooms::{PAIR, pair},
};

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    /// In which of the rooms that the caller is in.
    pub(super) rooms: Filter,
    /// Whose.
    pub(super) by: By,
    /// From when on.
    pub(super) from: Option<Timestamp>,
    /// Until when.
    pub(super) until: Option<Timestamp>,
}

/// The same, while the parameters are gone through.
#[derive(Default)]
struct Reading {
    rooms: Vec<Filter>,
    senders: Option<Vec<String>>,
    receiver: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Asked {
    /// From the filter over the fields of a message, and who asks.
    pub(super) fn of(filter: &Filter, me: &str) -> Result<Self, Faults> {
        let mut reading = Reading::default();
        reading.read(filter)?;
        let by = reading.by(me);
        let Reading { rooms, from, until, .. } = reading;
        Ok(Self { rooms: Filter::All(rooms), by, from, until })
    }
}

impl Reading {
    fn read(&mut self, filter: &Filter) -> Result<(), Faults> {
        match filter {
            Filter::All(filters) => {
                return filters.iter().try_for_each(|filter| self.read(filter));
            }
            Filter::Eq("receiver", Value::Null) => self.rooms.push(Filter::Eq(PAIR, Value::Null)),
            Filter::Present("receiver") => self.rooms.push(Filter::Present(PAIR)),
            Filter::Eq(_, Value::Null) => self.rooms.push(Filter::nothing()),
            Filter::Present(_) => {}
            Filter::Eq("room", id) => self.rooms.push(Filter::Eq("_id", id.clone())),
            Filter::In("room", ids) => self.rooms.push(Filter::In("_id", ids.clone())),
            Filter::Eq("sender", name) => self.only_by(std::slice::from_ref(name)),
            Filter::In("sender", names) => self.only_by(names),
            Filter::Eq("receiver", name) => self.receiver = name.as_str().map(str::to_owned),
            Filter::Gte("time_created", time) => self.not_before(time),
            Filter::Lte("time_created", time) => self.not_after(time),
            Filter::Eq("time_created", time) => {
                self.not_before(time);
                self.not_after(time);
            }
            Filter::In(field, _) => return Err(Faults::unknown(&format!("{field}__in"))),
            _ => return Err(Faults::whole("This cannot be asked of messages.")),
        }
        Ok(())
    }

    fn only_by(&mut self, names: &[Value]) {
        let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
        let before = self.senders.take();
        let both = |name: &String| before.as_ref().is_none_or(|before| before.contains(name));
        self.senders = Some(names.filter(both).collect());
    }

    fn not_before(&mut self, time: &Value) {
        self.from = self.from.max(time.as_str().and_then(Timestamp::parse));
    }

    fn not_after(&mut self, time: &Value) {
        let time = time.as_str().and_then(Timestamp::parse);
        self.until = self.until.into_iter().chain(time).min();
    }

    /// Who receives is told by the room: a direct one has two. With a sender it is the conversation
    /// of both, either way.
    fn by(&mut self, me: &str) -> By {
        match (self.senders.take(), self.receiver.take()) {
            (None, None) => By::Anyone,
            (Some(senders), None) => By::These(senders),
            (None, Some(receiver)) => {
                self.rooms.push(if receiver == me {
                    Filter::Present(PAIR)
                } else {
                    Filter::eq(PAIR, pair(me, &receiver))
                });
                By::Others(receiver)
            }
            (Some(senders), Some(receiver)) => {
                let pairs = senders.iter().map(|sender| pair(sender, &receiver).into()).collect();
                self.rooms.push(Filter::In(PAIR, pairs));
                By::Anyone
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(filters: Vec<Filter>) -> Result<Asked, Faults> {
        Asked::of(&Filter::All(filters), "ada")
    }

    fn only(rooms: Vec<Filter>, by: By) -> Asked {
        Asked { rooms: Filter::All(rooms), by, from: None, until: None }
    }

    #[test]
    fn a_receiver_is_the_other_one_of_a_direct_room() {
        let to_bob = vec![Filter::eq("receiver", "bob")];
        let both = vec![Filter::eq(PAIR, "ada bob")];
        assert_eq!(asked(to_bob), Ok(only(both, By::Others("bob".to_owned()))));
        let to_me = vec![Filter::eq("receiver", "ada")];
        assert_eq!(
            asked(to_me),
            Ok(only(vec![Filter::Present(PAIR)], By::Others("ada".to_owned())))
        );
    }

    #[test]
    fn sender_and_receiver_are_a_conversation_either_way() {
        for (sender, receiver) in [("ada", "bob"), ("bob", "ada")] {
            let filters = vec![Filter::eq("sender", sender), Filter::eq("receiver", receiver)];
            let pairs = vec![Filter::In(PAIR, vec![json!("ada bob")])];
            assert_eq!(asked(filters), Ok(only(pairs, By::Anyone)));
        }
    }

    #[test]
    fn several_bounds_of_time_are_all_kept() {
        let time = |day: u32| json!(format!("2026-05-{day:02}T00:00:00.000Z"));
        let parsed = |day| Timestamp::parse(time(day).as_str().unwrap());
        let filters = vec![
            Filter::Gte("time_created", time(1)),
            Filter::Eq("time_created", time(3)),
            Filter::Lte("time_created", time(9)),
        ];
        let asked = asked(filters).unwrap();
        assert_eq!((asked.from, asked.until), (parsed(3), parsed(3)));
    }

    #[test]
    fn what_makes_no_sense_of_messages_is_named() {
        let odd = asked(vec![Filter::In("receiver", vec![json!("bob")])]);
        assert_eq!(odd, Err(Faults::unknown("receiver__in")));
    }
}
