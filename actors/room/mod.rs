//! A room on this node: collects what is sent, has it appended in batches, tells the members who
//! are here, and announces it to other nodes. The log decides what happened. The room writes to no
//! socket and keeps no history.
//!
//! - [`log`]: the decisions; `effects`: what comes of them; [`requests`]: what sessions ask; [`asker`], [`origin`]: the way back
//! - `door`, `petition`, `joining`: who is let in; [`membership`], [`admission`]: what is looked up
//!   in the store
//! - [`notices`]: what members who are away are told; [`due`]: that it is not forgotten
//! - [`audience`]: who is fed; [`delivery`]: what goes to the threads; [`touch`]: the room's last
//!   activity; [`receipts`]: who has got what; `news`: what goes to and comes from other nodes;
//!   `looks`: what it has not heard of; `restart`: when the log was put back

pub mod admission;
pub mod asker;
mod attendance;
pub mod audience;
pub mod delivery;
mod door;
pub mod due;
mod effects;
mod joining;
pub mod log;
#[cfg(test)]
mod log_cases;
#[cfg(test)]
mod log_tests;
mod looks;
pub mod membership;
mod news;
pub mod notices;
pub mod origin;
mod petition;
pub mod presence;
pub mod receipts;
pub mod requests;
mod restart;
pub mod touch;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture,
};
use ihs_store::{LogEntry, RoomId, Seq};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use self::{
    audience::Audience,
    door::Door,
    joining::Wishes,
    log::{Draft, RoomLog},
    notices::Notices,
    origin::Origin,
    petition::Inquiries,
    presence::Presence,
    receipts::Receipts,
    requests::Amend,
    touch::Touch,
};
use crate::{
    bus::{Health, News, Topic},
    fan_out::{Deliver, FanOutActor, feed::Given},
    hub::Hub,
    session::socket::SessionId,
    username::Username,
};

/// Requests that may wait for a room; more are refused as unavailable.
const MAILBOX: usize = 4_096;

/// How often a room looks after itself: deliveries that found no place, a store that was away.
const TICK: Duration = Duration::from_millis(250);

/// How often a room tells other nodes who all is here, in case they have missed something.
const TELL_ALL: Duration = Duration::from_secs(10);

/// How long a room that was just opened waits to hear who is there on other nodes, before it says
/// so to those who join.
const SETTLE: Duration = Duration::from_millis(60);

/// A socket has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Gone {
    /// The socket.
    pub session: SessionId,
    /// What it was given, if all of that was written.
    pub given: Option<Given>,
}

/// Somebody else has appended to the log.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Look;

/// Start what is due.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Proceed;

/// One room on one node.
pub struct Room {
    id: RoomId,
    hub: Hub,
    door: Door,
    log: RoomLog<Origin>,
    members: HashSet<Username>,
    inquiries: Inquiries,
    /// How far members have read.
    read: HashMap<Username, Seq>,
    audience: Audience,
    presence: Presence,
    /// What sockets want of which a join is under way.
    joining: HashMap<SessionId, Wishes>,
    /// Deliveries whose thread had no place for them; nothing is appended until it has.
    stuck: VecDeque<(Addr<FanOutActor>, Deliver)>,
    touch: Touch,
    receipts: Receipts,
    notices: Notices,
    /// A [`Proceed`] is in the mailbox.
    proceeding: bool,
    /// The store could not be read: wait for the next tick before trying again.
    pausing: bool,
    opened: Instant,
    used: Instant,
    /// When the log was last looked at unasked.
    looked: Instant,
    /// Changes of messages that are being looked up, in their order.
    amends: VecDeque<Amend>,
    /// What this node has appended may be there, and nobody was told.
    unsure: bool,
    /// Who has read further than this node has delivered.
    read_ahead: HashSet<Username>,
    /// When other nodes could not tell this one of what they append.
    untold: Option<Instant>,
    /// The turn to look, until it is over.
    looking: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Starts a room on this thread; it is loaded as it starts.
    #[must_use]
    pub fn open(id: RoomId, hub: Hub) -> Addr<Self> {
        Self::create(|ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self::new(id, hub)
        })
    }

    fn new(id: RoomId, hub: Hub) -> Self {
        let log = new_log(&hub, None);
        Self {
            id,
            door: Door::StoreAway,
            log,
            members: HashSet::new(),
            inquiries: Inquiries::default(),
            read: HashMap::new(),
            audience: Audience::default(),
            presence: Presence::default(),
            joining: HashMap::new(),
            stuck: VecDeque::new(),
            touch: Touch::new(id, hub.clone()),
            receipts: Receipts::default(),
            notices: Notices::default(),
            proceeding: false,
            pausing: false,
            opened: Instant::now(),
            used: Instant::now(),
            looked: Instant::now(),
            amends: VecDeque::new(),
            unsure: false,
            read_ahead: HashSet::new(),
            untold: None,
            looking: None,
            hub,
        }
    }

    fn submit(&mut self, draft: Draft<Origin>, ctx: &mut Context<Self>) {
        self.look_before_use();
        match self.log.submit(draft) {
            Some(effect) => self.carry_out(vec![effect], ctx),
            None => self.proceed_soon(ctx),
        }
    }

    /// Goes on once what already waits in the mailbox has been taken in, so that messages that
    /// arrived together are appended, and written to every socket, together.
    fn proceed_soon(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.proceeding, true) {
            ctx.notify(Proceed);
        }
    }

    fn proceed(&mut self, ctx: &mut Context<Self>) {
        if self.stuck.is_empty()
            && !self.pausing
            && let Some(effect) = self.log.proceed()
        {
            self.carry_out(vec![effect], ctx);
        }
    }

    /// Starts a round of notifications, if it is time.
    fn send_notices(&mut self, ctx: &mut Context<Self>) {
        if !matches!(self.door, Door::Open) {
            return;
        }
        let Some(mut missed) = self.notices.start() else { return };
        missed.retain(|user| {
            !self.notices.is_sure(user, &self.presence) && self.members.contains(user)
        });
        let (hub, room, told) = (self.hub.clone(), self.id, missed.len());
        let tell = async move { notices::tell(&hub, room, missed).await };
        ctx.spawn(tell.into_actor(self).map(move |rest, room, ctx| {
            let marks = room.notices.told(told, rest);
            let hub = room.hub.clone();
            let unmark = async move { due::unmark(&hub, marks).await };
            ctx.spawn(
                unmark.into_actor(room).map(|outcome, room, _| room.notices.end(outcome.is_ok())),
            );
        }));
    }

    fn settle_time(&self) -> Duration {
        if self.hub.bus().health() == Health::Up { SETTLE } else { Duration::ZERO }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.pausing = false;
        self.send_stuck();
        self.look_again();
        self.touch.tick();
        self.tick_presence();
        self.tick_receipts(ctx);
        self.send_notices(ctx);
        self.proceed(ctx);
        let idle = Duration::from_secs(self.hub.settings().rooms.idle_seconds);
        let unused = self.audience.is_empty() && self.joining.is_empty();
        if !matches!(self.door, Door::Open)
            || unused
                && self.log.is_settled()
                && self.receipts.is_settled()
                && self.notices.is_settled()
                && self.touch.is_settled()
                && self.used.elapsed() >= idle
        {
            ctx.stop();
        }
    }
}

fn new_log(hub: &Hub, last: Option<&LogEntry>) -> RoomLog<Origin> {
    let rooms = &hub.settings().rooms;
    let page = usize::try_from(rooms.page).unwrap_or(usize::MAX);
    RoomLog::new(last, rooms.batch, rooms.pending, page)
}

impl Actor for Room {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let listener = ctx.address().recipient();
        self.hub.bus().subscribe(Topic::Room(self.id), self.hub.node(), listener);
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let load = async move { membership::load(&*store, room).await };
        // Nothing can be decided before the room is known, so the mailbox waits here, bounded by
        // its capacity and by the store's time limit.
        ctx.wait(load.into_actor(self).map(|outcome, room, _| room.loaded(outcome)));
        ctx.run_interval(TICK, Self::tick);
        ctx.run_interval(TELL_ALL, |room, _| room.tell_all_present());
        self.tell_others(News::WhoIsThere);
    }

    fn stopped(&mut self, ctx: &mut Self::Context) {
        self.tell_others(News::Present(Vec::new()));
        // In this order: who takes this actor's place subscribes under the same name.
        self.hub.bus().unsubscribe(&Topic::Room(self.id), self.hub.node());
        self.hub.forget_room(self.id, &ctx.address());
    }
}

impl Handler<Proceed> for Room {
    type Result = ();

    fn handle(&mut self, _: Proceed, ctx: &mut Self::Context) {
        self.proceeding = false;
        self.proceed(ctx);
    }
}

impl Handler<Look> for Room {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Self::Context) {
        self.log.look();
        self.proceed(ctx);
    }
}
