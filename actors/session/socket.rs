//! What a thread knows of one of its sockets, shared by the session and the fan-out.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use ihs_store::{RoomId, Timestamp};
use tokio::time::Instant;

use crate::{
    room::asker::Reply,
    session::{
        in_flight::InFlight,
        outbox::{Outbox, OutboxLimits, Parcel},
    },
    username::Username,
};

/// Names a socket within its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// One open socket.
#[derive(Debug)]
pub struct Socket {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user: Username,
    /// What waits to be written to it.
    pub outbox: Outbox,
    /// The login that its token belongs to.
    pub login: String,
    /// When the access token that opened it, or renewed it last, ends.
    pub expires: Cell<Timestamp>,
    /// The room that it was opened for, and ends with.
    pub only_room: Option<RoomId>,
    /// When the client was last heard of.
    pub heard: Cell<Instant>,
    /// Whether a ping has been sent since.
    pub pinged: Cell<bool>,
    /// Requests that wait for an answer.
    pub in_flight: InFlight,
    /// Whether it was told to end.
    pub ending: Cell<bool>,
    /// The rooms that feed it, or that it has asked to.
    pub rooms: RefCell<BTreeSet<RoomId>>,
}

impl Socket {
    /// A socket that was just opened.
    #[must_use]
    pub fn new(
        id: SessionId,
        user: Username,
        login: String,
        expires: Timestamp,
        only_room: Option<RoomId>,
        limits: OutboxLimits,
    ) -> Self {
        Self {
            id,
            user,
            login,
            outbox: Outbox::new(limits),
            expires: Cell::new(expires),
            only_room,
            heard: Cell::new(Instant::now()),
            pinged: Cell::new(false),
            in_flight: InFlight::default(),
            ending: Cell::new(false),
            rooms: RefCell::default(),
        }
    }

    /// Answers a request.
    pub fn answer(&self, reply: Reply) {
        self.outbox.put(Parcel::Frame(reply.frame));
        self.in_flight.remove(reply.purpose.weight());
    }

    /// Notes a sign of life.
    pub fn hear(&self) {
        self.heard.set(Instant::now());
        self.pinged.set(false);
    }
}
