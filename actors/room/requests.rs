//! What sessions ask of a room.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use ihs_store::{Body, EntryId, LogEntry, Seq, StoreError};

use super::{
    Room, admission,
    asker::Asker,
    log::{Draft, Refusal},
    membership, notices,
    origin::Origin,
};
use crate::{
    bus::News,
    fan_out::Except,
    protocol::{Answer, ErrorCode, JoinFrom, MessageKey, MessageText},
    username::Username,
};

/// What is not the caller's is not there.
pub(super) const NO_SUCH_ROOM: &str = "no such room";
const NO_SUCH_MESSAGE: &str = "no such message";

/// Seconds after which a client may try again what the store could not do.
const RETRY_SECONDS: u64 = 1;

/// Feed a socket from this room.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Join {
    /// Who asks.
    pub asker: Asker,
    /// From where on.
    pub from: JoinFrom,
}

/// Feed a socket no longer.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Leave {
    /// Who asks.
    pub asker: Asker,
}

/// Append a message.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Send {
    /// Who asks.
    pub origin: Origin,
    /// What it says.
    pub text: MessageText,
    /// Makes a repeated send harmless.
    pub key: Option<MessageKey>,
}

/// Append a new text for, or the deletion of, one's own message.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Amend {
    /// Who asks.
    pub origin: Origin,
    /// The message.
    pub target: Seq,
    /// Its new text; `None` deletes it.
    pub text: Option<MessageText>,
}

/// Tell the others that somebody is writing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Type {
    /// Who writes.
    pub asker: Asker,
}

/// Note how far somebody has read.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct MarkRead {
    /// Who has read.
    pub asker: Asker,
    /// The last entry that was read.
    pub seq: Seq,
}

/// Answer with messages before a point.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Recall {
    /// Who asks.
    pub asker: Asker,
    /// Only before this one.
    pub before: Option<Seq>,
    /// How many at most.
    pub limit: u64,
}

impl Handler<Send> for Room {
    type Result = ();

    fn handle(&mut self, send: Send, ctx: &mut Self::Context) {
        let Some(Send { origin, text, key }) = self.let_in(send, ctx) else { return };
        let draft = self.draft(origin, Body::message(text.into_string()));
        self.submit(Draft { key: key.map(MessageKey::into_string), ..draft }, ctx);
    }
}

impl Handler<Amend> for Room {
    type Result = ();

    fn handle(&mut self, amend: Amend, ctx: &mut Self::Context) {
        let Some(amend) = self.let_in(amend, ctx) else { return };
        if self.amends.len() >= self.hub.settings().rooms.pending {
            return amend.origin.refuse(Refusal::Busy);
        }
        self.amends.push_back(amend);
        if self.amends.len() == 1 {
            self.look_up_amended(ctx);
        }
    }
}

impl Room {
    /// Looks up what the first change is about. One at a time, so that changes are made in the
    /// order in which they were asked for.
    fn look_up_amended(&self, ctx: &mut Context<Self>) {
        let Some(target) = self.amends.front().map(|amend| amend.target) else { return };
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let before = Seq::new(target.get().saturating_sub(1));
        let find = async move { store.log_after(room, before, 1).await };
        ctx.spawn(find.into_actor(self).map(move |outcome, room, ctx| {
            let Ok(entries) = outcome else {
                // The others would wait as long for the same answer, one after the other.
                for Amend { origin, .. } in std::mem::take(&mut room.amends) {
                    origin.refuse(Refusal::StoreAway);
                }
                return;
            };
            if let Some(amend) = room.amends.pop_front() {
                room.amend(amend, &entries, ctx);
            }
            room.look_up_amended(ctx);
        }));
    }

    fn amend(
        &mut self,
        Amend { origin, target, text }: Amend,
        found: &[LogEntry],
        ctx: &mut Context<Self>,
    ) {
        let Some(origin) = self.admit_origin(origin) else { return };
        let message = found.first().filter(|entry| entry.seq == target);
        if let Err((code, detail)) = may_amend(message, origin.user()) {
            return origin.complain(code, detail);
        }
        let body = match text {
            Some(text) => Body::Edited { target, text: text.into_string() },
            None => Body::Deleted { target },
        };
        let draft = self.draft(origin, body);
        self.submit(draft, ctx);
    }
}

impl Handler<Type> for Room {
    type Result = ();

    fn handle(&mut self, typing: Type, ctx: &mut Self::Context) {
        let Some(Type { asker }) = self.let_in(typing, ctx) else { return };
        let event = Answer::Typing { room: self.id, user: asker.user.as_str() };
        self.pass(&event, &Except::Socket(asker.session));
        self.tell_others(News::Typing(asker.user.clone()));
        asker.forget();
    }
}

impl Handler<MarkRead> for Room {
    type Result = ();

    fn handle(&mut self, read: MarkRead, ctx: &mut Self::Context) {
        let Some(MarkRead { asker, seq }) = self.let_in(read, ctx) else { return };
        let head = self.log.head();
        if self.read.get(&asker.user).is_some_and(|known| *known >= seq) {
            return acknowledge(asker);
        }
        let (hub, room, user) = (self.hub.clone(), self.id, asker.user.clone());
        let mark = async move {
            // Somebody may have read, by another node, what has not come here yet.
            let seq = if seq <= head { seq } else { seq.min(membership::head(&hub, room).await?) };
            membership::mark_read(&**hub.store(), room, &user, seq).await?;
            notices::clear(&hub, room, &user, seq).await?;
            Ok::<Seq, StoreError>(seq)
        };
        ctx.spawn(mark.into_actor(self).map(move |outcome, room, _| {
            let Some(asker) = room.admit(asker) else { return };
            let Ok(seq) = outcome else { return refuse(asker, Refusal::StoreAway) };
            room.receipts.read(&asker.user, seq, room.hub.clock().now());
            if room.note_read(&asker.user, seq) {
                room.tell_others(News::Read(asker.user.clone(), seq));
            }
            acknowledge(asker);
        }));
    }
}

impl Room {
    fn draft(&self, origin: Origin, body: Body) -> Draft<Origin> {
        Draft {
            id: EntryId::from_bytes(self.hub.ids().next()),
            time: self.hub.clock().now(),
            sender: origin.user().as_str().to_owned(),
            key: None,
            body,
            origin,
        }
    }

    /// Notes how far somebody has read, and says whether that is news.
    pub(super) fn note_read(&mut self, user: &Username, seq: Seq) -> bool {
        let known = self.read.entry(user.clone()).or_default();
        let further = *known < seq;
        if further {
            *known = seq;
            let head = self.log.head();
            if seq > head {
                // What has not been delivered, nobody is told of yet.
                self.log.look();
                self.read_ahead.insert(user.clone());
            }
            self.pass_read(user, seq.min(head));
        }
        further
    }

    /// Tells how far those have read who had read ahead.
    pub(super) fn tell_read(&mut self) {
        let head = self.log.head();
        for user in std::mem::take(&mut self.read_ahead) {
            let Some(seq) = self.read.get(&user).copied() else { continue };
            self.pass_read(&user, seq.min(head));
            if seq > head {
                self.read_ahead.insert(user);
            }
        }
    }

    fn pass_read(&self, user: &Username, seq: Seq) {
        let event = Answer::Read { room: self.id, user: user.as_str(), seq };
        self.pass(&event, &Except::Nobody);
    }
}

/// Whether a message may be changed by who asks: its sender, while it is there.
fn may_amend(message: Option<&LogEntry>, user: &Username) -> Result<(), (ErrorCode, &'static str)> {
    match message {
        Some(entry) if !matches!(entry.body, Body::Message { deleted: false, .. }) => {
            Err((ErrorCode::NotFound, NO_SUCH_MESSAGE))
        }
        Some(entry) if entry.sender == user.as_str() => Ok(()),
        Some(_) => Err((ErrorCode::Forbidden, "only the sender changes a message")),
        None => Err((ErrorCode::NotFound, NO_SUCH_MESSAGE)),
    }
}

fn acknowledge(mut asker: Asker) {
    let reference = asker.take_reference();
    asker.answer(&Answer::Ok { reference: reference.as_ref() });
}

/// Says what is wrong with a request.
pub(super) fn complain(mut asker: Asker, code: ErrorCode, detail: &str) {
    let reference = asker.take_reference();
    asker.answer(&Answer::error(reference.as_ref(), code, detail));
}

impl Handler<Recall> for Room {
    type Result = ();

    fn handle(&mut self, recall: Recall, ctx: &mut Self::Context) {
        let Some(Recall { asker, before, limit }) = self.let_in(recall, ctx) else { return };
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        // What was not delivered yet may be behind the removal of who asks.
        let behind = self.log.head().next();
        let before = before.map_or(behind, |before| before.min(behind));
        let recall = async move { store.log_before(room, before, limit.saturating_add(1)).await };
        ctx.spawn(recall.into_actor(self).map(move |outcome, room, _| {
            // Whoever was removed meanwhile sees nothing of it.
            let Some(asker) = room.admit(asker) else { return };
            match outcome {
                Ok(entries) => admission::recall(room.id, asker, &entries, limit),
                Err(_) => refuse(asker, Refusal::StoreAway),
            }
        }));
    }
}

/// Answers a request that is not carried out.
pub(super) fn refuse(mut asker: Asker, refusal: Refusal) {
    let reference = asker.take_reference();
    let reference = reference.as_ref();
    let answer = match refusal {
        Refusal::Busy => {
            Answer::retry(reference, ErrorCode::Unavailable, "the room is busy", RETRY_SECONDS)
        }
        Refusal::StoreAway => {
            Answer::retry(reference, ErrorCode::Unavailable, "the store is away", RETRY_SECONDS)
        }
        Refusal::Restarting => Answer::unavailable(reference),
        Refusal::NotAMember => Answer::error(reference, ErrorCode::NotFound, NO_SUCH_ROOM),
        Refusal::TargetGone => Answer::error(reference, ErrorCode::NotFound, NO_SUCH_MESSAGE),
        Refusal::KeyConflict => {
            Answer::error(reference, ErrorCode::Conflict, "the key was used with another text")
        }
    };
    asker.answer(&answer);
}
