//! Looks at the log: other nodes may have appended without this one hearing of it, or the store was
//! put back. An embedded store has one node.

use std::time::Duration;

use tokio::time::Instant;

use super::Room;
use crate::bus::Health;

/// How often a room that feeds sockets looks whether its log has grown unheard of, when nothing
/// else would tell.
const LOOK_ALONE: Duration = Duration::from_secs(1);

/// How often it does when the bus tells: what the bus has lost is found in less than 5 s.
const LOOK_TOLD: Duration = Duration::from_millis(3_500);

/// How long after the bus has come back it does not count on it: other nodes connect when they find
/// out, and what they append before is not told.
const SETTLES: Duration = Duration::from_secs(10);

impl Room {
    /// Looks now and then while sockets are fed. Rooms take turns: so many look at a time, however
    /// many there are.
    pub(super) fn look_again(&mut self) {
        if !self.audience.is_empty() && self.is_look_due() {
            self.looking = self.hub.look_permit();
            if self.looking.is_some() {
                self.looked = Instant::now();
                self.log.look();
            }
        }
    }

    /// Looks first when something is sent to a room that feeds nobody, and so has not looked: what
    /// it knows of its members may be out of date.
    pub(super) fn look_before_use(&mut self) {
        if self.audience.is_empty() && self.is_look_due() {
            self.looked = Instant::now();
            self.log.look();
        }
    }

    fn is_look_due(&mut self) -> bool {
        if self.hub.bus().health() != Health::Up || !self.hub.peers().are_all_heard() {
            self.untold = Some(Instant::now());
        }
        let told = self.untold.is_none_or(|untold| untold.elapsed() >= SETTLES);
        let every = if told { LOOK_TOLD } else { LOOK_ALONE };
        let shared = !self.hub.settings().store.is_embedded();
        shared && self.looked.elapsed() >= every
    }
}
