//! A room on this node: collects what is sent, has it appended in batches, tells the members who
//! are here, and announces it to other nodes. The log decides what happened. The room writes to no
//! socket and keeps no history.
//!
//! - [`log`]: the decisions; [`requests`]: what sessions ask; [`asker`]: the way back to them
//! - [`membership`], [`admission`]: what is looked up in the store
//! - [`delivery`]: what goes to the threads; [`touch`]: the room's last activity

pub mod admission;
pub mod asker;
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
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture,
};
use bytestring::ByteString;
use ihs_store::{LogEntry, RoomId, Seq, StoreError};

use self::{
    admission::Admitted,
    asker::Asker,
    delivery::Delivery,
    log::{Draft, Effect, Refusal, RoomLog},
    requests::refuse,
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

/// Whether the room could be loaded.
enum Door {
    Open,
    NoSuchRoom,
    StoreAway,
}

/// A socket that is fed.
struct Present {
    user: Username,
    fan_out: Addr<FanOutActor>,
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
    present: HashMap<SessionId, Present>,
    /// Joins that wait for the store, by the number of the attempt.
    joining: HashMap<SessionId, u64>,
    attempts: u64,
    /// Deliveries whose thread had no place for them; nothing is appended until it has.
    stuck: VecDeque<(Addr<FanOutActor>, Deliver)>,
    touch: Touch,
    /// The store could not be read: wait for the next tick before trying again.
    pausing: bool,
    used: Instant,
}

impl Room {
    /// A room that is loaded when it starts.
    #[must_use]
    pub fn new(id: RoomId, hub: Hub) -> Self {
        let log = new_log(&hub, Seq::ZERO);
        Self {
            id,
            door: Door::StoreAway,
            log,
            members: HashSet::new(),
            read: HashMap::new(),
            present: HashMap::new(),
            joining: HashMap::new(),
            attempts: 0,
            stuck: VecDeque::new(),
            touch: Touch::new(id, hub.clone()),
            pausing: false,
            used: Instant::now(),
            hub,
        }
    }

    /// Lets a request in, or answers it: what is not the caller's is not there.
    fn admit(&mut self, mut asker: Asker) -> Option<Asker> {
        self.used = Instant::now();
        match self.door {
            Door::Open if self.members.contains(&asker.user) => Some(asker),
            Door::Open | Door::NoSuchRoom => {
                let reference = asker.take_reference();
                let detail = "no such room";
                asker.detach(&Answer::error(reference.as_ref(), ErrorCode::NotFound, detail));
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
            None => self.proceed(ctx),
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
        let here = self.threads();
        if delivery.is_own() {
            self.hub.bus().publish(Announcement {
                node: self.hub.node(),
                room: self.id,
                entries: Arc::new(delivery.entries.clone()),
            });
            self.touch.touch();
        }
        for (fan_out, message) in delivery.split(self.id, &here, &removed) {
            self.send(fan_out, message);
        }
        for (user, _) in &removed {
            self.present.retain(|_, present| present.user != *user);
        }
    }

    fn send(&mut self, fan_out: Addr<FanOutActor>, message: Deliver) {
        if self.stuck.is_empty() && fan_out.try_send(message.clone()).is_ok() {
            return;
        }
        if fan_out.connected() {
            self.stuck.push_back((fan_out, message));
        }
    }

    fn send_stuck(&mut self) {
        while let Some((fan_out, message)) = self.stuck.pop_front() {
            if fan_out.connected() && fan_out.try_send(message.clone()).is_err() {
                self.stuck.push_front((fan_out, message));
                return;
            }
        }
    }

    /// The threads that have sockets in this room.
    fn threads(&self) -> Vec<Addr<FanOutActor>> {
        let mut threads: Vec<Addr<FanOutActor>> = Vec::new();
        for present in self.present.values() {
            if !threads.contains(&present.fan_out) {
                threads.push(present.fan_out.clone());
            }
        }
        threads
    }

    fn attach(&mut self, mut asker: Asker, admitted: &Admitted) {
        let reference = asker.take_reference();
        let present = Present { user: asker.user.clone(), fan_out: asker.fan_out.clone() };
        self.present.insert(asker.session, present);
        let mut online: Vec<&str> =
            self.present.values().map(|present| present.user.as_str()).collect();
        online.sort_unstable();
        online.dedup();
        let head = self.log.head();
        let answer = admitted.joined(self.id, head, reference.as_ref(), online, &self.read);
        let (fan_out, room) = (asker.fan_out.clone(), self.id);
        let cursor = admitted.cursor.unwrap_or(head);
        let (session, answer) = asker.settle(&Answer::Joined(answer));
        fan_out.do_send(Attach { room, head, session, cursor, answer });
    }

    /// Tells everybody here something that is not kept.
    fn pass(&self, event: &Answer<'_>, except: Option<SessionId>) {
        let frame: ByteString = event.encode().into();
        for thread in self.threads() {
            let pass = Pass { room: self.id, frame: frame.clone(), except };
            // Passing events are worth no waiting.
            if thread.try_send(pass).is_err() {
                tracing::debug!(room = %self.id, "passing event dropped");
            }
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.pausing = false;
        self.send_stuck();
        self.touch.tick();
        self.proceed(ctx);
        let idle = Duration::from_secs(self.hub.settings().rooms.idle_seconds);
        let unused = self.present.is_empty() && self.joining.is_empty();
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
        ctx.set_mailbox_capacity(MAILBOX);
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
        self.hub.forget_room(self.id, &ctx.address());
        self.hub.bus().unsubscribe(self.id, self.hub.node());
    }
}

impl Handler<Gone> for Room {
    type Result = ();

    fn handle(&mut self, Gone(session): Gone, _: &mut Self::Context) {
        self.joining.remove(&session);
        self.present.remove(&session);
        self.used = Instant::now();
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
        let effects = self.log.hear(announcement.entries.as_ref().clone());
        self.carry_out(effects, ctx);
        self.proceed(ctx);
    }
}
