//! The server's end of a simulated socket: what the session actor does, without a network.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use actix::{Addr, Handler};
use bytestring::ByteString;
use ihs_actors::{
    FanOut, Username,
    protocol::{Answer, JoinFrom, Reference, Request, Verb, decode},
    room::{
        Gone, Room,
        asker::{Asker, Purpose},
        requests::{Amend, Join, Leave, MarkRead, Recall, Send, Type},
    },
    session::{
        account,
        outbox::{OutboxLimits, Parcel},
        socket::{SessionId, Socket, Unfed},
    },
};
use ihs_config::Settings;
use ihs_store::{RoomId, Timestamp};
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::node::Node;

/// Entries of a log start with one of these.
const ENTRIES: [&str; 4] = [
    r#"{"type":"message","#,
    r#"{"type":"edited","#,
    r#"{"type":"deleted","#,
    r#"{"type":"members","#,
];

/// One socket, from the server's outbox to what the client has not read yet.
pub(crate) struct Session {
    pub(crate) node: u32,
    pub(crate) thread: usize,
    pub(crate) socket: Rc<Socket>,
    fan_out: FanOut,
    rooms: BTreeMap<RoomId, Addr<Room>>,
    /// Frames on their way to the server.
    pub(crate) up: VecDeque<String>,
    /// Frames on their way to the client.
    pub(crate) down: VecDeque<Down>,
    closing: bool,
    /// Rooms to be followed, once it is known from where.
    syncing: Vec<oneshot::Receiver<Vec<(RoomId, JoinFrom)>>>,
}

/// What a client reads.
#[derive(Debug)]
pub(crate) enum Down {
    Text(ByteString),
    Close,
}

impl Session {
    pub(crate) fn open(
        node: &Node,
        thread: usize,
        number: u64,
        user: &Username,
        settings: &Settings,
    ) -> Self {
        let rooms = &settings.rooms;
        let limits = OutboxLimits { frames: rooms.outbox_frames, bytes: rooms.outbox_bytes };
        let (id, never) = (SessionId(number), Timestamp::from_millis(i64::MAX));
        let socket = Socket::new(id, user.clone(), "login".to_owned(), never, None, limits);
        let (socket, fan_out) = (Rc::new(socket), node.threads[thread].fan_out.clone());
        fan_out.open(Rc::clone(&socket));
        Self {
            node: node.number,
            thread,
            socket,
            fan_out,
            rooms: BTreeMap::new(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            closing: false,
            syncing: Vec::new(),
        }
    }

    /// Whether the server takes what the client sends.
    pub(crate) fn listens(&self) -> bool {
        !self.closing && !self.socket.in_flight.is_full()
    }

    /// Whether something waits to be written.
    pub(crate) fn has_mail(&self) -> bool {
        !self.closing && self.socket.outbox.waiting_since().is_some()
    }

    /// Takes one frame from the client. Must be called on the session's thread.
    pub(crate) fn serve(&mut self) {
        self.follow();
        let Some(text) = self.up.pop_front() else { return };
        self.socket.hear();
        let Request { reference, verb } = decode(&text, 4_000).expect("clients speak the protocol");
        let (room, purpose) = match &verb {
            Verb::Join { room, .. } => (*room, Purpose::Join),
            Verb::History { room, .. } => (*room, Purpose::History),
            Verb::Typing { room } => (*room, Purpose::Event),
            Verb::Leave { room }
            | Verb::Message { room, .. }
            | Verb::Edit { room, .. }
            | Verb::Delete { room, .. }
            | Verb::Read { room, .. } => (*room, Purpose::Deed),
            Verb::Sync { .. } => return self.sync(reference, verb),
            _ => return self.answer(&Answer::Pong { reference: reference.as_ref() }),
        };
        let asker = self.asker(Some(room), purpose, reference);
        match verb {
            Verb::Join { from, .. } => {
                self.socket.rooms.borrow_mut().insert(room);
                self.tell(room, Join { asker, from });
            }
            Verb::Leave { .. } => self.tell(room, Leave { asker }),
            Verb::Message { text, key, .. } => {
                self.tell(room, Send { origin: asker.into(), text, key });
            }
            Verb::Edit { target, text, .. } => {
                self.tell(room, Amend { origin: asker.into(), target, text: Some(text) });
            }
            Verb::Delete { target, .. } => {
                self.tell(room, Amend { origin: asker.into(), target, text: None });
            }
            Verb::Typing { .. } => self.tell(room, Type { asker }),
            Verb::Read { seq, .. } => self.tell(room, MarkRead { asker, seq }),
            Verb::History { before, limit, .. } => self.tell(room, Recall { asker, before, limit }),
            _ => {}
        }
    }

    fn sync(&mut self, reference: Option<Reference>, verb: Verb) {
        let Verb::Sync { rooms, newest } = verb else { return };
        let asker = self.asker(None, Purpose::Deed, reference);
        let hub = self.fan_out.hub().clone();
        let (done, synced) = oneshot::channel();
        self.syncing.push(synced);
        actix::spawn(async move {
            let rooms = account::synced(&hub, asker, &rooms, newest).await;
            drop(done.send(rooms));
        });
    }

    /// Joins what a sync has found. Must be called on the session's thread.
    pub(crate) fn follow(&mut self) -> bool {
        let mut found = Vec::new();
        self.syncing.retain_mut(|synced| match synced.try_recv() {
            Ok(rooms) => {
                found.extend(rooms);
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Closed) => false,
        });
        for (room, from) in &found {
            self.socket.rooms.borrow_mut().insert(*room);
            let unfed = Unfed { from: *from, refused: false };
            self.socket.unfed.borrow_mut().insert(*room, unfed);
            let asker = self.asker(Some(*room), Purpose::Sync, None);
            self.tell(*room, Join { asker, from: *from });
        }
        !found.is_empty()
    }

    fn asker(&self, room: Option<RoomId>, purpose: Purpose, of: Option<Reference>) -> Asker {
        self.socket.in_flight.add(purpose.weight());
        let who = (self.socket.id, self.socket.user.clone());
        Asker::new(who, room, self.fan_out.address(), purpose, of)
    }

    fn tell<M>(&mut self, room: RoomId, message: M)
    where
        M: actix::Message<Result = ()> + std::marker::Send + 'static,
        Room: Handler<M>,
    {
        if !self.rooms.get(&room).is_some_and(Addr::connected) {
            self.rooms.insert(room, self.fan_out.hub().room(room));
        }
        let _ = self.rooms[&room].try_send(message);
    }

    fn answer(&self, answer: &Answer<'_>) {
        self.socket.outbox.put(Parcel::Frame(answer.encode().into()));
    }

    /// Writes what waits. Must be called on the session's thread.
    pub(crate) fn write(&mut self, settings: &Settings) {
        let mut entries = 0;
        for parcel in self.socket.outbox.drain() {
            self.socket.outbox.wrote(1);
            match parcel {
                Parcel::Frames(frames) => {
                    entries += frames.count();
                    self.down.extend(frames.iter().map(|(_, frame)| Down::Text(frame.clone())));
                }
                Parcel::Entry(_, frame) | Parcel::Frame(frame) => {
                    entries += usize::from(ENTRIES.iter().any(|kind| frame.starts_with(kind)));
                    self.down.push_back(Down::Text(frame));
                }
                Parcel::Close(..) if !self.closing => {
                    self.closing = true;
                    self.down.push_back(Down::Close);
                }
                Parcel::Ping | Parcel::Close(..) => {}
            }
        }
        let rooms = &settings.rooms;
        let run = rooms.batch.max(usize::try_from(rooms.page).expect("a page"));
        let most = rooms.outbox_frames.max(run);
        assert!(entries <= most, "{entries} entries waited for one socket, of {most}");
        if self.socket.outbox.take_starved() {
            self.fan_out.resume(&self.socket);
        }
    }

    /// The socket has ended.
    pub(crate) fn close(&mut self) {
        let mut given = self.fan_out.close(&self.socket);
        for room in self.socket.rooms.borrow().iter() {
            let Some(address) = self.fan_out.hub().known_room(*room) else { continue };
            address.do_send(Gone { session: self.socket.id, given: given.remove(room) });
        }
    }
}
