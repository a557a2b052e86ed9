//! Who has sockets on this node, and how many.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ihs_config::LimitSettings;
use parking_lot::Mutex;

use crate::{
    session::{
        rate::{Allowance, Rate},
        rates::Rates,
    },
    username::Username,
};

/// Why a socket is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// The user has as many as one may.
    #[error("too many sockets of this user")]
    User,
    /// The node has as many as it may.
    #[error("too many sockets on this node")]
    Node,
}

/// The users with sockets on this node.
pub struct Users {
    limits: LimitSettings,
    rates: Rates,
    sockets: Arc<AtomicUsize>,
    by_name: Arc<Mutex<HashMap<Username, usize>>>,
    moves: Arc<Mutex<Moves>>,
}

/// Who came (true) or left since that was written down.
type Moves = BTreeMap<Username, bool>;

/// A socket's place among the user's and the node's; given back when dropped.
pub struct Admission {
    user: Username,
    rate: Arc<Mutex<Rate>>,
    sockets: Arc<AtomicUsize>,
    by_name: Arc<Mutex<HashMap<Username, usize>>>,
    moves: Arc<Mutex<Moves>>,
}

impl Users {
    /// Nobody yet.
    #[must_use]
    pub fn new(limits: LimitSettings) -> Self {
        let rates = Rates::new(limits.clone());
        let (sockets, by_name, moves) = (Arc::default(), Arc::default(), Arc::default());
        Self { limits, rates, sockets, by_name, moves }
    }

    /// Whether the user has a socket.
    #[must_use]
    pub fn is_online(&self, username: &str) -> bool {
        self.by_name.lock().contains_key(username)
    }

    /// How many sockets are open.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Makes room for one more socket.
    ///
    /// # Errors
    /// [`Crowded`] says who has too many.
    pub fn admit(&self, user: &Username) -> Result<Admission, Crowded> {
        let mut users = self.by_name.lock();
        if self.sockets.load(Ordering::Relaxed) >= self.limits.sockets {
            return Err(Crowded::Node);
        }
        let known = users.entry(user.clone()).or_default();
        if *known >= self.limits.sockets_per_user {
            return Err(Crowded::User);
        }
        *known += 1;
        if *known == 1 {
            self.moves.lock().insert(user.clone(), true);
        }
        self.sockets.fetch_add(1, Ordering::Relaxed);
        Ok(Admission {
            user: user.clone(),
            rate: self.rates.of(user, Instant::now()),
            sockets: Arc::clone(&self.sockets),
            by_name: Arc::clone(&self.by_name),
            moves: Arc::clone(&self.moves),
        })
    }

    /// Takes up to `most` users who came (true) or left since the last call.
    #[must_use]
    pub(crate) fn take_moves(&self, most: usize) -> Vec<(Username, bool)> {
        let mut moves = self.moves.lock();
        let some: Vec<Username> = moves.keys().take(most).cloned().collect();
        some.iter().filter_map(|user| moves.remove_entry(user)).collect()
    }

    /// Has everybody who is here counted among those who came.
    pub(crate) fn tell_all_again(&self) {
        let users = self.by_name.lock();
        let mut moves = self.moves.lock();
        for user in users.keys() {
            moves.entry(user.clone()).or_insert(true);
        }
    }

    /// Takes back what could not be written. What has happened since counts.
    pub(crate) fn put_back(&self, old: Vec<(Username, bool)>) {
        let mut moves = self.moves.lock();
        for (user, came) in old {
            moves.entry(user).or_insert(came);
        }
    }

    /// Asks whether the user may send one more message without a socket.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn ask(&self, user: &Username) -> Result<(), Duration> {
        let now = Instant::now();
        self.rates.of(user, now).lock().take(now)
    }
}

impl Admission {
    /// Whose socket it is.
    #[must_use]
    pub fn user(&self) -> &Username {
        &self.user
    }

    /// Asks whether the user may send one more message, on whichever socket.
    #[must_use]
    pub fn ask(&self) -> Allowance {
        self.rate.lock().ask(Instant::now())
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.sockets.fetch_sub(1, Ordering::Relaxed);
        let mut users = self.by_name.lock();
        if let Some(sockets) = users.get_mut(&self.user) {
            *sockets = sockets.saturating_sub(1);
            if *sockets == 0 {
                users.remove(&self.user);
                self.moves.lock().insert(self.user.clone(), false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::try_from(text).expect("a username")
    }

    #[test]
    fn a_user_has_as_many_sockets_as_allowed_and_no_more() {
        let limits = LimitSettings { sockets_per_user: 2, ..LimitSettings::default() };
        let users = Users::new(limits);
        let first = users.admit(&name("ada"));
        let _second = users.admit(&name("ada"));
        assert_eq!(users.admit(&name("ada")).err(), Some(Crowded::User));
        assert!(users.admit(&name("bob")).is_ok());
        drop(first);
        assert!(users.admit(&name("ada")).is_ok());
    }

    #[test]
    fn all_sockets_of_a_user_and_what_they_send_without_one_share_a_rate() {
        let limits =
            LimitSettings { messages_per_second: 1, messages_burst: 3, ..LimitSettings::default() };
        let users = Users::new(limits);
        let ask = || users.admit(&name("ada")).expect("a place").ask();
        assert_eq!((ask(), ask()), (Allowance::Granted, Allowance::Granted));
        assert_eq!(users.ask(&name("ada")), Ok(()));
        assert!(matches!(ask(), Allowance::Wait(_)));
        assert!(users.ask(&name("ada")).is_err());
        assert_eq!(users.ask(&name("bob")), Ok(()));
    }

    #[test]
    fn who_has_no_socket_left_is_offline() {
        let users = Users::new(LimitSettings::default());
        let admission = users.admit(&name("ada"));
        assert!(users.is_online("ada"));
        drop(admission);
        assert!(!users.is_online("ada"));
    }
}
