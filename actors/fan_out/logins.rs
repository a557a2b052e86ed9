//! Sockets of logins that have ended on another node, whose word was lost on the way: each thread
//! asks now and then.

use std::{collections::BTreeSet, rc::Rc, sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{FanOutActor, end};
use crate::{bus::Health, protocol::CloseCode};

/// How often to ask when the bus tells.
const TOLD: Duration = Duration::from_secs(5);

/// How often to ask when nothing else tells.
const ALONE: Duration = Duration::from_secs(2);

/// Logins of one question.
const CHUNK: usize = 500;

impl FanOutActor {
    /// Asks about the logins of all sockets, if it is time. On a node alone, too: a login may end
    /// between its check and the opening of its socket.
    pub(super) fn ask_for_logins(&mut self) {
        let every = if self.hub.bus().health() == Health::Up { TOLD } else { ALONE };
        let asking = Rc::strong_count(&self.asking) > 1;
        let wanted = self.hub.logins_asked();
        if asking || (self.asked.elapsed() < every && wanted == self.wanted) {
            return;
        }
        self.wanted = wanted;
        self.asked = Instant::now();
        let (gate, state, asking) =
            (Arc::clone(&self.gate), Rc::clone(&self.state), Rc::clone(&self.asking));
        let logins: BTreeSet<String> =
            state.borrow().sockets.values().map(|socket| socket.login.borrow().clone()).collect();
        let logins: Vec<String> = logins.into_iter().collect();
        actix::spawn(async move {
            for logins in logins.chunks(CHUNK) {
                let Ok(ended) = gate.ended(logins).await else { break };
                for socket in state.borrow().sockets.values() {
                    if ended.contains(&socket.login.borrow()) {
                        end(socket, CloseCode::TokenEnded, "token revoked");
                    }
                }
            }
            drop(asking);
        });
    }
}
