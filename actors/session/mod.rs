//! A session: one WebSocket. Decodes what the client sends, forwards it to rooms, and writes what
//! waits in the outbox. It decides nothing about rooms and encodes nothing but errors.
//!
//! - [`wire`]: the WebSocket itself; [`incoming`]: messages out of bytes
//! - [`socket`]: what the thread knows of it; [`outbox`]: what waits to be written;
//!   [`in_flight`]: what waits to be answered
//! - [`account`]: what it does for no room; `sync`: all rooms at once
//! - [`event_stream`]: the same for clients without WebSocket
//! - [`users`]: how many sockets a user has; [`rate`], [`rates`]: how fast a user sends

pub mod account;
pub mod event_stream;
pub mod in_flight;
pub mod incoming;
pub mod opening;
pub mod outbox;
pub mod rate;
pub mod rates;
pub mod socket;
mod sync;
pub mod users;
pub mod wire;

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, StreamHandler, WrapFuture};
use actix_http::ws::Message;
use actix_web::{HttpRequest, HttpResponse, web};
use ihs_store::RoomId;

pub use self::opening::Opening;
use self::{
    in_flight::{Calm, Relief},
    outbox::{Parcel, Parcels},
    rate::Allowance,
    socket::Socket,
    users::Admission,
    wire::{Broken, CLOSE_WAIT, Heard, Line, Unread, WireContext},
};
use crate::{
    fan_out::FanOut,
    inbox::{Inbox, Shut},
    protocol::{Answer, CloseCode, ErrorCode, JoinFrom, Reference, Request, Verb, decode},
    room::{
        Gone, Room,
        asker::{Asker, Purpose},
        requests::{Amend, Join, Leave, MarkRead, Recall, Send, Type},
    },
};

/// The subprotocol that the server speaks.
pub const SUBPROTOCOL: &str = "ihs.v1";

/// Frames that are not JSON, after which the socket ends.
const MAX_NOT_JSON: u32 = 10;

/// One WebSocket.
pub struct Session {
    fan_out: FanOut,
    socket: Rc<Socket>,
    admission: Admission,
    first_room: Option<(RoomId, JoinFrom)>,
    opens_inbox: bool,
    rooms: HashMap<RoomId, Addr<Room>>,
    inbox: Option<Addr<Inbox>>,
    line: Line,
    not_json: u32,
    /// Nothing more is taken from the client.
    refusing: bool,
}

/// Upgrades a request to a session.
///
/// # Errors
/// When the request is not a WebSocket handshake.
pub fn open(
    request: &HttpRequest,
    stream: web::Payload,
    fan_out: &FanOut,
    opening: Opening,
) -> Result<HttpResponse, actix_web::Error> {
    let frame_bytes = fan_out.hub().settings().limits.frame_bytes;
    let session = Session {
        fan_out: fan_out.clone(),
        socket: opening.socket(fan_out.hub()),
        admission: opening.admission,
        first_room: opening.room,
        opens_inbox: opening.inbox,
        rooms: HashMap::new(),
        inbox: None,
        line: Line::default(),
        not_json: 0,
        refusing: false,
    };
    wire::open(session, request, stream, frame_bytes, &[SUBPROTOCOL])
}

type Ctx = WireContext<Session>;

impl Session {
    fn text(&mut self, text: &str, ctx: &mut Ctx) {
        if self.line.is_closing() || self.refusing {
            return;
        }
        match decode(text, self.fan_out.hub().settings().limits.message_chars) {
            Ok(request) => self.serve(request, ctx),
            Err(error) if error.is_json => self.answer(&Answer::refusal(&error)),
            Err(error) => self.not_json(&error.detail, ctx),
        }
    }

    fn not_json(&mut self, detail: &str, ctx: &mut Ctx) {
        self.not_json += 1;
        self.answer(&Answer::error(None, ErrorCode::BadRequest, detail));
        if self.not_json >= MAX_NOT_JSON {
            self.end(CloseCode::NotJson, "not JSON, ten times", ctx);
        }
    }

    fn serve(&mut self, Request { reference, verb }: Request, ctx: &mut Ctx) {
        match verb {
            Verb::Sync { rooms, newest } => self.sync(reference, (rooms, newest), ctx),
            Verb::Inbox => self.open_inbox(reference),
            Verb::Viewed(viewed) => self.view(reference, viewed),
            Verb::Notify { user, notice, key } => {
                if self.may_send(reference.as_ref(), ctx) {
                    self.notify(reference, (user, notice), key);
                }
            }
            Verb::Token(token) => self.renew(reference, token),
            Verb::Ping => self.answer(&Answer::Pong { reference: reference.as_ref() }),
            Verb::Join { room, from } => self.join(reference, room, from),
            Verb::Leave { room } => {
                let asker = self.asker(reference, room, Purpose::Deed);
                self.tell(room, Leave { asker });
            }
            Verb::Message { room, text, key } => {
                if self.may_send(reference.as_ref(), ctx) {
                    let asker = self.asker(reference, room, Purpose::Deed);
                    self.tell(room, Send { origin: asker.into(), text, key });
                }
            }
            Verb::Edit { room, target, text } => {
                if self.may_send(reference.as_ref(), ctx) {
                    let asker = self.asker(reference, room, Purpose::Deed);
                    self.tell(room, Amend { origin: asker.into(), target, text: Some(text) });
                }
            }
            Verb::Delete { room, target } => {
                if self.may_send(reference.as_ref(), ctx) {
                    let asker = self.asker(reference, room, Purpose::Deed);
                    self.tell(room, Amend { origin: asker.into(), target, text: None });
                }
            }
            Verb::Typing { room } => {
                if self.may_send(reference.as_ref(), ctx) {
                    let asker = self.asker(reference, room, Purpose::Event);
                    self.tell(room, Type { asker });
                }
            }
            Verb::Read { room, seq } => {
                let asker = self.asker(reference, room, Purpose::Deed);
                self.tell(room, MarkRead { asker, seq });
            }
            Verb::History { room, before, limit } => {
                let asker = self.asker(reference, room, Purpose::History);
                self.tell(room, Recall { asker, before, limit });
            }
        }
    }

    fn join(&mut self, reference: Option<Reference>, room: RoomId, from: JoinFrom) {
        let limit = self.fan_out.hub().settings().limits.rooms_per_socket;
        if !self.socket.take_room(room, limit) {
            let detail = format!("a socket joins at most {limit} rooms");
            let answer = Answer::error(reference.as_ref(), ErrorCode::TooLarge, &detail);
            return self.answer(&answer);
        }
        let asker = self.asker(reference, room, Purpose::Join);
        self.tell(room, Join { asker, from });
    }

    fn may_send(&mut self, reference: Option<&Reference>, ctx: &mut Ctx) -> bool {
        match self.admission.ask() {
            Allowance::Granted => true,
            Allowance::Wait(wait) => {
                let seconds = wait.as_secs_f64().ceil().max(1.0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few seconds at most, and never negative"
                )]
                let seconds = seconds as u64;
                let detail = "too many messages";
                self.answer(&Answer::retry(reference, ErrorCode::RateLimited, detail, seconds));
                false
            }
            Allowance::FarOver => {
                self.end_once_answered(CloseCode::TooFast, "far over the rate", ctx);
                false
            }
        }
    }

    fn asker(&self, reference: Option<Reference>, room: RoomId, purpose: Purpose) -> Asker {
        self.socket.in_flight.add(purpose.weight());
        let who = (self.socket.id, self.socket.user.clone());
        Asker::new(who, Some(room), self.fan_out.address(), purpose, reference)
    }

    /// Tells a room. One that is gone is started anew; one that has too much to do lets the
    /// message fall, whose asker then says so to the client.
    fn tell<M>(&mut self, room: RoomId, message: M)
    where
        M: actix::Message<Result = ()> + std::marker::Send + 'static,
        Room: actix::Handler<M>,
    {
        if !self.rooms.get(&room).is_some_and(Addr::connected) {
            self.forget_rooms();
            self.rooms.insert(room, self.fan_out.hub().room(room));
        }
        // Only an address that is kept knows that its mailbox is full.
        let sent = self.rooms.get(&room).map(|address| address.try_send(message));
        if !matches!(sent, Some(Ok(()))) {
            tracing::debug!(%room, "the room is busy");
        }
    }

    /// Keeps the addresses of the rooms that feed the socket alone, when there are many.
    fn forget_rooms(&mut self) {
        if self.rooms.len() > self.fan_out.hub().settings().limits.rooms_per_socket {
            let fed = self.socket.rooms.borrow();
            self.rooms.retain(|room, _| fed.contains(room));
        }
    }

    fn answer(&self, answer: &Answer<'_>) {
        self.socket.outbox.put(Parcel::Frame(answer.encode().into()));
    }

    /// Takes nothing more, and ends when what was taken is answered: a message that is stored must
    /// not look lost.
    fn end_once_answered(&mut self, code: CloseCode, reason: &'static str, ctx: &mut Ctx) {
        if self.refusing {
            return;
        }
        self.refusing = true;
        let calm = tokio::time::timeout(CLOSE_WAIT, Calm(Rc::clone(&self.socket)));
        ctx.spawn(calm.into_actor(self).map(move |_, session, ctx| session.end(code, reason, ctx)));
    }

    fn end(&mut self, code: CloseCode, reason: &str, ctx: &mut Ctx) {
        self.close(code.number(), reason, ctx);
    }

    fn close(&mut self, code: u16, reason: &str, ctx: &mut Ctx) {
        if self.line.is_closing() {
            return;
        }
        // What was answered before the end still goes out before it.
        self.write_out(ctx);
        self.line.close(code, reason, ctx);
    }

    fn write_out(&mut self, ctx: &mut Ctx) {
        for parcel in self.socket.outbox.drain() {
            match parcel {
                Parcel::Close(..) => self.socket.outbox.wrote(1),
                parcel => self.write(parcel, ctx),
            }
        }
    }

    fn write(&mut self, parcel: Parcel, ctx: &mut Ctx) {
        self.socket.outbox.wrote(1);
        match parcel {
            Parcel::Frames(frames) => {
                frames.iter().for_each(|(_, frame)| ctx.write_raw(Message::Text(frame.clone())));
            }
            Parcel::Entry(_, frame) | Parcel::Frame(frame) => ctx.write_raw(Message::Text(frame)),
            Parcel::Ping => ctx.ping(b""),
            Parcel::Close(code, reason) => self.end(code, &reason, ctx),
        }
    }
}

impl Actor for Session {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        self.fan_out.open(Rc::clone(&self.socket));
        ctx.add_stream(Parcels(Rc::clone(&self.socket)));
        if let Some((room, from)) = self.first_room.take() {
            self.join(None, room, from);
        }
        if self.opens_inbox {
            self.open_inbox(None);
        }
    }

    fn stopped(&mut self, _: &mut Ctx) {
        let mut given = self.fan_out.close(&self.socket);
        let hub = self.fan_out.hub();
        for room in self.socket.rooms.borrow().iter() {
            let Some(address) = hub.known_room(*room) else { continue };
            // Never dropped: there is one for each room of each socket, and a room that missed it
            // would keep the dead session.
            address.do_send(Gone { session: self.socket.id, given: given.remove(room) });
        }
        if let Some(inbox) = &self.inbox {
            inbox.do_send(Shut(self.socket.id));
        }
    }
}

impl StreamHandler<VecDeque<Parcel>> for Session {
    fn handle(&mut self, parcels: VecDeque<Parcel>, ctx: &mut Ctx) {
        for parcel in parcels {
            if self.line.is_closing() {
                break;
            }
            self.write(parcel, ctx);
        }
        if self.socket.outbox.take_starved() {
            self.fan_out.resume(&self.socket);
        }
    }
}

impl StreamHandler<Result<Heard, Broken>> for Session {
    fn handle(&mut self, heard: Result<Heard, Broken>, ctx: &mut Ctx) {
        self.socket.hear();
        match heard {
            Ok(Heard::Text(text)) => self.text(&text, ctx),
            Ok(Heard::Binary(_)) => self.not_json("a frame is text", ctx),
            Ok(Heard::Control(control)) => self.line.answer(control, ctx),
            Err(broken) => self.close(broken.close_code(), broken.reason(), ctx),
        }
        if self.socket.in_flight.is_full() {
            ctx.wait(Relief(Rc::clone(&self.socket)).into_actor(self));
        }
    }

    /// A client that has said its last may still be reading: what it asked for is answered.
    fn finished(&mut self, ctx: &mut Ctx) {
        self.refusing = true;
        let calm = tokio::time::timeout(CLOSE_WAIT, Calm(Rc::clone(&self.socket)));
        ctx.spawn(calm.into_actor(self).map(|_, session, ctx| {
            if !session.line.is_closing() {
                session.write_out(ctx);
            }
            ctx.stop();
        }));
    }
}

impl StreamHandler<Unread> for Session {
    fn handle(&mut self, _: Unread, _: &mut Ctx) {}
}
