//! What the log has decided is done: appended, read, delivered.

use std::sync::Arc;

use actix::{ActorFutureExt, Addr, AsyncContext, Context, WrapFuture};
use ihs_store::{LogEntry, Seq};

use super::{
    Room,
    delivery::Delivery,
    due,
    log::{Effect, Refusal},
    membership,
    origin::Origin,
};
use crate::{
    activity::Last,
    bus::News,
    fan_out::{Deliver, FanOutActor},
};

impl Room {
    /// Does what the log has decided.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect<Origin>>, ctx: &mut Context<Self>) {
        let mut delivery = Delivery::default();
        let fresh = effects.iter().find_map(|effect| match effect {
            Effect::Deliver(entries) => entries.first().map(|entry| entry.seq),
            _ => None,
        });
        if let Some(last) = effects.iter().filter_map(acknowledged).max() {
            self.touch.touch(last);
        }
        for effect in effects {
            match effect {
                Effect::Append(entries) => self.append(entries, ctx),
                Effect::Read { after, limit } => self.read((after, limit), ctx),
                Effect::Deliver(entries) => delivery.entries.extend(entries),
                Effect::Acknowledge(origin, entry) => {
                    delivery.own = true;
                    if fresh.is_none_or(|fresh| entry.seq < fresh) {
                        // Whoever appended it may have told nobody.
                        let entry = std::slice::from_ref(&*entry);
                        self.notices.note(entry, &self.members, &self.presence);
                    }
                    origin.acknowledge(self.id, *entry, &mut delivery);
                }
                Effect::Refuse(origin, refusal) => origin.refuse(refusal),
                Effect::Restart => self.restart(ctx),
            }
        }
        self.deliver(delivery);
    }

    fn append(&mut self, entries: Vec<LogEntry>, ctx: &mut Context<Self>) {
        // What is stored behind all that was delivered is as good as a look.
        self.looking = None;
        let (hub, room) = (self.hub.clone(), self.id);
        let must_mark = self.notices.must_mark(&entries, (&self.members, &self.presence));
        let now = hub.clock().now();
        let append = async move {
            let mark = async {
                if must_mark { due::mark(&hub, room, now).await.map(Some) } else { Ok(None) }
            };
            futures_util::join!(hub.store().append(room, entries), mark)
        };
        ctx.spawn(append.into_actor(self).map(|(outcome, mark), room, ctx| {
            if let Err(error) = &mark {
                let error = error as &dyn std::error::Error;
                tracing::warn!(room = %room.id, error, "not noted that notifications are due");
            }
            room.notices.appended(mark.ok().flatten());
            if let Err(error) = &outcome {
                let error = error as &dyn std::error::Error;
                tracing::warn!(room = %room.id, error, "append failed");
                // It may be there all the same.
                room.notices.suspect(&room.members, &room.presence);
                room.unsure = true;
            }
            let effects = room.log.appended(outcome);
            room.carry_out(effects, ctx);
            if room.opened.elapsed() >= room.settle_time() {
                // Who is there just now is known: who is not need not wait for the next tick.
                room.send_notices(ctx);
            }
            room.proceed(ctx);
        }));
    }

    fn read(&mut self, (after, limit): (Seq, usize), ctx: &mut Context<Self>) {
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let read = async move { store.log_after(room, after, limit).await };
        ctx.spawn(read.into_actor(self).map(|outcome, room, ctx| {
            room.looking = None;
            room.pausing = outcome.is_err();
            if let Ok(entries) = &outcome
                && std::mem::take(&mut room.unsure)
            {
                room.tell_others(News::Changed);
                if let Some(last) = entries.last() {
                    room.touch.touch(last.into());
                }
            }
            let effects = room.log.read(outcome);
            room.carry_out(effects, ctx);
            room.proceed(ctx);
        }));
    }

    fn deliver(&mut self, delivery: Delivery) {
        let removed = membership::follow(&mut self.members, &delivery.entries);
        if delivery.own && !delivery.entries.is_empty() {
            self.tell_others(News::Entries(Arc::new(delivery.entries.clone())));
            self.notices.note(&delivery.entries, &self.members, &self.presence);
        }
        for (fan_out, message) in delivery.split(self.id, self.audience.threads(), &removed) {
            self.send(fan_out, message);
        }
        self.tell_read();
        for (user, _) in &removed {
            self.inquiries.note_removal(user);
            self.read.remove(user);
            self.expel(user);
            for origin in self.log.withdraw(user.as_str()) {
                origin.refuse(Refusal::NotAMember);
            }
        }
    }

    fn send(&mut self, fan_out: Addr<FanOutActor>, message: Deliver) {
        if !self.stuck.is_empty() || !self.audience.try_send(&fan_out, &message) {
            self.stuck.push_back((fan_out, message));
        }
    }

    /// Tries again what found no place.
    pub(super) fn send_stuck(&mut self) {
        while let Some((fan_out, message)) = self.stuck.pop_front() {
            if !self.audience.try_send(&fan_out, &message) {
                self.stuck.push_front((fan_out, message));
                return;
            }
        }
    }
}

/// The entry that somebody is told of.
fn acknowledged(effect: &Effect<Origin>) -> Option<Last> {
    match effect {
        Effect::Acknowledge(_, entry) => Some(Last::from(&**entry)),
        _ => None,
    }
}
