//! How fast one user may send: a token bucket.

use std::time::{Duration, Instant};

/// Refused sends, in bursts, after which a client is far over the rate.
const FAR_OVER: f64 = 10.0;

/// A token bucket that also counts how far over it somebody is.
#[derive(Debug)]
pub struct Rate {
    per_second: f64,
    burst: f64,
    tokens: f64,
    refused: f64,
    at: Instant,
}

/// Whether a send may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// It may.
    Granted,
    /// It may not; the next one may after so long.
    Wait(Duration),
    /// It may not, and the client does not listen.
    FarOver,
}

impl Rate {
    /// `per_second` sends in the long run, `burst` at once; a rate of 0 allows everything.
    #[must_use]
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second: f64::from(per_second), burst, tokens: burst, refused: 0.0, at: now }
    }

    /// Asks for one send of a client that should listen to what it is told.
    pub fn ask(&mut self, now: Instant) -> Allowance {
        let Err(wait) = self.take(now) else { return Allowance::Granted };
        self.refused += 1.0;
        if self.refused > self.burst * FAR_OVER {
            return Allowance::FarOver;
        }
        Allowance::Wait(wait)
    }

    /// Asks for one send.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        self.earn(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.per_second))
    }

    /// Whether it is as good as new.
    pub fn is_rested(&mut self, now: Instant) -> bool {
        self.earn(now);
        self.per_second == 0.0 || self.tokens >= self.burst && self.refused <= 0.0
    }

    fn earn(&mut self, now: Instant) {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.at = now;
        self.tokens = (self.tokens + earned).min(self.burst);
        self.refused = (self.refused - earned).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut rate = Rate::new(2, 3, start);
        let granted = (0..5).filter(|_| rate.ask(start) == Allowance::Granted).count();
        assert_eq!(granted, 3);
        assert_eq!(rate.ask(start), Allowance::Wait(Duration::from_millis(500)));
        assert_eq!(rate.ask(start + Duration::from_millis(500)), Allowance::Granted);
    }

    #[test]
    fn who_goes_on_sending_is_far_over() {
        let start = Instant::now();
        let mut rate = Rate::new(1, 2, start);
        assert!((0..30).any(|_| rate.ask(start) == Allowance::FarOver));
    }

    #[test]
    fn zero_switches_the_rate_off() {
        let start = Instant::now();
        let mut rate = Rate::new(0, 0, start);
        assert!((0..1_000).all(|_| rate.ask(start) == Allowance::Granted));
    }
}
