//! What was counted while the load ran.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// One in so many deliveries has its delay kept.
const SAMPLE: u64 = 7;

/// Delays that are kept at most.
const MAX_SAMPLES: usize = 2_000_000;

/// Counters of one run; all members run on one thread.
#[derive(Default)]
pub(crate) struct Tally {
    counts: Cell<Counts>,
    micros: RefCell<Vec<u32>>,
    refusal: RefCell<Option<String>>,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
}

impl Tally {
    /// The counters now.
    pub(crate) fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Forgets the delays, at the start of what is measured.
    pub(crate) fn restart_delays(&self) {
        self.micros.borrow_mut().clear();
    }

    /// The first refusal's words.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.borrow().clone()
    }

    pub(crate) fn sent(&self) {
        self.change(|counts| counts.sent += 1);
    }

    pub(crate) fn acknowledged(&self) {
        self.change(|counts| counts.acknowledged += 1);
    }

    pub(crate) fn refused(&self, words: &str) {
        self.change(|counts| counts.refused += 1);
        self.refusal.borrow_mut().get_or_insert_with(|| words.to_owned());
    }

    /// An entry arrived behind `last`: anything but the next seq was lost or repeated.
    pub(crate) fn delivered(&self, last: u64, seq: u64, micros: Option<u64>) {
        self.change(|counts| {
            counts.delivered += 1;
            if last > 0 && seq > last + 1 {
                counts.lost += seq - last - 1;
            }
            if seq <= last {
                counts.repeated += 1;
            }
        });
        let mut kept = self.micros.borrow_mut();
        if let Some(micros) = micros
            && self.counts.get().delivered.is_multiple_of(SAMPLE)
            && kept.len() < MAX_SAMPLES
        {
            kept.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }

    /// The delay that so many of 1,000 deliveries stay within.
    pub(crate) fn delay(&self, per_mille: usize) -> Option<Duration> {
        let mut kept = self.micros.borrow_mut();
        kept.sort_unstable();
        let place = kept.len().checked_sub(1)? * per_mille / 1_000;
        kept.get(place).map(|micros| Duration::from_micros(u64::from(*micros)))
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

impl Counts {
    /// What was counted since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            acknowledged: self.acknowledged - before.acknowledged,
            refused: self.refused - before.refused,
            delivered: self.delivered - before.delivered,
            lost: self.lost - before.lost,
            repeated: self.repeated - before.repeated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_repeats_are_counted() {
        let tally = Tally::default();
        tally.delivered(0, 5, None);
        tally.delivered(5, 8, None);
        tally.delivered(8, 8, None);
        let counts = tally.counts();
        assert_eq!((counts.delivered, counts.lost, counts.repeated), (3, 2, 1));
    }
}
