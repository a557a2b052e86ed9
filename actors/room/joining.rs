//! Joins: what is looked up first, and what becomes of those that outdo each other meanwhile.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use ihs_store::StoreError;

use super::{
    Room, admission,
    asker::{Asker, Purpose},
    log::Refusal,
    petition::{Verdict, turn_away},
    requests::{Join, refuse},
};
use crate::protocol::JoinFrom;

impl Handler<Join> for Room {
    type Result = ();

    fn handle(&mut self, Join { asker, from }: Join, ctx: &mut Self::Context) {
        // Noted before the store is asked about anything: the socket may leave or end meanwhile.
        self.attempts += 1;
        let attempt = self.attempts;
        self.joining.entry(asker.session).or_insert((attempt, attempt)).1 = attempt;
        self.attempt(attempt, asker, from, ctx);
    }
}

impl Room {
    fn attempt(&mut self, attempt: u64, asker: Asker, from: JoinFrom, ctx: &mut Context<Self>) {
        let standing = match self.standing(&asker.user) {
            Ok(standing) => standing,
            Err(refusal) => {
                self.end_attempt(attempt, &asker);
                return turn_away(asker, self.id, refusal);
            }
        };
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        // What the client sends behind its join comes behind it in the feed, too.
        let (user, head) = (asker.user.clone(), self.log.head());
        let settled = self.opened + self.settle_time();
        let admit = async move {
            let is_member = standing.ask(&*store, room, &user).await?;
            let admitted = admission::admit(&*store, room, &user, from).await?;
            tokio::time::sleep_until(settled).await;
            Ok::<_, StoreError>((is_member, admitted))
        };
        ctx.spawn(admit.into_actor(self).map(move |outcome, room, ctx| {
            let is_member = outcome.as_ref().ok().map(|(is_member, _)| *is_member);
            let verdict = room.learn(&asker.user, standing, is_member, ctx);
            if matches!(verdict, Verdict::AskAgain) {
                return room.attempt(attempt, asker, from, ctx);
            }
            let counts = room.end_attempt(attempt, &asker);
            if let Verdict::Refused(refusal) = verdict {
                return turn_away(asker, room.id, refusal);
            }
            match outcome.map(|(_, admitted)| admitted.since(head)) {
                Ok(admitted) if counts => room.attach(asker, &admitted),
                Ok(admitted) => room.say_joined(asker, &admitted),
                Err(_)
                    if asker.purpose == Purpose::Sync
                        && room.audience.user_of(asker.session).is_some() =>
                {
                    asker.forget();
                }
                Err(_) => refuse(asker, Refusal::StoreAway),
            }
        }));
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
