//! Requests to a room, and what becomes of those of somebody whom it does not know: they may have
//! been let in elsewhere just now, which the store tells before the log is read.

use std::{collections::HashMap, sync::Arc};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use ihs_store::{RoomId, Store, StoreError};

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

/// What a room knows of somebody who asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Member,
    /// Not by its log as far as it is read; the number of the inquiry, whose end must be noted.
    Unknown(u64),
}

impl Standing {
    /// Whether they are a member, as the store says where the room does not know.
    pub(super) async fn ask(
        self,
        store: &dyn Store,
        room: RoomId,
        user: &Username,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Member => Ok(true),
            Self::Unknown(_) => membership::is_member(store, room, user).await,
        }
    }
}

/// What comes of what the store says about somebody.
pub(super) enum Verdict {
    Member,
    /// They were removed since it was asked: it must be asked again.
    AskAgain,
    Refused(Refusal),
}

/// Requests that wait for what the store says of those who make them.
#[derive(Debug, Default)]
pub(super) struct Inquiries {
    waiting: usize,
    /// Of each of these users: how many, and how often they were removed since the first.
    of: HashMap<Username, (usize, u64)>,
}

impl Inquiries {
    /// Notes a question, and says how often its user has been removed.
    fn begin(&mut self, user: &Username) -> u64 {
        self.waiting += 1;
        let (waiting, removals) = self.of.entry(user.clone()).or_default();
        *waiting += 1;
        *removals
    }

    /// Notes an answer, and says how often its user has been removed.
    fn end(&mut self, user: &Username) -> u64 {
        self.waiting -= 1;
        let Some((waiting, removals)) = self.of.get_mut(user) else { return 0 };
        let removals = *removals;
        *waiting -= 1;
        if *waiting == 0 {
            self.of.remove(user);
        }
        removals
    }

    /// Notes that somebody is removed.
    pub(super) fn note_removal(&mut self, user: &Username) {
        if let Some((_, removals)) = self.of.get_mut(user) {
            *removals += 1;
        }
    }
}

impl Room {
    /// What is known of somebody before the store is asked.
    pub(super) fn standing(&mut self, user: &Username) -> Result<Standing, Refusal> {
        match self.entry(user) {
            Ok(()) => Ok(Standing::Member),
            Err(Refusal::NotAMember) if matches!(self.door, Door::Open) => {
                if self.inquiries.waiting >= self.hub.settings().rooms.pending {
                    return Err(Refusal::Busy);
                }
                Ok(Standing::Unknown(self.inquiries.begin(user)))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Takes what the store has said of somebody, if it could say.
    pub(super) fn learn(
        &mut self,
        user: &Username,
        standing: Standing,
        said: Option<bool>,
        ctx: &mut Context<Self>,
    ) -> Verdict {
        let Standing::Unknown(before) = standing else {
            return self.entry(user).map_or_else(Verdict::Refused, |()| Verdict::Member);
        };
        let removals = self.inquiries.end(user);
        if said.is_some() {
            // The log says so too, further on than this node has read.
            self.log.look();
            self.proceed(ctx);
        }
        match (self.entry(user), said) {
            (Ok(()), _) => Verdict::Member,
            (Err(_), Some(true)) if removals == before => {
                self.members.insert(user.clone());
                Verdict::Member
            }
            (Err(_), Some(true)) => Verdict::AskAgain,
            (Err(_), None) => Verdict::Refused(Refusal::StoreAway),
            (Err(refusal), Some(false)) => Verdict::Refused(refusal),
        }
    }

    /// Lets a request in, now or when the store has said that its user is a member; otherwise
    /// answers it.
    pub(super) fn let_in<P: Petition>(&mut self, petition: P, ctx: &mut Context<Self>) -> Option<P>
    where
        Self: Handler<P>,
    {
        match self.standing(petition.user()) {
            Ok(Standing::Member) => return Some(petition),
            Ok(standing) => self.ask_the_store(petition, standing, ctx),
            Err(refusal) => petition.decline(self.id, refusal),
        }
        None
    }

    fn ask_the_store<P: Petition>(&self, petition: P, standing: Standing, ctx: &mut Context<Self>)
    where
        Self: Handler<P>,
    {
        let (store, room, user) = (Arc::clone(self.hub.store()), self.id, petition.user().clone());
        let ask = async move { standing.ask(&*store, room, &user).await };
        ctx.spawn(ask.into_actor(self).map(move |outcome, room, ctx| {
            match room.learn(petition.user(), standing, outcome.ok(), ctx) {
                Verdict::Member | Verdict::AskAgain => ctx.notify(petition),
                Verdict::Refused(refusal) => petition.decline(room.id, refusal),
            }
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

petition_of_asker!(Type, MarkRead, Recall);
petition_of_origin!(Send, Amend);
