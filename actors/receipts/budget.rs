//! How many marks a node writes: rooms wait for their turn, so that the many who listen do not cost
//! more than those who speak.

use parking_lot::Mutex;
use tokio::time::Instant;

/// Marks that may be written at once after a quiet time.
const BURST: f64 = 400.0;

/// A bucket that fills with time. Whoever finds something in it may take more than there is; the
/// others then wait for longer.
#[derive(Debug)]
pub struct Budget {
    per_second: f64,
    state: Mutex<(f64, Instant)>,
}

impl Budget {
    /// So many marks a second in the long run.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), state: Mutex::new((BURST, Instant::now())) }
    }

    /// Takes so many, or nothing.
    pub fn take(&self, count: usize) -> bool {
        self.take_at(count, Instant::now())
    }

    fn take_at(&self, count: usize, now: Instant) -> bool {
        let mut state = self.state.lock();
        let (left, at) = *state;
        let earned = now.saturating_duration_since(at).as_secs_f64() * self.per_second;
        let left = (left + earned).min(BURST);
        let may = left > 0.0;
        let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        *state = (if may { left - count } else { left }, now);
        may
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn in_the_long_run_it_is_so_many_a_second() {
        let budget = Budget::new(100);
        let start = Instant::now();
        assert!(budget.take_at(1_400, start));
        assert!(!budget.take_at(1, start + Duration::from_secs(9)));
        assert!(budget.take_at(1, start + Duration::from_secs(11)));
    }
}
