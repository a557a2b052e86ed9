//! A room on this node: collects what is sent, has it appended in batches, tells the members who
//! are here, and announces it to other nodes. The log decides what happened. The room writes to no
//! socket and keeps no history.
//!
//! - [`log`]: the decisions; [`requests`]: what sessions ask; [`asker`]: the way back to them
//! - [`membership`], [`admission`]: what is looked up in the store
//! - [`audience`]: who is fed; [`delivery`]: what goes to the threads; [`touch`]: the room's last activity

pub mod admission;
pub mod asker;
pub mod audience;
pub mod delivery;
pub mod log;
#[cfg(test)]
mod log_tests;
pub mod membership;
pub mod requests;
pub mod touch;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture,
};
use bytestring::ByteString;
use ihs_store::{LogEntry, RoomId, Seq, StoreError};
use tokio::time::Instant;

use self::{
    admission::Admitted,
    asker::{Asker, Reply},
    audience::Audience,
    delivery::Delivery,
    log::{Draft, Effect, Refusal, RoomLog},
    requests::{NO_SUCH_ROOM, refuse},
    touch::Touch,
};
use crate::{
    bus::Announcement,
    fan_out::{Attach, Deliver, FanOutActor, Pass},
    hub::Hub,
    protocol::{Answer, ErrorCode},
    session::socket::SessionId,
    username::Username,
};

/// Requests that may wait for a room; more are refused as unavailable.
const MAILBOX: usize = 4_096;

/// How often a room that feeds sockets looks whether its log has grown unheard of.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often a room looks after itself: deliveries that found no place, a store that was away.
const TICK: Duration = Duration::from_millis(250);

/// A socket has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Gone(pub SessionId);

/// Somebody else has appended to the log.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Look;

/// Start what is due.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Proceed;

/// Whether the room could be loaded.
enum Door {
    Open,
    NoSuchRoom,
    StoreAway,
}

/// One room on one node.
pub struct Room {
    id: RoomId,
    hub: Hub,
    door: Door,
    log: RoomLog<Asker>,
    members: HashSet<Username>,
    /// How far members have read.
    read: HashMap<Username, Seq>,
    audience: Audience,
    /// Joins that wait for the store, by the number of the attempt.
    joining: HashMap<SessionId, u64>,
    attempts: u64,
    /// Deliveries whose thread had no place for them; nothing is appended until it has.
    stuck: VecDeque<(Addr<FanOutActor>, Deliver)>,
    touch: Touch,
    /// A [`Proceed`] is in the mailbox.
    proceeding: bool,
    /// The store could not be read: wait for the next tick before trying again.
    pausing: bool,
    used: Instant,
    /// When the log was last looked at unasked.
    looked: Instant,
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
        let log = new_log(&hub, Seq::ZERO);
        Self {
            id,
            door: Door::StoreAway,
            log,
            members: HashSet::new(),
            read: HashMap::new(),
            audience: Audience::default(),
            joining: HashMap::new(),
            attempts: 0,
            stuck: VecDeque::new(),
            touch: Touch::new(id, hub.clone()),
            proceeding: false,
            pausing: false,
            used: Instant::now(),
            looked: Instant::now(),
            hub,
        }
    }

    /// Lets a request in, or answers it: what is not the caller's is not there.
    fn admit(&mut self, mut asker: Asker) -> Option<Asker> {
        self.used = Instant::now();
        match self.door {
            Door::Open if self.members.contains(&asker.user) => Some(asker),
            Door::Open | Door::NoSuchRoom => {
                // Whoever is not known here may have come unheard of: the next tick looks.
                self.log.look();
                let reference = asker.take_reference();
                let code = ErrorCode::NotFound;
                asker.detach(&Answer::error(reference.as_ref(), code, NO_SUCH_ROOM));
                None
            }
            Door::StoreAway => {
                refuse(asker, Refusal::StoreAway);
                None
            }
        }
    }

    fn loaded(&mut self, outcome: Result<Option<membership::Loaded>, StoreError>) {
        match outcome {
            Ok(Some(loaded)) => {
                self.log = new_log(&self.hub, loaded.head);
                self.members = loaded.members;
                self.read = loaded.read;
                self.door = Door::Open;
            }
            Ok(None) => self.door = Door::NoSuchRoom,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(room = %self.id, error, "room not loaded");
                self.door = Door::StoreAway;
            }
        }
    }

    fn submit(&mut self, draft: Draft<Asker>, ctx: &mut Context<Self>) {
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

    fn carry_out(&mut self, effects: Vec<Effect<Asker>>, ctx: &mut Context<Self>) {
        let mut delivery = Delivery::default();
        for effect in effects {
            match effect {
                Effect::Append(entries) => self.append(entries, ctx),
                Effect::Read(after) => self.read(after, ctx),
                Effect::Deliver(entries) => delivery.entries.extend(entries),
                Effect::Acknowledge(asker, entry) => delivery.acknowledge(asker, &entry),
                Effect::Refuse(asker, refusal) => refuse(asker, refusal),
            }
        }
        self.deliver(delivery);
    }

    fn append(&mut self, entries: Vec<LogEntry>, ctx: &mut Context<Self>) {
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let append = async move { store.append(room, entries).await };
        ctx.spawn(append.into_actor(self).map(|outcome, room, ctx| {
            if let Err(error) = &outcome {
                let error = error as &dyn std::error::Error;
                tracing::warn!(room = %room.id, error, "append failed");
            }
            let effects = room.log.appended(outcome);
            room.carry_out(effects, ctx);
            room.proceed(ctx);
        }));
    }

    fn read(&mut self, after: Seq, ctx: &mut Context<Self>) {
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let page = self.hub.settings().rooms.page;
        let read = async move { store.log_after(room, after, page).await };
        ctx.spawn(read.into_actor(self).map(|outcome, room, ctx| {
            room.pausing = outcome.is_err();
            let effects = room.log.read(outcome);
            room.carry_out(effects, ctx);
            room.proceed(ctx);
        }));
    }

    fn deliver(&mut self, delivery: Delivery) {
        let removed = membership::follow(&mut self.members, &delivery.entries);
        if delivery.is_own() {
            self.hub.bus().publish(Announcement {
                node: self.hub.node(),
                room: self.id,
                entries: Arc::new(delivery.entries.clone()),
            });
            self.touch.touch();
        }
        for (fan_out, message) in delivery.split(self.id, self.audience.threads(), &removed) {
            self.send(fan_out, message);
        }
        for (user, _) in &removed {
            self.audience.remove_user(user);
            for asker in self.log.withdraw(user.as_str()) {
                refuse(asker, Refusal::NotAMember);
            }
        }
    }

    fn send(&mut self, fan_out: Addr<FanOutActor>, message: Deliver) {
        if !self.stuck.is_empty() || !self.audience.try_send(&fan_out, &message) {
            self.stuck.push_back((fan_out, message));
        }
    }

    fn send_stuck(&mut self) {
        while let Some((fan_out, message)) = self.stuck.pop_front() {
            if !self.audience.try_send(&fan_out, &message) {
                self.stuck.push_front((fan_out, message));
                return;
            }
        }
    }

    fn attach(&mut self, asker: Asker, admitted: &Admitted) {
        self.audience.insert(asker.session, asker.user.clone(), asker.fan_out.clone());
        let (fan_out, room, head) = (asker.fan_out.clone(), self.id, self.log.head());
        let cursor = admitted.cursor.unwrap_or(head);
        let reply = self.joined(asker, admitted);
        fan_out.do_send(Attach { room, head, cursor, reply });
    }

    fn say_joined(&self, asker: Asker, admitted: &Admitted) {
        let fan_out = asker.fan_out.clone();
        let replies = vec![self.joined(asker, admitted)];
        fan_out.do_send(Deliver { replies, ..Deliver::from(self.id) });
    }

    fn joined(&self, mut asker: Asker, admitted: &Admitted) -> Reply {
        let reference = asker.take_reference();
        let (head, online) = (self.log.head(), self.audience.users());
        let answer = admitted.joined(self.id, head, reference.as_ref(), online, &self.read);
        asker.settle(&Answer::Joined(answer))
    }

    /// Tells everybody here something that is not kept.
    fn pass(&self, event: &Answer<'_>, except: Option<SessionId>) {
        let frame: ByteString = event.encode().into();
        for thread in self.audience.threads() {
            let pass = Pass { room: self.id, frame: frame.clone(), except };
            // Passing events are worth no waiting.
            if thread.try_send(pass).is_err() {
                tracing::debug!(room = %self.id, "passing event dropped");
            }
        }
    }

    /// Other nodes may have appended without our hearing of it. An embedded store has one node.
    fn look_again(&mut self) {
        let shared = !self.hub.settings().store.is_embedded();
        if shared && !self.audience.is_empty() && self.looked.elapsed() >= LOOK_AGAIN {
            self.looked = Instant::now();
            self.log.look();
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.pausing = false;
        self.send_stuck();
        self.look_again();
        self.touch.tick();
        self.proceed(ctx);
        let idle = Duration::from_secs(self.hub.settings().rooms.idle_seconds);
        let unused = self.audience.is_empty() && self.joining.is_empty();
        if !matches!(self.door, Door::Open)
            || unused && self.log.is_settled() && self.used.elapsed() >= idle
        {
            ctx.stop();
        }
    }
}

fn new_log(hub: &Hub, head: Seq) -> RoomLog<Asker> {
    let rooms = &hub.settings().rooms;
    let page = usize::try_from(rooms.page).unwrap_or(usize::MAX);
    RoomLog::new(head, rooms.batch, rooms.pending, page)
}

impl Actor for Room {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let listener = ctx.address().recipient();
        self.hub.bus().subscribe(self.id, self.hub.node(), listener);
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let load = async move { membership::load(&*store, room).await };
        // Nothing can be decided before the room is known, so the mailbox waits here, bounded by
        // its capacity and by the store's time limit.
        ctx.wait(load.into_actor(self).map(|outcome, room, _| room.loaded(outcome)));
        ctx.run_interval(TICK, Self::tick);
    }

    fn stopped(&mut self, ctx: &mut Self::Context) {
        // In this order: who takes this actor's place subscribes under the same name.
        self.hub.bus().unsubscribe(self.id, self.hub.node());
        self.hub.forget_room(self.id, &ctx.address());
    }
}

impl Handler<Gone> for Room {
    type Result = ();

    fn handle(&mut self, Gone(session): Gone, _: &mut Self::Context) {
        self.joining.remove(&session);
        self.audience.remove(session);
        self.used = Instant::now();
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

impl Handler<Announcement> for Room {
    type Result = ();

    fn handle(&mut self, announcement: Announcement, ctx: &mut Self::Context) {
        if self.stuck.is_empty() {
            let effects = self.log.hear(announcement.entries.as_ref().clone());
            self.carry_out(effects, ctx);
        } else {
            self.log.look();
        }
        self.proceed(ctx);
    }
}
