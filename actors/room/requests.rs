//! What sessions ask of a room.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Handler, Message, WrapFuture};
use ihs_store::{Body, EntryId, Seq};

use super::{
    Room, admission,
    asker::Asker,
    log::{Draft, Refusal},
};
use crate::protocol::{Answer, ErrorCode, JoinFrom, MessageKey, MessageText};

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
    pub asker: Asker,
    /// What it says.
    pub text: MessageText,
    /// Makes a repeated send harmless.
    pub key: Option<MessageKey>,
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

impl Handler<Join> for Room {
    type Result = ();

    fn handle(&mut self, Join { asker, from }: Join, ctx: &mut Self::Context) {
        let Some(asker) = self.admit(asker) else {
            return;
        };
        self.attempts += 1;
        let attempt = self.attempts;
        self.joining.insert(asker.session, attempt);
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let user = asker.user.clone();
        let admit = async move { admission::admit(&*store, room, &user, from).await };
        ctx.spawn(admit.into_actor(self).map(move |outcome, room, _| {
            if room.joining.get(&asker.session) != Some(&attempt) {
                return;
            }
            room.joining.remove(&asker.session);
            let Some(asker) = room.admit(asker) else {
                return;
            };
            match outcome {
                Ok(admitted) => room.attach(asker, &admitted),
                Err(_) => refuse(asker, Refusal::StoreAway),
            }
        }));
    }
}

impl Handler<Leave> for Room {
    type Result = ();

    fn handle(&mut self, Leave { mut asker }: Leave, _: &mut Self::Context) {
        self.joining.remove(&asker.session);
        self.present.remove(&asker.session);
        let reference = asker.take_reference();
        asker.detach(&Answer::Ok {
            reference: reference.as_ref(),
        });
    }
}

impl Handler<Send> for Room {
    type Result = ();

    fn handle(&mut self, Send { asker, text, key }: Send, ctx: &mut Self::Context) {
        let Some(asker) = self.admit(asker) else {
            return;
        };
        let draft = Draft {
            id: EntryId::from_bytes(self.hub.ids().next()),
            time: self.hub.clock().now(),
            sender: asker.user.as_str().to_owned(),
            key: key.map(MessageKey::into_string),
            body: Body::message(text.into_string()),
            origin: asker,
        };
        self.submit(draft, ctx);
    }
}

impl Handler<Recall> for Room {
    type Result = ();

    fn handle(
        &mut self,
        Recall {
            asker,
            before,
            limit,
        }: Recall,
        ctx: &mut Self::Context,
    ) {
        let Some(asker) = self.admit(asker) else {
            return;
        };
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let before = before.unwrap_or(Seq::new(u64::MAX));
        let recall = async move {
            store
                .log_before(room, before, limit.saturating_add(1))
                .await
        };
        ctx.spawn(recall.into_actor(self).map(move |outcome, room, _| {
            // Whoever was removed meanwhile sees nothing of it.
            let Some(asker) = room.admit(asker) else {
                return;
            };
            match outcome {
                Ok(entries) => admission::recall(asker, &entries, limit),
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
        Refusal::Busy => Answer::retry(
            reference,
            ErrorCode::Unavailable,
            "the room is busy",
            RETRY_SECONDS,
        ),
        Refusal::StoreAway => Answer::retry(
            reference,
            ErrorCode::Unavailable,
            "the store is away",
            RETRY_SECONDS,
        ),
        Refusal::KeyConflict => Answer::error(
            reference,
            ErrorCode::Conflict,
            "the key was used with another text",
        ),
    };
    asker.answer(&answer);
}
