//! How long to wait before trying again.

use std::time::Duration;

/// Waits that grow twofold up to a limit, and that differ from node to node.
#[derive(Debug)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// The first wait is at most `least`, no wait is longer than `most`.
    pub(super) const fn new(least: Duration, most: Duration) -> Self {
        Self { least, most, failures: 0 }
    }

    /// The wait after one more failure. `chance` lies between 0 and 1.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let longest = self.least.saturating_mul(doubled).min(self.most);
        // Half of it is sure, so that nobody tries without a pause.
        longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }

    /// It went well.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEAST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(2);

    #[test]
    fn waits_double_up_to_the_limit_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(LEAST, MOST);
        let waits: Vec<u128> = (0..7).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        backoff.reset();
        assert_eq!(backoff.next(0.0).as_millis(), 50);
    }

    proptest! {
        #[test]
        fn no_wait_leaves_its_bounds(chances in prop::collection::vec(0.0..1.0, 1..100)) {
            let mut backoff = Backoff::new(LEAST, MOST);
            for chance in chances {
                let wait = backoff.next(chance);
                prop_assert!(wait >= LEAST / 2 && wait <= MOST);
            }
        }
    }
}
