//! Who failed to log in too often, and has to wait.
//!
//! Failures count against an account *at one address*, and against the address as a whole; never
//! against the account alone, or anybody could keep its owner out. Where an account has logged in
//! before, the address as a whole does not count for it: who shares an address with somebody who
//! guesses is not kept out either. Both answers are the same whether there is such an account or
//! not.
//!
//! It is the memory of one node, of a fixed size: 2 MiB for some 65,000 accounts and addresses of
//! each kind. When a place is wanted, whoever has to wait least is forgotten.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
};

use ihs_config::AuthSettings;
use ihs_store::Timestamp;
use parking_lot::Mutex;

use super::table::Table;

/// The part of an IPv6 address that one customer has.
const NETWORK: u128 = !0 << 64;

/// Who tries to log in as whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor<'a> {
    /// The name of the account, in its normal form; there may be no such account.
    pub(crate) account: &'a str,
    /// Where the request comes from.
    pub(crate) address: IpAddr,
}

/// So many seconds are to pass first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wait(pub(crate) u64);

/// The failures of late.
pub(crate) struct Throttle {
    of_account: Option<Rate>,
    of_address: Option<Rate>,
    /// How long an address is remembered as one of an account's, in milliseconds.
    memory: i64,
    names: RandomState,
    failures: Mutex<Table>,
    acquainted: Mutex<Table>,
}

impl Throttle {
    /// By the limits of the settings.
    pub(crate) fn new(settings: &AuthSettings) -> Self {
        let window = millis(settings.login_window_seconds);
        Self {
            of_account: Rate::of(settings.login_failures, window),
            of_address: Rate::of(settings.login_failures_per_address, window),
            memory: millis(settings.refresh_seconds),
            names: RandomState::new(),
            failures: Mutex::default(),
            acquainted: Mutex::default(),
        }
    }

    /// Whether somebody may try. To be asked before the password is looked at, and again before
    /// anything is said about it: those who try many at once have failed meanwhile.
    pub(crate) fn admit(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<(), Wait> {
        let account = self.wait(self.of_account, self.name_of(visitor), now);
        let address =
            if self.knows(visitor, now) { Ok(()) } else { self.admit_address(visitor, now) };
        match (account, address) {
            (Err(one), Err(other)) => Err(one.max(other)),
            (account, address) => account.and(address),
        }
    }

    /// Notes a failure. Whoever was let in only because they are known here is told no more than
    /// all others.
    pub(crate) fn fail(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<(), Wait> {
        let admitted = self.admit_address(visitor, now);
        self.count(self.of_account, self.name_of(visitor), now);
        self.count(self.of_address, self.name_of_address(visitor), now);
        admitted
    }

    /// Notes a success: failures before were typing errors.
    pub(crate) fn succeed(&self, visitor: &Visitor<'_>, now: Timestamp) {
        let name = self.name_of(visitor);
        self.acquainted.lock().set(name, now.plus_millis(self.memory).millis());
        self.failures.lock().remove(name);
    }

    fn admit_address(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<(), Wait> {
        self.wait(self.of_address, self.name_of_address(visitor), now)
    }

    fn knows(&self, visitor: &Visitor<'_>, now: Timestamp) -> bool {
        self.acquainted.lock().get(self.name_of(visitor)) > now.millis()
    }

    fn wait(&self, rate: Option<Rate>, name: u64, now: Timestamp) -> Result<(), Wait> {
        let Some(rate) = rate else { return Ok(()) };
        let mut failures = self.failures.lock();
        let (end, latest) = (failures.get(name), now.millis() + rate.window);
        if end > latest {
            // The clock was set back.
            failures.set(name, latest);
        }
        rate.admit(end.min(latest), now)
    }

    fn count(&self, rate: Option<Rate>, name: u64, now: Timestamp) {
        if let Some(rate) = rate {
            let mut failures = self.failures.lock();
            let spent = rate.spend(failures.get(name), now);
            failures.set(name, spent);
        }
    }

    fn name_of(&self, visitor: &Visitor<'_>) -> u64 {
        self.names.hash_one((Some(visitor.account), network(visitor.address)))
    }

    fn name_of_address(&self, visitor: &Visitor<'_>) -> u64 {
        self.names.hash_one((None::<&str>, network(visitor.address)))
    }
}

/// So many at once, and then one each time that one is forgotten. What is kept of somebody is only
/// the time at which everything will be forgotten.
#[derive(Debug, Clone, Copy)]
struct Rate {
    window: i64,
    each: i64,
}

impl Rate {
    fn of(failures: u32, window: i64) -> Option<Self> {
        (failures > 0).then(|| Self { window, each: (window / i64::from(failures)).max(1) })
    }

    fn admit(self, end: i64, now: Timestamp) -> Result<(), Wait> {
        let over = end.saturating_add(self.each) - now.millis() - self.window;
        match u64::try_from(over) {
            Err(_) | Ok(0) => Ok(()),
            Ok(over) => Err(Wait(over.div_ceil(1_000))),
        }
    }

    /// Those who try many at once have no more to wait than those who do it in turn.
    fn spend(self, end: i64, now: Timestamp) -> i64 {
        let now = now.millis();
        (end.max(now) + self.each).min(now + self.window)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
        address @ IpAddr::V4(_) => address,
    }
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(account: u32, address: u32) -> Throttle {
        Throttle::new(&AuthSettings {
            login_failures: account,
            login_failures_per_address: address,
            login_window_seconds: 100,
            ..AuthSettings::default()
        })
    }

    fn visitor<'a>(account: &'a str, address: &str) -> Visitor<'a> {
        Visitor { account, address: address.parse().unwrap() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + second * 1_000)
    }

    /// Fails until that is not possible any more, and answers how often it was.
    fn exhaust(throttle: &Throttle, visitor: &Visitor<'_>, now: Timestamp) -> usize {
        let tries = std::iter::repeat_with(|| {
            let admitted = throttle.admit(visitor, now);
            admitted.and_then(|()| throttle.fail(visitor, now))
        });
        tries.take(1_000).take_while(Result::is_ok).count()
    }

    #[test]
    fn who_fails_waits_and_gets_one_more_each_time() {
        let (throttle, eve) = (throttle(10, 0), visitor("ada", "1.1.1.1"));
        assert_eq!(exhaust(&throttle, &eve, at(0)), 10);
        assert_eq!(throttle.admit(&eve, at(0)), Err(Wait(10)));
        assert_eq!(throttle.admit(&eve, at(9)), Err(Wait(1)));
        assert_eq!(exhaust(&throttle, &eve, at(10)), 1);
        assert_eq!(exhaust(&throttle, &eve, at(110)), 10);
    }

    #[test]
    fn nobody_else_waits() {
        let (throttle, eve) = (throttle(10, 0), visitor("ada", "1.1.1.1"));
        exhaust(&throttle, &eve, at(0));
        for other in [visitor("ada", "1.1.1.2"), visitor("bob", "1.1.1.1")] {
            assert_eq!(throttle.admit(&other, at(0)), Ok(()), "{other:?}");
        }
    }

    #[test]
    fn an_address_that_fails_with_many_accounts_waits_but_not_those_known_there() {
        let throttle = throttle(10, 20);
        let (ada, bob) = (visitor("ada", "1.1.1.1"), visitor("bob", "1.1.1.1"));
        throttle.succeed(&ada, at(0));
        for number in 0..20 {
            let account = format!("u{number}");
            let visitor = visitor(&account, "1.1.1.1");
            throttle.admit(&visitor, at(0)).and_then(|()| throttle.fail(&visitor, at(0))).unwrap();
        }
        assert_eq!(throttle.admit(&bob, at(0)), Err(Wait(5)));
        assert_eq!(throttle.admit(&visitor("bob", "2.2.2.2"), at(0)), Ok(()));
        assert_eq!(throttle.admit(&ada, at(0)), Ok(()));
        assert_eq!(throttle.fail(&ada, at(0)), Err(Wait(5)));
    }

    #[test]
    fn a_success_makes_up_for_typing_errors() {
        let (throttle, ada) = (throttle(10, 0), visitor("ada", "1.1.1.1"));
        for _ in 0..9 {
            throttle.fail(&ada, at(0)).unwrap();
        }
        throttle.succeed(&ada, at(0));
        assert_eq!(exhaust(&throttle, &ada, at(0)), 10);
    }

    #[test]
    fn who_tries_many_at_once_waits_no_longer() {
        let (throttle, eve) = (throttle(10, 0), visitor("ada", "1.1.1.1"));
        for _ in 0..500 {
            throttle.fail(&eve, at(0)).unwrap();
        }
        assert_eq!(throttle.admit(&eve, at(0)), Err(Wait(10)));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out() {
        let (throttle, ada) = (throttle(10, 0), visitor("ada", "1.1.1.1"));
        throttle.fail(&ada, at(0)).unwrap();
        assert_eq!(throttle.admit(&ada, at(-500)), Err(Wait(10)));
        assert_eq!(throttle.admit(&ada, at(-490)), Ok(()));
    }

    #[test]
    fn one_network_is_one_address() {
        let throttle = throttle(10, 0);
        exhaust(&throttle, &visitor("ada", "2001:db8::1"), at(0));
        assert!(throttle.admit(&visitor("ada", "2001:db8::2"), at(0)).is_err());
        assert!(throttle.admit(&visitor("ada", "2001:db8:0:1::1"), at(0)).is_ok());
        exhaust(&throttle, &visitor("ada", "::ffff:1.1.1.1"), at(0));
        assert!(throttle.admit(&visitor("ada", "1.1.1.1"), at(0)).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(exhaust(&throttle(0, 0), &visitor("ada", "1.1.1.1"), at(0)), 1_000);
    }
}
