//! Requests to a room, and what becomes of those of somebody whom it does not know: they may have
//! been let in elsewhere just now, which the store tells before the log is read. What they ask for
//! meanwhile waits, in its order.

use std::{collections::HashMap, sync::Arc};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use ihs_store::RoomId;

use super::{
    Room,
    asker::Asker,
    door::Door,
    log::Refusal,
    membership,
    origin::Origin,
    requests::{Amend, MarkRead, NO_SUCH_ROOM, Recall, Send, Type, refuse},
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

/// What waits for what the store says of its user.
type Waiting = Box<dyn FnOnce(&mut Room, &mut Context<Room>, Result<(), Refusal>)>;

/// Requests of those whom the room does not know.
#[derive(Default)]
pub(super) struct Inquiries {
    waiting: usize,
    of: HashMap<Username, Inquiry>,
}

/// The store is asked about a user.
#[derive(Default)]
struct Inquiry {
    /// They were removed since it was asked.
    removed: bool,
    waiting: Vec<Waiting>,
}

impl Inquiries {
    /// Notes that somebody is removed.
    pub(super) fn note_removal(&mut self, user: &Username) {
        if let Some(inquiry) = self.of.get_mut(user) {
            inquiry.removed = true;
        }
    }

    fn end(&mut self, user: &Username) -> Vec<Waiting> {
        let waiting = self.of.remove(user).unwrap_or_default().waiting;
        self.waiting -= waiting.len();
        waiting
    }
}

impl Room {
    /// Lets a request in at once, or when the store has said that its user is a member; otherwise
    /// answers it.
    pub(super) fn let_in<P: Petition>(&mut self, petition: P, ctx: &mut Context<Self>) -> Option<P>
    where
        Self: Handler<P, Result = ()>,
    {
        let user = petition.user().clone();
        match self.standing(&user) {
            Standing::Member => return Some(petition),
            Standing::Refused(refusal) => petition.decline(self.id, refusal),
            Standing::Unknown => {
                let then = move |room: &mut Self, ctx: &mut Context<Self>, verdict| match verdict {
                    Ok(()) => room.handle(petition, ctx),
                    Err(refusal) => petition.decline(room.id, refusal),
                };
                self.inquire(user, Box::new(then), ctx);
            }
        }
        None
    }

    /// What is known of somebody who asks for something.
    pub(super) fn standing(&mut self, user: &Username) -> Standing {
        let entry = self.entry(user);
        if self.inquiries.waiting == 0 || !self.inquiries.of.contains_key(user) {
            match entry {
                Ok(()) => return Standing::Member,
                Err(Refusal::NotAMember) if matches!(self.door, Door::Open) => {}
                Err(refusal) => return Standing::Refused(refusal),
            }
        }
        if self.inquiries.waiting >= self.hub.settings().rooms.pending {
            return Standing::Refused(Refusal::Busy);
        }
        Standing::Unknown
    }

    /// Has something wait for what the store says of a user whom the room does not know.
    pub(super) fn inquire(&mut self, user: Username, then: Waiting, ctx: &mut Context<Self>) {
        self.inquiries.waiting += 1;
        let is_asked = self.inquiries.of.contains_key(&user);
        self.inquiries.of.entry(user.clone()).or_default().waiting.push(then);
        if !is_asked {
            self.ask_the_store(user, ctx);
        }
    }

    fn ask_the_store(&self, user: Username, ctx: &mut Context<Self>) {
        let (store, room, asked) = (Arc::clone(self.hub.store()), self.id, user.clone());
        let ask = async move { membership::is_member(&*store, room, &asked).await };
        ctx.spawn(ask.into_actor(self).map(move |outcome, room, ctx| {
            let verdict = match (room.entry(&user), outcome) {
                (Ok(()), _) => Ok(()),
                (Err(_), Ok(true)) => {
                    if room.is_to_be_asked_again(&user) {
                        return room.ask_the_store(user, ctx);
                    }
                    room.members.insert(user.clone());
                    Ok(())
                }
                (Err(refusal), Ok(false)) => Err(refusal),
                (Err(_), Err(_)) => Err(Refusal::StoreAway),
            };
            for then in room.inquiries.end(&user) {
                then(room, ctx, verdict);
            }
            // The log says so too, further on than this node has read.
            room.log.look();
            room.proceed(ctx);
        }));
    }

    /// Whether somebody was removed since the store was asked: what it has said is not so any more,
    /// or is so again.
    fn is_to_be_asked_again(&mut self, user: &Username) -> bool {
        let inquiry = self.inquiries.of.get_mut(user);
        inquiry.is_some_and(|inquiry| std::mem::take(&mut inquiry.removed))
    }
}

/// What a room knows of somebody who asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Member,
    /// The store is to be asked.
    Unknown,
    Refused(Refusal),
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

petition_of_asker!(Type, MarkRead, Recall);
petition_of_origin!(Send, Amend);
