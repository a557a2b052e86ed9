//! Requests to a room, and what becomes of those of somebody whom it does not know: they may have
//! been let in elsewhere just now, which the store tells before the log is read.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use ihs_store::RoomId;

use super::{
    Room,
    asker::Asker,
    door::Door,
    log::Refusal,
    membership,
    origin::Origin,
    requests::{Amend, Join, MarkRead, NO_SUCH_ROOM, Recall, Send, Type, refuse},
};
use crate::{
    protocol::{Answer, ErrorCode},
    username::Username,
};

/// A request that only members may make.
pub(super) trait Petition: Message<Result = ()> + std::marker::Send + 'static {
    /// Who makes it.
    fn user(&self) -> &Username;

    /// Answers it without carrying it out.
    fn decline(self, room: RoomId, refusal: Refusal);
}

impl Room {
    /// Lets a request in, now or when the store has said that its user is a member; otherwise
    /// answers it.
    pub(super) fn let_in<P: Petition>(&mut self, petition: P, ctx: &mut Context<Self>) -> Option<P>
    where
        Self: Handler<P>,
    {
        match self.entry(petition.user()) {
            Ok(()) => return Some(petition),
            Err(Refusal::NotAMember) if matches!(self.door, Door::Open) => {
                self.ask_the_store(petition, ctx);
            }
            Err(refusal) => petition.decline(self.id, refusal),
        }
        None
    }

    fn ask_the_store<P: Petition>(&mut self, petition: P, ctx: &mut Context<Self>)
    where
        Self: Handler<P>,
    {
        let (store, room, user) = (Arc::clone(self.hub.store()), self.id, petition.user().clone());
        let ask = async move { membership::is_member(&*store, room, &user).await };
        ctx.spawn(ask.into_actor(self).map(move |outcome, room, ctx| {
            match outcome {
                Ok(true) => {
                    // The log says so too, further on than this node has read.
                    room.members.insert(petition.user().clone());
                    room.log.look();
                    ctx.notify(petition);
                }
                Ok(false) => {
                    room.log.look();
                    petition.decline(room.id, Refusal::NotAMember);
                }
                Err(_) => petition.decline(room.id, Refusal::StoreAway),
            }
            room.proceed(ctx);
        }));
    }
}

/// What is not the caller's is not there, and feeds them no longer.
pub(super) fn turn_away(mut asker: Asker, room: RoomId, refusal: Refusal) {
    if refusal != Refusal::NotAMember {
        return refuse(asker, refusal);
    }
    let reference = asker.take_reference();
    let answer = Answer::error(reference.as_ref(), ErrorCode::NotFound, NO_SUCH_ROOM);
    asker.detach(room, &answer);
}

macro_rules! petition_of_asker {
    ($($request:ty),*) => {$(
        impl Petition for $request {
            fn user(&self) -> &Username {
                &self.asker.user
            }

            fn decline(self, room: RoomId, refusal: Refusal) {
                turn_away(self.asker, room, refusal);
            }
        }
    )*};
}

macro_rules! petition_of_origin {
    ($($request:ty),*) => {$(
        impl Petition for $request {
            fn user(&self) -> &Username {
                self.origin.user()
            }

            fn decline(self, room: RoomId, refusal: Refusal) {
                match self.origin {
                    Origin::Socket(asker) => turn_away(asker, room, refusal),
                    Origin::Call(_) => self.origin.refuse(refusal),
                }
            }
        }
    )*};
}

petition_of_asker!(Join, Type, MarkRead, Recall);
petition_of_origin!(Send, Amend);
