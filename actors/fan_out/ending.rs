//! Sockets that a thread ends: because of their logins, of the node, or of a room.

use std::{rc::Rc, time::Duration};

use actix::{AsyncContext, Handler};

use super::{Drain, FanOutActor, Restart, Revoke};
use crate::{
    protocol::CloseCode,
    session::{outbox::Parcel, socket::Socket},
};

/// How long the first clients of a node that goes away wait before they connect again.
const RECONNECT: Duration = Duration::from_millis(100);

/// How far apart the clients of one room come back, in milliseconds.
const RECONNECT_SPREAD: u64 = 2_000;

pub(super) fn end(socket: &Socket, code: CloseCode, reason: &str) {
    if !socket.ending.replace(true) {
        socket.outbox.put(Parcel::Close(code, reason.to_owned()));
    }
}

/// Tells a socket to connect again, so long after the first of those that are told: not all come
/// back at the same moment.
pub(super) fn send_away(socket: &Socket, after: Duration) {
    end(socket, CloseCode::GoingAway, &(RECONNECT + after).as_millis().to_string());
}

impl Handler<Revoke> for FanOutActor {
    type Result = ();

    fn handle(&mut self, revoke: Revoke, _: &mut Self::Context) {
        let state = self.state.borrow();
        let theirs = state.sockets.values().filter(|socket| socket.user == revoke.user);
        for socket in theirs.filter(|socket| revoke.logins.have(&socket.login.borrow())) {
            end(socket, CloseCode::TokenEnded, "token revoked");
        }
    }
}

impl Handler<Restart> for FanOutActor {
    type Result = ();

    fn handle(&mut self, Restart(room): Restart, _: &mut Self::Context) {
        let Some(feed) = self.state.borrow_mut().feeds.remove(&room) else { return };
        for socket in feed.members() {
            let spread = Duration::from_millis(socket.id.0 % RECONNECT_SPREAD);
            send_away(socket, spread);
        }
    }
}

impl Handler<Drain> for FanOutActor {
    type Result = ();

    fn handle(&mut self, Drain(window): Drain, ctx: &mut Self::Context) {
        let mut state = self.state.borrow_mut();
        state.is_draining = true;
        let mut sockets: Vec<Rc<Socket>> = state.sockets.values().cloned().collect();
        sockets.sort_unstable_by_key(|socket| socket.id);
        let count = u32::try_from(sockets.len()).unwrap_or(u32::MAX).max(1);
        for (place, socket) in (0_u32..).zip(sockets) {
            let after = window * place / count;
            ctx.run_later(after, move |_, _| send_away(&socket, after));
        }
    }
}
