//! Joins: what is looked up first, and what becomes of those that outdo each other meanwhile.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use ihs_store::{Seq, StoreError};

use super::{
    Room,
    admission::{self, Admitted},
    asker::{Asker, Purpose},
    log::Refusal,
    membership,
    petition::{Standing, turn_away},
    requests::{Join, refuse},
};
use crate::protocol::JoinFrom;

/// How often, and how long after each other, a room looks whether it has read what a join needs.
const CATCH_UPS: u32 = 100;
const CATCH_UP: Duration = Duration::from_millis(20);

/// A join that may be let in.
struct Joining {
    attempt: u64,
    asker: Asker,
    admitted: Admitted,
    /// How far the room must have read its log.
    least: Seq,
}

impl Handler<Join> for Room {
    type Result = ();

    fn handle(&mut self, Join { asker, from }: Join, ctx: &mut Self::Context) {
        // Noted before the store is asked about anything: the socket may leave or end meanwhile.
        self.attempts += 1;
        let attempt = self.attempts;
        self.joining.entry(asker.session).or_insert((attempt, attempt)).1 = attempt;
        let user = asker.user.clone();
        match self.standing(&user) {
            Standing::Member => self.attempt(attempt, asker, from, ctx),
            Standing::Refused(refusal) => self.fail(attempt, asker, refusal),
            Standing::Unknown => {
                let then = move |room: &mut Self, ctx: &mut Context<Self>, verdict| match verdict {
                    Ok(()) => room.attempt(attempt, asker, from, ctx),
                    Err(refusal) => room.fail(attempt, asker, refusal),
                };
                self.inquire(user, Box::new(then), ctx);
            }
        }
    }
}

impl Room {
    fn fail(&mut self, attempt: u64, asker: Asker, refusal: Refusal) {
        self.end_attempt(attempt, &asker);
        turn_away(asker, self.id, refusal);
    }

    fn attempt(&mut self, attempt: u64, asker: Asker, from: JoinFrom, ctx: &mut Context<Self>) {
        let (hub, room) = (self.hub.clone(), self.id);
        // What the client sends behind its join comes behind it in the feed, too.
        let (user, head) = (asker.user.clone(), self.log.head());
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
            if let Ok((least, admitted)) = outcome {
                let joining = Joining { attempt, asker, admitted: admitted.since(head), least };
                return room.admit_joining(joining, CATCH_UPS, ctx);
            }
            room.end_attempt(attempt, &asker);
            let is_fed = room.audience.user_of(asker.session).is_some();
            // Whoever was told by a sync that they are fed is, in any case.
            if asker.purpose == Purpose::Sync && is_fed {
                asker.forget();
            } else if let Some(asker) = room.admit(asker) {
                refuse(asker, Refusal::StoreAway);
            }
        }));
    }

    /// Feeds a socket once the room has read all that was in the log when it joined.
    fn admit_joining(&mut self, joining: Joining, patience: u32, ctx: &mut Context<Self>) {
        if self.log.head() < joining.least {
            if patience == 0 {
                return self.fail(joining.attempt, joining.asker, Refusal::StoreAway);
            }
            self.log.look();
            self.proceed(ctx);
            ctx.run_later(CATCH_UP, move |room, ctx| {
                room.admit_joining(joining, patience - 1, ctx);
            });
            return;
        }
        let Joining { attempt, asker, admitted, .. } = joining;
        let counts = self.end_attempt(attempt, &asker);
        match self.admit(asker) {
            Some(asker) if counts => self.attach(asker, &admitted),
            Some(asker) => self.say_joined(asker, &admitted),
            None => {}
        }
    }

    /// Notes that an attempt is over, and says whether it counts: the feed follows the client's last
    /// word on it. Whoever was told by a sync that they are fed must be, even if what they ask for
    /// next is refused.
    fn end_attempt(&mut self, attempt: u64, asker: &Asker) -> bool {
        let Some(&(first, last)) = self.joining.get(&asker.session) else { return false };
        if last == attempt {
            self.joining.remove(&asker.session);
            return true;
        }
        asker.purpose == Purpose::Sync && (first..last).contains(&attempt)
    }
}
