//! Who comes to a room and goes: one wish of a socket after the other, in the order in which the
//! client has said them, though each may have to ask the store.

use std::{collections::VecDeque, time::Duration};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use ihs_store::{Seq, StoreError};

use super::{
    Room,
    admission::{self, Admitted},
    asker::{Asker, Purpose},
    log::Refusal,
    membership,
    petition::{Standing, turn_away},
    requests::{Join, Leave, refuse},
};
use crate::{
    protocol::{Answer, JoinFrom},
    session::socket::SessionId,
};

/// How often, and how long after each other, a room looks whether it has read what a join needs.
const CATCH_UPS: u32 = 100;
const CATCH_UP: Duration = Duration::from_millis(20);

/// What a socket wants while an earlier join of it is under way. As many wait as a socket may have
/// requests under way.
pub(super) type Wishes = VecDeque<Wish>;

/// To be fed, or to be fed no longer.
pub(super) enum Wish {
    Join(Wanted),
    Leave(Asker),
}

/// A join.
pub(super) struct Wanted {
    asker: Asker,
    from: JoinFrom,
    /// The head when it was asked for: what the client sends behind its join comes behind it in the
    /// feed, too.
    head: Seq,
}

/// A join that may be let in.
struct Joining {
    asker: Asker,
    admitted: Admitted,
    /// How far the room must have read its log.
    least: Seq,
}

impl Handler<Join> for Room {
    type Result = ();

    fn handle(&mut self, Join { asker, from }: Join, ctx: &mut Self::Context) {
        let head = self.log.head();
        self.wish(asker.session, Wish::Join(Wanted { asker, from, head }), ctx);
    }
}

impl Handler<Leave> for Room {
    type Result = ();

    fn handle(&mut self, Leave { asker }: Leave, ctx: &mut Self::Context) {
        self.wish(asker.session, Wish::Leave(asker), ctx);
    }
}

impl Room {
    fn wish(&mut self, session: SessionId, wish: Wish, ctx: &mut Context<Self>) {
        if let Some(wishes) = self.joining.get_mut(&session) {
            return wishes.push_back(wish);
        }
        self.joining.insert(session, VecDeque::from([wish]));
        self.grant(session, ctx);
    }

    /// Goes through what a socket wants, up to a join that must wait for the store.
    fn grant(&mut self, session: SessionId, ctx: &mut Context<Self>) {
        while let Some(wishes) = self.joining.get_mut(&session) {
            match wishes.pop_front() {
                None => drop(self.joining.remove(&session)),
                Some(Wish::Leave(asker)) => self.leave(asker),
                Some(Wish::Join(wanted)) => match self.standing(&wanted.asker.user) {
                    Standing::Member => return self.admit_wanted(wanted, ctx),
                    Standing::Unknown => return self.ask_about(wanted, ctx),
                    Standing::Refused(refusal) => turn_away(wanted.asker, self.id, refusal),
                },
            }
        }
    }

    fn leave(&mut self, mut asker: Asker) {
        self.let_go(asker.session);
        let reference = asker.take_reference();
        asker.detach(self.id, &Answer::Ok { reference: reference.as_ref() });
    }

    fn ask_about(&mut self, wanted: Wanted, ctx: &mut Context<Self>) {
        let (session, user) = (wanted.asker.session, wanted.asker.user.clone());
        let then = move |room: &mut Self, ctx: &mut Context<Self>, verdict| match verdict {
            Ok(()) => room.admit_wanted(wanted, ctx),
            Err(refusal) => {
                turn_away(wanted.asker, room.id, refusal);
                room.grant(session, ctx);
            }
        };
        self.inquire(user, Box::new(then), ctx);
    }

    fn admit_wanted(&self, wanted: Wanted, ctx: &mut Context<Self>) {
        let Wanted { asker, from, head } = wanted;
        let (hub, room, user) = (self.hub.clone(), self.id, asker.user.clone());
        let settled = self.opened + self.settle_time();
        // A room that feeds nobody does not look, and may know members of long ago.
        let may_lag = self.audience.is_empty() && !hub.settings().store.is_embedded();
        let admit = async move {
            let least = if may_lag { membership::head(&hub, room).await? } else { Seq::ZERO };
            let admitted = admission::admit(&hub, room, &user, from).await?;
            tokio::time::sleep_until(settled).await;
            Ok::<_, StoreError>((least, admitted))
        };
        ctx.spawn(admit.into_actor(self).map(move |outcome, room, ctx| {
            let session = asker.session;
            if let Ok((least, admitted)) = outcome {
                let joining = Joining { asker, admitted: admitted.since(head), least };
                return room.admit_joining(joining, CATCH_UPS, ctx);
            }
            room.postpone(asker);
            // The others would wait as long for the same answer, one after the other.
            for wish in room.joining.remove(&session).into_iter().flatten() {
                match wish {
                    Wish::Join(wanted) => room.postpone(wanted.asker),
                    Wish::Leave(asker) => room.leave(asker),
                }
            }
        }));
    }

    /// Answers a join that the store did not let the room decide.
    fn postpone(&mut self, asker: Asker) {
        let is_fed = self.audience.user_of(asker.session).is_some();
        // Whoever was told by a sync that they are fed is, in any case.
        if asker.purpose == Purpose::Sync && is_fed {
            asker.forget();
        } else if let Some(asker) = self.admit(asker) {
            refuse(asker, Refusal::StoreAway);
        }
    }

    /// Feeds a socket once the room has read all that was in the log when it joined.
    fn admit_joining(&mut self, joining: Joining, patience: u32, ctx: &mut Context<Self>) {
        let session = joining.asker.session;
        if self.log.head() < joining.least && patience > 0 {
            self.log.look();
            self.proceed(ctx);
            ctx.run_later(CATCH_UP, move |room, ctx| {
                room.admit_joining(joining, patience - 1, ctx);
            });
            return;
        }
        let Joining { asker, admitted, least } = joining;
        // A socket that has ended meanwhile has no wishes any more.
        if !self.joining.contains_key(&session) {
            return asker.forget();
        }
        if self.log.head() < least {
            refuse(asker, Refusal::StoreAway);
        } else if let Some(asker) = self.admit(asker) {
            self.attach(asker, &admitted);
        }
        self.grant(session, ctx);
    }
}
