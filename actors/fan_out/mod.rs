//! Fan-out: one actor per worker thread, which hands what rooms deliver to the sockets of its
//! thread, and watches over them. It decides nothing about rooms and reads no frames.
//!
//! A room sends an event once per thread. Sessions are actors of the same thread, and share
//! [`FanOut`] with the actor; rooms, which may live on any thread, reach it by address.
//!
//! - [`messages`]: what it is told; [`feed`]: who gets what of one room
//! - [`frames`]: encoded entries; [`pages`]: pages of the log; `mail`: what inboxes have for it;
//!   `logins`: those that have ended elsewhere; `ending`: who is ended; `follow`: rooms that could
//!   not be joined at once; [`survey`]: who has got what

mod ending;
pub mod feed;
#[cfg(test)]
mod feed_tests;
mod follow;
pub mod frames;
mod logins;
mod mail;
pub mod messages;
pub mod pages;
pub mod survey;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix::{Actor, Addr, AsyncContext, Context, Handler};
use ihs_store::{RoomId, Seq};
use tokio::time::Instant;

pub use self::messages::{
    Attach, Deliver, Detach, Drain, Except, Hand, Logins, Mail, Opened, Pass, Restart, Revoke,
};
use self::{
    ending::end,
    feed::{Feed, Given, Need},
    frames::Frames,
};
use crate::{
    gate::Gate,
    hub::Hub,
    protocol::{Answer, CloseCode, JoinFrom},
    room::{
        Gone,
        asker::{Purpose, Reply},
        receipts::Reached,
    },
    session::{
        outbox::Parcel,
        socket::{SessionId, Socket},
    },
};

/// How often sockets are looked after.
const SWEEP: Duration = Duration::from_secs(1);

/// Deliveries from rooms that may wait for one thread. A room that finds no place keeps its
/// delivery and stops appending until there is one.
const MAILBOX: usize = 4_096;

/// The sockets of a thread, and what feeds them. Cheap to clone within the thread.
#[derive(Clone)]
pub struct FanOut {
    hub: Hub,
    gate: Arc<dyn Gate>,
    address: Addr<FanOutActor>,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    // In order, so that what is looked after first does not depend on chance.
    sockets: BTreeMap<SessionId, Rc<Socket>>,
    feeds: BTreeMap<RoomId, Feed>,
    /// The node goes away: sockets have been told, and whoever comes too late to be among them is
    /// told at once.
    is_draining: bool,
}

/// The actor around [`FanOut`].
pub struct FanOutActor {
    hub: Hub,
    gate: Arc<dyn Gate>,
    state: Rc<RefCell<State>>,
    /// When logins were asked about last.
    asked: Instant,
    /// How often that was wanted by then.
    wanted: u64,
    /// Held by whoever asks.
    asking: Rc<()>,
}

impl FanOut {
    /// Starts the fan-out of this thread.
    #[must_use]
    pub fn start(hub: Hub, gate: Arc<dyn Gate>) -> Self {
        let state: Rc<RefCell<State>> = Rc::default();
        let actor = FanOutActor {
            hub: hub.clone(),
            gate: Arc::clone(&gate),
            state: Rc::clone(&state),
            asked: Instant::now(),
            wanted: 0,
            asking: Rc::new(()),
        };
        let address = actor.start();
        hub.add_thread(address.clone());
        Self { hub, gate, address, state }
    }

    /// The hub that it belongs to.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Who knows about accounts.
    #[must_use]
    pub fn gate(&self) -> &dyn Gate {
        &*self.gate
    }

    /// Where rooms reach it.
    #[must_use]
    pub fn address(&self) -> Addr<FanOutActor> {
        self.address.clone()
    }

    /// Takes in a socket.
    pub fn open(&self, socket: Rc<Socket>) {
        let mut state = self.state.borrow_mut();
        if state.is_draining {
            ending::send_away(&socket, Duration::ZERO);
        }
        state.sockets.insert(socket.id, socket);
    }

    /// Lets go of a socket that has ended, and says what it was given of its rooms, if all of that
    /// is written.
    pub fn close(&self, socket: &Rc<Socket>) -> HashMap<RoomId, Given> {
        let mut state = self.state.borrow_mut();
        state.sockets.remove(&socket.id);
        let mut given = HashMap::new();
        for room in socket.rooms.borrow().iter() {
            given.extend(state.given(*room, socket).map(|given| (*room, given)));
            state.detach(*room, socket);
        }
        given
    }

    /// Goes on feeding a socket that has room again.
    pub fn resume(&self, socket: &Rc<Socket>) {
        let rooms: Vec<RoomId> = socket.rooms.borrow().iter().copied().collect();
        for room in rooms {
            advance(&self.hub, &self.state, room, socket);
        }
        self.reopen_inbox(socket);
    }
}

impl State {
    /// What a socket was given of a room, if all of that is written.
    fn given(&self, room: RoomId, socket: &Rc<Socket>) -> Option<Given> {
        if socket.outbox.written() < socket.outbox.given() {
            return None;
        }
        self.feeds.get(&room)?.given_to(socket)
    }

    fn detach(&mut self, room: RoomId, socket: &Rc<Socket>) {
        if let Some(feed) = self.feeds.get_mut(&room) {
            feed.detach(socket);
            if feed.is_empty() {
                self.feeds.remove(&room);
            }
        }
    }

    /// Hands out an answer. A join that was refused leaves no trace, unless the socket was fed
    /// from the room before.
    fn reply(&self, room: RoomId, reply: Reply) {
        let Some(socket) = self.sockets.get(&reply.session) else { return };
        let fed = || self.feeds.get(&room).is_some_and(|feed| feed.has(socket));
        match reply.purpose {
            Purpose::Join if !fed() => drop(socket.rooms.borrow_mut().remove(&room)),
            Purpose::Sync => socket.is_refused(room),
            _ => {}
        }
        socket.answer(reply);
    }

    /// Hands out a delivery, and says who is to be brought up to date.
    fn deliver(&mut self, delivery: &Deliver) -> Vec<Rc<Socket>> {
        let room = delivery.room;
        let Some(feed) = self.feeds.get_mut(&room) else { return Vec::new() };
        for (user, seq) in &delivery.removed {
            let leaving: Vec<Rc<Socket>> =
                feed.members().filter(|socket| socket.user == *user).map(Rc::clone).collect();
            for socket in leaving {
                // Who is behind would get these before what is still missing.
                let frames = delivery.frames.as_deref().filter(|_| feed.detach(&socket));
                cut(&socket, room, frames, *seq);
            }
        }
        if let Some(frames) = &delivery.frames {
            feed.deliver(frames);
        }
        // Afterwards: what is rewritten may have come in the same delivery.
        if let Some(seq) = delivery.rewritten {
            feed.forget_until(seq);
        }
        let waiting = feed.waiting();
        if feed.is_empty() {
            self.feeds.remove(&room);
        }
        waiting
    }
}

/// Ends a membership: what stood before it, then the news, and nothing from `seq` on.
fn cut(socket: &Socket, room: RoomId, frames: Option<&Frames>, seq: Seq) {
    for (at, frame) in frames.into_iter().flat_map(Frames::iter).filter(|(at, _)| *at < seq) {
        if socket.outbox.offer_one(at, frame).is_err() {
            break;
        }
    }
    socket.rooms.borrow_mut().remove(&room);
    let left = Answer::Left { room, reason: "removed" }.encode();
    socket.outbox.put(Parcel::Frame(left.into()));
    if socket.only_room == Some(room) {
        end(socket, CloseCode::NotAMember, "not a member any more");
    }
}

/// Brings a socket that is behind up to date, as far as it takes it.
fn advance(hub: &Hub, state: &Rc<RefCell<State>>, room: RoomId, socket: &Rc<Socket>) {
    let need = match state.borrow_mut().feeds.get_mut(&room) {
        Some(feed) => feed.advance(socket),
        None => Need::Nothing,
    };
    let Need::Page(after) = need else { return };
    let (hub, state, socket) = (hub.clone(), Rc::clone(state), Rc::clone(socket));
    actix::spawn(async move {
        let page = hub.pages().read(room, after).await;
        if let Some(feed) = state.borrow_mut().feeds.get_mut(&room) {
            feed.page(&socket, page.as_deref());
        }
        // A page that could not be read is asked for again by the sweep, after a pause.
        if page.is_some() {
            advance(&hub, &state, room, &socket);
        }
    });
}

impl FanOutActor {
    fn sweep(&self) {
        let now = Instant::now();
        let time = self.hub.clock().now();
        let limits = &self.hub.settings().limits;
        let heartbeat = Duration::from_secs(limits.heartbeat_seconds.max(1));
        let stalled = Duration::from_secs(limits.stalled_seconds.max(1));
        for socket in self.state.borrow().sockets.values() {
            let silent = now.duration_since(socket.heard.get());
            let waits = socket.outbox.waiting_since().map(|since| now.duration_since(since));
            if socket.expires.get() <= time {
                end(socket, CloseCode::TokenEnded, "token expired");
            } else if waits.is_some_and(|waits| waits >= stalled) {
                end(socket, CloseCode::Silent, "nothing read for too long");
            } else if silent >= heartbeat * 5 / 2 && waits.is_none() {
                end(socket, CloseCode::Silent, "no heartbeat");
            } else if silent >= heartbeat && !socket.pinged.replace(true) {
                socket.outbox.put(Parcel::Ping);
            }
        }
        self.retry_pages();
    }

    fn retry_pages(&self) {
        let waiting: Vec<(RoomId, Rc<Socket>)> = self
            .state
            .borrow()
            .feeds
            .iter()
            .flat_map(|(room, feed)| feed.waiting().into_iter().map(|socket| (*room, socket)))
            .collect();
        for (room, socket) in waiting {
            advance(&self.hub, &self.state, room, &socket);
        }
    }
}

impl Actor for FanOutActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.run_interval(SWEEP, |fan_out, ctx| {
            fan_out.sweep();
            fan_out.reopen_inboxes(&ctx.address());
            fan_out.ask_for_logins();
            fan_out.follow_again(&ctx.address());
        });
    }
}

impl Handler<Deliver> for FanOutActor {
    type Result = ();

    fn handle(&mut self, delivery: Deliver, _: &mut Self::Context) {
        let waiting = self.state.borrow_mut().deliver(&delivery);
        for socket in waiting {
            advance(&self.hub, &self.state, delivery.room, &socket);
        }
        let state = self.state.borrow();
        for reply in delivery.replies {
            state.reply(delivery.room, reply);
        }
    }
}

impl Handler<Pass> for FanOutActor {
    type Result = ();

    fn handle(&mut self, pass: Pass, _: &mut Self::Context) {
        let state = self.state.borrow();
        let Some(feed) = state.feeds.get(&pass.room) else { return };
        for socket in feed.live().filter(|socket| !pass.except.is(socket)) {
            socket.outbox.hint(&pass.frame);
        }
    }
}

impl Handler<Attach> for FanOutActor {
    type Result = ();

    fn handle(&mut self, attach: Attach, _: &mut Self::Context) {
        let mut state = self.state.borrow_mut();
        let session = attach.reply.session;
        let Some(socket) = state.sockets.get(&session).map(Rc::clone) else {
            // It ended meanwhile, maybe without having told a room that had refused it before.
            if let Some(room) = self.hub.known_room(attach.room) {
                room.do_send(Gone { session, given: None });
            }
            return;
        };
        socket.rooms.borrow_mut().insert(attach.room);
        let promised = socket.unfed.borrow_mut().remove(&attach.room);
        let fed = state.feeds.get(&attach.room).is_some_and(|feed| feed.has(&socket));
        if fed && attach.goes_on {
            return socket.answer(attach.reply);
        }
        // What a sync has promised starts where it said, whichever join begins it.
        let cursor = match promised.map(|unfed| unfed.from) {
            Some(JoinFrom::GoOn(seq) | JoinFrom::After { seq, .. }) if attach.goes_on => {
                seq.min(attach.cursor)
            }
            _ => attach.cursor,
        };
        socket.begin(cursor, attach.reply);
        let tail_limit = self.hub.settings().rooms.tail_bytes;
        state
            .feeds
            .entry(attach.room)
            .or_insert_with(|| Feed::new(attach.head, tail_limit))
            .attach(Rc::clone(&socket), cursor);
        drop(state);
        advance(&self.hub, &self.state, attach.room, &socket);
    }
}

impl Handler<Detach> for FanOutActor {
    type Result = ();

    fn handle(&mut self, detach: Detach, _: &mut Self::Context) {
        let mut state = self.state.borrow_mut();
        let Some(socket) = state.sockets.get(&detach.reply.session).map(Rc::clone) else { return };
        if let Some(given) = state.given(detach.room, &socket)
            && let Some(room) = self.hub.known_room(detach.room)
        {
            room.do_send(Reached { user: socket.user.clone(), given });
        }
        state.detach(detach.room, &socket);
        socket.rooms.borrow_mut().remove(&detach.room);
        socket.unfed.borrow_mut().remove(&detach.room);
        socket.answer(detach.reply);
        if detach.ends && socket.only_room == Some(detach.room) {
            end(&socket, CloseCode::NotAMember, "not a member of this room");
        }
    }
}
