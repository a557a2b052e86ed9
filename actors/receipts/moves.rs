//! What somebody has got of a log, and since when: a bounded list that forgets details of long ago,
//! but never says more, or earlier, than was so.

use ihs_store::{Seq, Timestamp};
use serde_json::Value;

/// Moves that are kept; more become fewer and coarser.
const MOST: usize = 64;

/// Numbers that a move is stored as.
const WIDTH: usize = 4;

/// Everything behind `after`, up to `to`, was there at this time, and the first of it at `first`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Move {
    after: Seq,
    to: Seq,
    first: Timestamp,
    time: Timestamp,
}

/// Parts of a log, each with a time by which it was there. They ascend and share nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves(Vec<Move>);

impl Moves {
    /// Notes that what is behind `after`, up to `to`, is there; says whether that is news. What was
    /// there before keeps its time.
    pub fn reach(&mut self, after: Seq, to: Seq, time: Timestamp) -> bool {
        let mut news = Vec::new();
        let mut from = after;
        for known in self.0.iter().filter(|known| known.to > after && known.after < to) {
            if known.after > from {
                news.push(Move { after: from, to: known.after, first: time, time });
            }
            from = from.max(known.to);
        }
        if from < to {
            news.push(Move { after: from, to, first: time, time });
        }
        let any = !news.is_empty();
        self.0.extend(news);
        self.0.sort_unstable_by_key(|known| known.to);
        while self.0.len() > MOST {
            self.shorten();
        }
        any
    }

    /// Since when an entry is there, at the latest; `None` when it may not be.
    #[must_use]
    pub fn since(&self, seq: Seq) -> Option<Timestamp> {
        let has = self.0.iter().find(|known| known.after < seq && seq <= known.to);
        has.map(|known| known.time)
    }

    /// As it is stored: four numbers for each move.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let numbers = self.0.iter().flat_map(|known| {
            let Move { after, to, first, time } = known;
            let (after, to) = (Value::from(after.get()), Value::from(to.get()));
            [after, to, first.millis().into(), time.millis().into()]
        });
        numbers.collect()
    }

    /// From how it is stored; what cannot be read is as if it were not there.
    #[must_use]
    pub fn from_value(value: Option<&Value>) -> Self {
        let numbers = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (moves, _) = numbers.as_chunks::<WIDTH>();
        let read = moves.iter().filter_map(|[after, to, first, time]| {
            let (after, to) = (Seq::new(after.as_u64()?), Seq::new(to.as_u64()?));
            let first = Timestamp::from_millis(first.as_i64()?);
            Some(Move { after, to, first, time: Timestamp::from_millis(time.as_i64()?) })
        });
        Self(read.collect())
    }

    /// Makes one of the two neighbours that then say least wrong for their age, at the later time;
    /// forgets the first where there are only gaps.
    fn shorten(&mut self) {
        let now = self.0.iter().map(|known| known.time.millis()).max().unwrap_or_default();
        let cost = |left: &Move, right: &Move| {
            let time = left.time.max(right.time).millis();
            let wrong = time - left.first.min(right.first).millis();
            i128::from(wrong) * 1_000 / (i128::from(now - time) + 1)
        };
        let pairs = self.0.windows(2).enumerate();
        let touching = pairs.filter(|(_, pair)| pair[0].to == pair[1].after);
        match touching.min_by_key(|(_, pair)| cost(&pair[0], &pair[1])).map(|(place, _)| place) {
            Some(place) => {
                let left = self.0.remove(place);
                let right = &mut self.0[place];
                right.after = left.after;
                right.first = right.first.min(left.first);
                right.time = right.time.max(left.time);
            }
            None => drop(self.0.remove(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn reached(moves: &mut Moves, after: u64, to: u64, millis: i64) -> bool {
        moves.reach(Seq::new(after), Seq::new(to), at(millis))
    }

    #[test]
    fn what_was_there_keeps_its_time() {
        let mut moves = Moves::default();
        assert!(reached(&mut moves, 10, 20, 1));
        assert!(!reached(&mut moves, 12, 20, 2));
        assert!(reached(&mut moves, 5, 25, 3));
        let since = |seq| moves.since(Seq::new(seq)).map(Timestamp::millis);
        assert_eq!([since(5), since(6), since(10)], [None, Some(3), Some(3)]);
        assert_eq!([since(11), since(20), since(21)], [Some(1), Some(1), Some(3)]);
        assert_eq!(since(26), None);
    }

    #[test]
    fn what_is_stored_comes_back() {
        let mut moves = Moves::default();
        reached(&mut moves, 0, 7, 1_700_000_000_000);
        reached(&mut moves, 9, 11, 1_700_000_000_001);
        assert_eq!(Moves::from_value(Some(&moves.to_value())), moves);
        assert_eq!(Moves::from_value(None), Moves::default());
        assert_eq!(Moves::from_value(Some(&Value::from("x"))), Moves::default());
    }

    #[test]
    fn a_long_story_loses_times_and_no_entries() {
        let mut moves = Moves::default();
        for seq in 0..10_000_u64 {
            reached(&mut moves, seq, seq + 1, i64::try_from(seq * 1_000).expect("a time"));
        }
        assert!(moves.0.len() <= MOST);
        for seq in 1..=10_000_u64 {
            let truth = i64::try_from((seq - 1) * 1_000).expect("a time");
            let since = moves.since(Seq::new(seq)).expect("it is there").millis();
            let age = 9_999_000 - truth;
            assert!(since >= truth && since - truth <= 2_000 + age / 2, "{seq}: {since} {truth}");
        }
        assert_eq!(moves.since(Seq::new(9_999)), Some(at(9_998_000)), "exact of late");
    }

    proptest! {
        #[test]
        fn nothing_is_said_that_was_not_so(
            steps in proptest::collection::vec((0..300_u64, 0..40_u64), 0..300),
        ) {
            let mut moves = Moves::default();
            let mut truth: BTreeMap<u64, i64> = BTreeMap::new();
            for (time, (after, count)) in (0_i64..).zip(steps) {
                let news = reached(&mut moves, after, after + count, time * 10);
                for seq in after + 1..=after + count {
                    truth.entry(seq).or_insert(time * 10);
                }
                prop_assert!(!news || count > 0);
                prop_assert!(moves.0.len() <= MOST);
                prop_assert!(moves.0.windows(2).all(|pair| pair[0].to <= pair[1].after));
            }
            for seq in 0..400_u64 {
                if let Some(since) = moves.since(Seq::new(seq)) {
                    let known = truth.get(&seq).copied();
                    prop_assert!(known.is_some_and(|known| known <= since.millis()));
                }
            }
        }
    }
}
