//! What a thread knows of one of its sockets, shared by the session and the fan-out.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use ihs_store::{RoomId, Seq, Timestamp};
use tokio::time::Instant;

use crate::{
    gate::Renewal,
    protocol::JoinFrom,
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

/// Whether a socket is fed from its user's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InboxFeed {
    /// It has not asked.
    #[default]
    Closed,
    /// It is given all that is new.
    Live,
    /// It could not take something, and is told anew what is unseen when it reads again.
    Behind,
    /// That was asked for.
    Asked,
}

/// A room that a socket is to be fed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfed {
    /// From where on.
    pub from: JoinFrom,
    /// The room could not do it, and is to be asked again.
    pub refused: bool,
}

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
    pub login: RefCell<String>,
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
    /// Whether the inbox feeds it.
    pub inbox: Cell<InboxFeed>,
    /// Rooms of the whole account that do not feed it yet.
    pub unfed: RefCell<BTreeMap<RoomId, Unfed>>,
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
            login: RefCell::new(login),
            outbox: Outbox::new(limits),
            expires: Cell::new(expires),
            only_room,
            heard: Cell::new(Instant::now()),
            pinged: Cell::new(false),
            in_flight: InFlight::default(),
            ending: Cell::new(false),
            inbox: Cell::default(),
            unfed: RefCell::default(),
            rooms: RefCell::default(),
        }
    }

    /// Goes on with another token.
    pub fn renew(&self, renewal: Renewal) {
        *self.login.borrow_mut() = renewal.login;
        self.expires.set(renewal.expires);
    }

    /// Notes that it asks to be fed from a room; whether that is not one too many.
    #[must_use]
    pub fn take_room(&self, room: RoomId, limit: usize) -> bool {
        let mut rooms = self.rooms.borrow_mut();
        let fits = rooms.len() < limit || rooms.contains(&room);
        if fits {
            rooms.insert(room);
        }
        fits
    }

    /// Answers a request.
    pub fn answer(&self, reply: Reply) {
        if let Some(frame) = reply.frame {
            self.outbox.put(Parcel::Frame(frame));
        }
        self.in_flight.remove(reply.purpose.weight());
    }

    /// Answers a request to be fed from a room, for a socket that has everything up to `cursor`.
    pub fn begin(&self, cursor: Seq, reply: Reply) {
        if let Some(frame) = reply.frame {
            self.outbox.put(Parcel::Entry(cursor, frame));
        }
        self.in_flight.remove(reply.purpose.weight());
    }

    /// Notes that a room could not feed it now.
    pub fn is_refused(&self, room: RoomId) {
        if let Some(unfed) = self.unfed.borrow_mut().get_mut(&room) {
            unfed.refused = true;
        }
    }

    /// Notes a sign of life.
    pub fn hear(&self) {
        self.heard.set(Instant::now());
        self.pinged.set(false);
    }
}
