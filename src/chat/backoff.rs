//! When to connect again: soon at first, then ever less often, and not all clients at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// Waits that double up to a limit, each cut by a random part.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let full = FIRST.saturating_mul(2_u32.saturating_pow(self.tries)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        full.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// The connection was good: the next wait is the first again.
    pub(crate) const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_limit_and_start_again() {
        let mut backoff = Backoff::default();
        assert!(backoff.next() <= FIRST);
        assert!((0..100).map(|_| backoff.next()).all(|wait| wait <= LONGEST));
        assert!(backoff.next() >= LONGEST / 2);
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
