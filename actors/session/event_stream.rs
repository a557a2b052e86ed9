//! An event stream: what a socket would be told, as Server-Sent Events, for clients without
//! WebSocket. It has a place among the user's sockets and an outbox like theirs, and ends as they
//! do. Whoever writes its bytes to the connection takes them as fast as the client reads; a stream
//! that is dropped has ended.
//!
//! Its client cannot be heard, so the stream counts as alive while what is written to it is taken,
//! heartbeats included. Only the connection knows more: one that is gone refuses the next
//! heartbeat, and one that takes nothing for too long is ended by the kernel.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix::Addr;
use bytes::Bytes;
use futures_util::Stream;
use ihs_store::RoomId;

use super::{Opening, outbox::Parcel, socket::Socket, users::Admission};
use crate::{
    fan_out::FanOut,
    inbox::{Inbox, Open, Shut},
    protocol::{CloseCode, JoinFrom, event},
    room::{
        Gone, Room,
        asker::{Asker, Purpose},
        requests::Join,
    },
};

/// Bytes that are written at once, but for a single frame that has more.
const CHUNK: usize = 16 * 1_024;

/// Shortest wait of a client that has lost its stream, in milliseconds.
const RETRY: u64 = 1_000;

/// How far apart clients wait, so that not all who have lost one node ask the next at once.
const RETRY_SPREAD: u64 = 2_000;

/// A stream of Server-Sent Events.
pub struct EventStream {
    fan_out: FanOut,
    socket: Rc<Socket>,
    /// What feeds it, and is told when it has ended.
    room: Option<(RoomId, Addr<Room>)>,
    inbox: Option<Addr<Inbox>>,
    /// What is written before anything else.
    greeting: String,
    /// What was taken out of the outbox and is not yet written.
    taken: VecDeque<Parcel>,
    /// How many parcels those were.
    unwritten: usize,
    /// What it waits for was refused: there is no more to come.
    refused: bool,
    ended: bool,
    _admission: Admission,
}

impl EventStream {
    /// Opens a stream on the thread of this fan-out.
    #[must_use]
    pub fn open(fan_out: &FanOut, opening: Opening) -> Self {
        let socket = opening.socket(fan_out.hub());
        let mut greeting = String::new();
        event::push_retry(&mut greeting, RETRY + socket.id.0 % RETRY_SPREAD);
        let mut stream = Self {
            fan_out: fan_out.clone(),
            socket,
            room: None,
            inbox: None,
            greeting,
            taken: VecDeque::new(),
            unwritten: 0,
            refused: false,
            ended: false,
            _admission: opening.admission,
        };
        stream.fan_out.open(Rc::clone(&stream.socket));
        if let Some((room, from)) = opening.room {
            stream.join(room, from);
        }
        if opening.inbox {
            stream.open_inbox();
        }
        stream
    }

    /// What a client is told that comes while the node goes away.
    #[must_use]
    pub fn farewell() -> Bytes {
        let mut text = String::new();
        event::push_close(&mut text, CloseCode::GoingAway, &RETRY.to_string());
        text.into()
    }

    fn join(&mut self, room: RoomId, from: JoinFrom) {
        self.socket.rooms.borrow_mut().insert(room);
        let asker = self.asker(Some(room), Purpose::Join);
        let address = self.fan_out.hub().room(room);
        // A room that has too much to do lets the join fall, whose asker then says so.
        if address.try_send(Join { asker, from }).is_err() {
            tracing::debug!(%room, "the room is busy");
        }
        self.room = Some((room, address));
    }

    fn open_inbox(&mut self) {
        let asker = self.asker(None, Purpose::Deed);
        let inbox = self.fan_out.hub().inbox(&self.socket.user);
        inbox.do_send(Open(asker));
        self.inbox = Some(inbox);
    }

    fn asker(&self, room: Option<RoomId>, purpose: Purpose) -> Asker {
        self.socket.in_flight.add(purpose.weight());
        let who = (self.socket.id, self.socket.user.clone());
        Asker::new(who, room, self.fan_out.address(), purpose, None)
    }

    /// As much as is written at once.
    fn write(&mut self) -> Bytes {
        let mut text = std::mem::take(&mut self.greeting);
        while text.len() < CHUNK
            && let Some(parcel) = self.taken.pop_front()
        {
            self.push(&mut text, parcel);
        }
        if self.taken.is_empty() {
            self.socket.outbox.wrote(std::mem::take(&mut self.unwritten));
            if self.refused && !self.ended {
                self.end(&mut text, CloseCode::TryLater, "unavailable");
            }
            if self.socket.outbox.take_starved() {
                self.fan_out.resume(&self.socket);
            }
        }
        text.into()
    }

    fn push(&mut self, text: &mut String, parcel: Parcel) {
        match parcel {
            // Singly: a run may be far more than is written at once.
            Parcel::Frames(frames) => {
                let entries = frames.iter().map(|(seq, frame)| Parcel::Entry(seq, frame.clone()));
                let entries: Vec<Parcel> = entries.collect();
                entries.into_iter().rev().for_each(|entry| self.taken.push_front(entry));
            }
            Parcel::Entry(seq, frame) => event::push(text, &frame, Some(seq)),
            // It asks once, to be fed: there is nobody to ask again, and no event of this name
            // that browsers would not take for the loss of the connection.
            Parcel::Frame(frame) if event::kind(&frame) == "error" => self.refused = true,
            Parcel::Frame(frame) => event::push(text, &frame, None),
            Parcel::Ping => text.push_str(event::HEARTBEAT),
            Parcel::Close(code, reason) => self.end(text, code, &reason),
        }
    }

    fn end(&mut self, text: &mut String, code: CloseCode, reason: &str) {
        event::push_close(text, code, reason);
        self.ended = true;
        self.taken.clear();
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = self.get_mut();
        if stream.ended {
            return Poll::Ready(None);
        }
        if stream.taken.is_empty() {
            stream.taken = ready!(stream.socket.outbox.poll_drain(context));
            stream.unwritten = stream.taken.len();
            stream.socket.hear();
        }
        Poll::Ready(Some(Ok(stream.write())))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let mut given = self.fan_out.close(&self.socket);
        if let Some((room, address)) = &self.room {
            // Never dropped, as those of sockets.
            address.do_send(Gone { session: self.socket.id, given: given.remove(room) });
        }
        if let Some(inbox) = &self.inbox {
            inbox.do_send(Shut(self.socket.id));
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EventStream").field(&self.socket.id).finish()
    }
}
