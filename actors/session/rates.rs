//! How fast each user of this node sends: one rate for all that they send, over whichever socket or
//! none. It outlives their sockets, so that a reconnect renews nothing.

use std::{collections::HashMap, sync::Arc, time::Instant};

use ihs_config::LimitSettings;
use parking_lot::Mutex;

use super::rate::Rate;
use crate::username::Username;

/// So many rates are kept before it is looked which are no longer needed.
const KEPT: usize = 1_024;

/// The rates of users. One that nobody holds and that has come to rest is like a new one, and is
/// forgotten: kept are those of sockets, and of who has sent a moment ago.
pub struct Rates {
    limits: LimitSettings,
    kept: Mutex<Kept>,
}

struct Kept {
    by_name: HashMap<Username, Arc<Mutex<Rate>>>,
    /// At this size it is looked what can be forgotten.
    full: usize,
}

impl Rates {
    /// Nobody's as yet.
    #[must_use]
    pub fn new(limits: LimitSettings) -> Self {
        Self { limits, kept: Mutex::new(Kept { by_name: HashMap::new(), full: KEPT }) }
    }

    /// The rate of this user.
    #[must_use]
    pub fn of(&self, user: &Username, now: Instant) -> Arc<Mutex<Rate>> {
        let mut kept = self.kept.lock();
        if kept.by_name.len() >= kept.full && !kept.by_name.contains_key(user) {
            kept.forget_idle(now);
        }
        let LimitSettings { messages_per_second, messages_burst, .. } = self.limits;
        let new = || Arc::new(Mutex::new(Rate::new(messages_per_second, messages_burst, now)));
        Arc::clone(kept.by_name.entry(user.clone()).or_insert_with(new))
    }
}

impl Kept {
    /// Every look at all of them is paid for by as many new ones.
    fn forget_idle(&mut self, now: Instant) {
        self.by_name.retain(|_, rate| Arc::strong_count(rate) > 1 || !rate.lock().is_rested(now));
        self.full = (self.by_name.len() * 2).max(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::rate::Allowance;

    fn name(text: &str) -> Username {
        Username::try_from(text).expect("a username")
    }

    fn rates() -> Rates {
        let limits =
            LimitSettings { messages_per_second: 1, messages_burst: 2, ..Default::default() };
        Rates::new(limits)
    }

    #[test]
    fn letting_go_of_a_rate_does_not_renew_it() {
        let (rates, now) = (rates(), Instant::now());
        for _ in 0..2 {
            assert_eq!(rates.of(&name("ada"), now).lock().ask(now), Allowance::Granted);
        }
        assert_ne!(rates.of(&name("ada"), now).lock().ask(now), Allowance::Granted);
        assert_eq!(rates.of(&name("bob"), now).lock().ask(now), Allowance::Granted);
    }

    #[test]
    fn only_rates_that_are_held_or_at_work_are_kept() {
        let (rates, start) = (rates(), Instant::now());
        let held = rates.of(&name("held"), start);
        for number in 0..10 * KEPT {
            let now = start + Duration::from_secs(3 * number as u64);
            let user = name(&format!("u{number}"));
            assert_eq!(rates.of(&user, now).lock().ask(now), Allowance::Granted);
        }
        let kept = rates.kept.lock();
        assert!(kept.by_name.len() <= KEPT + 1, "{}", kept.by_name.len());
        assert!(Arc::ptr_eq(&held, &kept.by_name["held"]));
    }
}
