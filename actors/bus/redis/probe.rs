//! Whether what is published arrives: decided by probes that the node sends to itself, on every
//! lane, the way that announcements take.

use std::time::{Duration, Instant};

/// What is known of the connection that listens.
#[derive(Debug)]
pub(super) struct Probe {
    patience: Duration,
    /// Since when everything that is wanted is subscribed to on it; `None` before that.
    ready: Option<Instant>,
    /// When the last probe of each lane came back over it.
    heard: Vec<Option<Instant>>,
}

impl Probe {
    /// Probes so many lanes. A probe that takes longer than `patience` has not come back.
    pub(super) fn new(lanes: usize, patience: Duration) -> Self {
        Self { patience, ready: None, heard: vec![None; lanes] }
    }

    /// The connection is gone: what was heard over it says nothing of the next one.
    pub(super) fn lost(&mut self) {
        self.ready = None;
        self.heard.fill(None);
    }

    /// Everything that is wanted is subscribed to.
    pub(super) fn ready(&mut self, now: Instant) {
        self.ready.get_or_insert(now);
    }

    /// A probe came back. One that was held up for long, by a Redis that stood still, is no sign
    /// of health.
    pub(super) fn heard(&mut self, lane: usize, sent: Instant, now: Instant) {
        if now.saturating_duration_since(sent) <= self.patience
            && let Some(heard) = self.heard.get_mut(lane)
        {
            *heard = Some(now);
        }
    }

    /// Whether what is published on any lane arrives.
    pub(super) fn is_up(&self, now: Instant) -> bool {
        self.ready.is_some() && self.heard.iter().all(|heard| self.is_fresh(*heard, now))
    }

    /// Whether the connection is to be given up: it should have brought a probe by now.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        let Some(ready) = self.ready else { return false };
        self.heard.iter().any(|heard| !self.is_fresh((*heard).max(Some(ready)), now))
    }

    fn is_fresh(&self, heard: Option<Instant>, now: Instant) -> bool {
        heard.is_some_and(|heard| now.saturating_duration_since(heard) <= self.patience)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(3);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn a_bus_is_up_once_it_is_ready_and_every_lane_has_brought_a_probe() {
        let start = Instant::now();
        let mut probe = Probe::new(2, PATIENCE);
        probe.heard(0, start, start);
        probe.heard(1, start, start);
        assert!(!probe.is_up(start), "not everything is subscribed to");
        probe.lost();
        probe.ready(start);
        probe.heard(0, start, start);
        assert!(!probe.is_up(start), "one lane is silent");
        probe.heard(1, start, after(start, 5));
        assert!(probe.is_up(after(start, 5)));
    }

    #[test]
    fn silence_ends_it() {
        let start = Instant::now();
        let mut probe = Probe::new(1, PATIENCE);
        probe.ready(start);
        probe.heard(0, start, start);
        assert!(probe.is_up(after(start, 3_000)) && !probe.is_silent(after(start, 3_000)));
        assert!(!probe.is_up(after(start, 3_001)) && probe.is_silent(after(start, 3_001)));
        probe.lost();
        assert!(!probe.is_silent(after(start, 9_000)), "there is no connection to give up");
    }

    #[test]
    fn a_connection_that_never_brings_a_probe_is_given_up() {
        let start = Instant::now();
        let mut probe = Probe::new(1, PATIENCE);
        probe.ready(start);
        probe.ready(after(start, 2_000));
        assert!(!probe.is_silent(after(start, 3_000)));
        assert!(probe.is_silent(after(start, 3_001)));
    }

    #[test]
    fn a_probe_that_was_held_up_does_not_count() {
        let start = Instant::now();
        let mut probe = Probe::new(1, PATIENCE);
        probe.ready(start);
        probe.heard(0, start, after(start, 10_000));
        assert!(!probe.is_up(after(start, 10_000)));
    }

    proptest! {
        #[test]
        fn up_means_that_every_lane_was_heard_lately(
            events in prop::collection::vec((0_usize..3, 0_u64..4_000, any::<bool>()), 1..40),
        ) {
            let start = Instant::now();
            let mut probe = Probe::new(3, PATIENCE);
            let mut last = [None; 3];
            let mut now = start;
            probe.ready(now);
            for (lane, wait, is_heard) in events {
                now += Duration::from_millis(wait);
                if is_heard {
                    probe.heard(lane, now, now);
                    last[lane] = Some(now);
                }
                let fresh = |heard: &Option<Instant>| heard.is_some_and(|heard| now - heard <= PATIENCE);
                prop_assert_eq!(probe.is_up(now), last.iter().all(fresh));
                prop_assert!(!(probe.is_up(now) && probe.is_silent(now)));
            }
        }
    }
}
