//! A session: one WebSocket. Decodes what the client sends, forwards it to rooms, and writes what
//! waits in the outbox. It decides nothing about rooms and encodes nothing but errors.
//!
//! Everything that touches `actix-web-actors` is in this file.
//!
//! - [`socket`]: what the thread knows of it; [`outbox`]: what waits to be written;
//!   [`in_flight`]: what waits to be answered
//! - [`account`]: what it does for no room; `sync`: all rooms at once
//! - [`event_stream`]: the same for clients without WebSocket
//! - [`users`]: how many sockets a user has; [`rate`]: how fast a user sends

pub mod account;
pub mod event_stream;
pub mod in_flight;
pub mod opening;
pub mod outbox;
pub mod rate;
pub mod socket;
mod sync;
pub mod users;

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, StreamHandler, WrapFuture};
use actix_http::ws::{CloseReason, Codec, Item, Message, ProtocolError};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{WebsocketContext, WsResponseBuilder};
use bytes::BytesMut;
use bytestring::ByteString;
use ihs_store::RoomId;

pub use self::opening::Opening;
use self::{
    in_flight::{Calm, Relief},
    outbox::{Parcel, Parcels},
    rate::Allowance,
    socket::Socket,
    users::Admission,
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

/// How long the server waits for the client's half of the closing handshake.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// One WebSocket.
pub struct Session {
    fan_out: FanOut,
    socket: Rc<Socket>,
    admission: Admission,
    first_room: Option<(RoomId, JoinFrom)>,
    opens_inbox: bool,
    rooms: HashMap<RoomId, Addr<Room>>,
    inbox: Option<Addr<Inbox>>,
    fragments: Option<Fragments>,
    not_json: u32,
    /// Nothing more is taken from the client.
    refusing: bool,
    /// The close frame is out.
    closing: bool,
}

/// A message of which not all frames have arrived.
struct Fragments {
    is_text: bool,
    bytes: BytesMut,
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
        fragments: None,
        not_json: 0,
        refusing: false,
        closing: false,
    };
    WsResponseBuilder::new(session, request, stream)
        .codec(Codec::new().max_size(frame_bytes))
        .protocols(&[SUBPROTOCOL])
        .start()
}

type Ctx = WebsocketContext<Session>;

impl Session {
    fn frame(&mut self, message: Message, ctx: &mut Ctx) {
        self.socket.hear();
        match message {
            Message::Text(text) => self.text(&text, ctx),
            Message::Binary(_) => self.not_json("a frame is text", ctx),
            Message::Continuation(item) => self.fragment(item, ctx),
            Message::Ping(bytes) => ctx.pong(&bytes),
            Message::Pong(_) | Message::Nop => {}
            Message::Close(reason) => {
                if !self.closing {
                    ctx.close(
                        reason.map(|reason| CloseReason { code: reason.code, description: None }),
                    );
                }
                ctx.stop();
            }
        }
    }

    fn fragment(&mut self, item: Item, ctx: &mut Ctx) {
        match item {
            Item::FirstText(bytes) => self.begin(true, &bytes),
            Item::FirstBinary(bytes) => self.begin(false, &bytes),
            Item::Continue(bytes) => self.go_on(&bytes, ctx),
            Item::Last(bytes) => {
                self.go_on(&bytes, ctx);
                let Some(fragments) = self.fragments.take() else { return };
                if !fragments.is_text {
                    return self.not_json("a frame is text", ctx);
                }
                match ByteString::try_from(fragments.bytes.freeze()) {
                    Ok(text) => self.text(&text, ctx),
                    Err(_) => self.close(actix_http::ws::CloseCode::Invalid, "not UTF-8", ctx),
                }
            }
        }
    }

    fn begin(&mut self, is_text: bool, bytes: &[u8]) {
        self.fragments = Some(Fragments { is_text, bytes: BytesMut::from(bytes) });
    }

    fn go_on(&mut self, bytes: &[u8], ctx: &mut Ctx) {
        let Some(fragments) = &mut self.fragments else { return };
        fragments.bytes.extend_from_slice(bytes);
        if fragments.bytes.len() > self.fan_out.hub().settings().limits.frame_bytes {
            self.fragments = None;
            self.end(CloseCode::FrameTooLarge, "frame too large", ctx);
        }
    }

    fn text(&mut self, text: &str, ctx: &mut Ctx) {
        if self.closing || self.refusing {
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
        let mut rooms = self.socket.rooms.borrow_mut();
        if rooms.len() >= limit && !rooms.contains(&room) {
            drop(rooms);
            let detail = format!("a socket joins at most {limit} rooms");
            let answer = Answer::error(reference.as_ref(), ErrorCode::TooLarge, &detail);
            return self.answer(&answer);
        }
        rooms.insert(room);
        drop(rooms);
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
            self.rooms.insert(room, self.fan_out.hub().room(room));
        }
        // Only an address that is kept knows that its mailbox is full.
        let sent = self.rooms.get(&room).map(|address| address.try_send(message));
        if !matches!(sent, Some(Ok(()))) {
            tracing::debug!(%room, "the room is busy");
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
        self.close(code.number().into(), reason, ctx);
    }

    fn close(&mut self, code: actix_http::ws::CloseCode, reason: &str, ctx: &mut Ctx) {
        if self.closing {
            return;
        }
        self.closing = true;
        // What was answered before the end still goes out before it.
        self.socket.outbox.drain().into_iter().for_each(|parcel| self.write(parcel, ctx));
        ctx.close(Some(CloseReason { code, description: Some(reason.to_owned()) }));
        ctx.run_later(CLOSE_WAIT, |_, ctx| ctx.stop());
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
        for (room, address) in &self.rooms {
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
            if self.closing {
                break;
            }
            self.write(parcel, ctx);
        }
        if self.socket.outbox.take_starved() {
            self.fan_out.resume(&self.socket);
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, frame: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        match frame {
            Ok(message) => {
                self.frame(message, ctx);
                if self.socket.in_flight.is_full() {
                    ctx.wait(Relief(Rc::clone(&self.socket)).into_actor(self));
                }
            }
            Err(ProtocolError::Overflow) => {
                self.end(CloseCode::FrameTooLarge, "frame too large", ctx);
            }
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "protocol error");
                self.close(actix_http::ws::CloseCode::Protocol, "protocol error", ctx);
            }
        }
    }

    fn finished(&mut self, ctx: &mut Ctx) {
        ctx.stop();
    }
}
