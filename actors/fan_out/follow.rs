//! Rooms of a whole account that could not be joined when that was asked for, because they were
//! busy or the store was away: nobody waits for an answer about them, so they are joined later.

use actix::Addr;

use super::FanOutActor;
use crate::room::{
    asker::{Asker, Purpose},
    requests::Join,
};

/// Rooms of one socket that are asked again at a time.
const AT_ONCE: usize = 20;

impl FanOutActor {
    /// Asks again.
    pub(super) fn follow_again(&self, address: &Addr<Self>) {
        let sockets: Vec<_> = self.state.borrow().sockets.values().cloned().collect();
        for socket in sockets {
            let mut unfed = socket.unfed.borrow_mut();
            let refused = unfed.iter_mut().filter(|(_, place)| place.refused).take(AT_ONCE);
            for (room, place) in refused {
                place.refused = false;
                let who = (socket.id, socket.user.clone());
                let asker = Asker::new(who, Some(*room), address.clone(), Purpose::Sync, None);
                self.hub.room(*room).do_send(Join { asker, from: place.from });
            }
        }
    }
}
