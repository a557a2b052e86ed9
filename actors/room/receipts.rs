//! What a room does about receipts: it asks its threads now and then who has got what, and writes
//! that down. Nothing of it is on the way of a message.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use actix::{
    ActorFuture, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, ResponseActFuture,
    WrapFuture,
};
use futures_util::future::{Future, join_all};
use ihs_store::{Seq, StoreError, Timestamp};
use tokio::time::Instant;

use super::Room;
use crate::{
    fan_out::{
        FanOutActor,
        feed::Given,
        survey::{Survey, Surveyed},
    },
    receipts::{self, Deed, Step},
    session::socket::SessionId,
    username::Username,
};

/// Shortest time between two rounds of one room.
const EVERY: Duration = Duration::from_secs(2);

/// Longest wait for threads to say who has got what.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody was given something before their socket was fed no longer.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Reached {
    /// Who.
    pub user: Username,
    /// What.
    pub given: Given,
}

/// Who has got and read what, as far as it is not written down yet?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<Step>")]
pub struct TellReceipts;

/// Write down what is not written yet: the node stops.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct WriteReceipts;

/// What a room knows of who has got what, and has not written down.
#[derive(Debug, Default)]
pub struct Receipts {
    unwritten: BTreeMap<Part, (Seq, Timestamp)>,
    /// What is being written, by the number of the write.
    writing: BTreeMap<u64, Vec<Step>>,
    writes: u64,
    /// How far each socket is known to be.
    known: HashMap<SessionId, Seq>,
    /// The head of the log when everybody who is here had it.
    head: Option<Seq>,
    round: Option<Instant>,
    under_way: bool,
}

/// What somebody has done with what lies behind a seq.
type Part = (Username, Deed, Seq);

impl Receipts {
    /// There may be something to ask for.
    pub fn stir(&mut self) {
        self.head = None;
    }

    /// Somebody was given something.
    pub fn delivered(&mut self, user: &Username, given: Given, time: Timestamp) {
        if given.after < given.to {
            self.note((user.clone(), Deed::Delivered, given.after), given.to, time);
        }
    }

    /// A socket has ended that was given this.
    pub fn ended(&mut self, socket: SessionId, user: &Username, given: Given, time: Timestamp) {
        if self.known.remove(&socket).is_none_or(|known| known < given.to) {
            self.delivered(user, given, time);
        }
    }

    /// Somebody has read everything up to `seq`.
    pub fn read(&mut self, user: &Username, seq: Seq, time: Timestamp) {
        self.note((user.clone(), Deed::Read, Seq::ZERO), seq, time);
    }

    /// Whether nothing is left to write.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.unwritten.is_empty() && !self.under_way
    }

    fn note(&mut self, part: Part, to: Seq, time: Timestamp) {
        let known = self.unwritten.entry(part).or_insert((to, time));
        if known.0 < to {
            *known = (to, time);
        }
    }

    /// Takes what sockets were given, as of a head of the log.
    fn survey(&mut self, head: Seq, surveys: &[Surveyed], time: Timestamp) {
        let before = std::mem::take(&mut self.known);
        for (session, user, given) in surveys.iter().flat_map(|surveyed| &surveyed.sockets) {
            if before.get(session).is_none_or(|known| *known < given.to) {
                self.delivered(user, *given, time);
            }
            self.known.insert(*session, given.to);
        }
        let complete = surveys.iter().all(|surveyed| surveyed.complete);
        self.head = complete.then_some(head);
    }

    fn steps(&self) -> Vec<Step> {
        self.writing.values().flatten().cloned().chain(self.unwritten_steps()).collect()
    }

    fn unwritten_steps(&self) -> Vec<Step> {
        let step = |((user, deed, after), (to, time)): (&Part, &(Seq, Timestamp))| Step {
            user: user.clone(),
            deed: *deed,
            after: *after,
            to: *to,
            time: *time,
        };
        self.unwritten.iter().map(step).collect()
    }

    fn start_writing(&mut self) -> (u64, Vec<Step>) {
        self.under_way = true;
        self.writes += 1;
        let steps = self.unwritten_steps();
        self.unwritten.clear();
        self.writing.insert(self.writes, steps.clone());
        (self.writes, steps)
    }

    /// What was being written is written, or is not.
    fn end_writing(&mut self, write: u64, written: &Result<(), StoreError>) {
        let steps = self.writing.remove(&write).unwrap_or_default();
        self.under_way = !self.writing.is_empty();
        if written.is_ok() {
            return;
        }
        for Step { user, deed, after, to, time } in steps {
            self.note((user, deed, after), to, time);
        }
    }
}

impl Room {
    /// Starts a round when one is due and the node has a turn for it.
    pub(super) fn tick_receipts(&mut self, ctx: &mut Context<Self>) {
        let receipts = &self.receipts;
        let ask = !self.audience.is_empty() && receipts.head != Some(self.log.head());
        // Behind deliveries that found no place, the answer would not be about this head.
        let ask = ask && self.stuck.is_empty();
        let due = ask || !receipts.unwritten.is_empty();
        let paused = receipts.round.is_none_or(|round| round.elapsed() >= EVERY);
        let cost = self.audience.sockets().max(receipts.unwritten.len());
        if !due || !paused || receipts.under_way || !self.hub.receipts_budget().take(cost) {
            return;
        }
        self.receipts.round = Some(Instant::now());
        self.receipts.under_way = true;
        let head = self.log.head();
        let surveys = ask.then(|| self.surveys());
        let ask = async move {
            match surveys {
                Some(surveys) => surveys.await,
                None => None,
            }
        };
        ctx.spawn(ask.into_actor(self).map(move |surveys, room, ctx| {
            if let Some(surveys) = surveys {
                room.receipts.survey(head, &surveys, room.hub.clock().now());
            }
            let write = room.write_receipts();
            ctx.spawn(write);
        }));
    }

    /// Asks the threads; `None` when they do not answer.
    fn surveys(&self) -> impl Future<Output = Option<Vec<Surveyed>>> + 'static {
        let threads: Vec<Addr<FanOutActor>> = self.audience.threads().cloned().collect();
        let room = self.id;
        async move {
            let asked = join_all(threads.iter().map(|thread| thread.send(Survey(room))));
            let answers = tokio::time::timeout(PATIENCE, asked).await.ok()?;
            answers.into_iter().collect::<Result<_, _>>().ok()
        }
    }

    fn write_receipts(&mut self) -> impl ActorFuture<Self, Output = ()> + use<> {
        let (number, steps) = self.receipts.start_writing();
        let (store, room) = (Arc::clone(self.hub.store()), self.id);
        let write = async move { receipts::write(&*store, room, &steps).await };
        write.into_actor(self).map(move |written, room, _| {
            if let Err(error) = &written {
                let error = error as &dyn std::error::Error;
                tracing::debug!(room = %room.id, error, "receipts not written");
            }
            room.receipts.end_writing(number, &written);
        })
    }
}

impl Handler<Reached> for Room {
    type Result = ();

    fn handle(&mut self, Reached { user, given }: Reached, _: &mut Self::Context) {
        let now = self.hub.clock().now();
        self.receipts.delivered(&user, given, now);
    }
}

impl Handler<WriteReceipts> for Room {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: WriteReceipts, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.write_receipts())
    }
}

impl Handler<TellReceipts> for Room {
    type Result = ResponseActFuture<Self, Vec<Step>>;

    fn handle(&mut self, _: TellReceipts, _: &mut Self::Context) -> Self::Result {
        let head = self.log.head();
        Box::pin(self.surveys().into_actor(self).map(move |surveys, room, _| {
            if let Some(surveys) = surveys {
                room.receipts.survey(head, &surveys, room.hub.clock().now());
            }
            room.receipts.steps()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::try_from(text).expect("a username")
    }

    fn given(after: u64, to: u64) -> Given {
        Given { after: Seq::new(after), to: Seq::new(to) }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn surveyed(sockets: &[(u64, &str, Given)], complete: bool) -> Vec<Surveyed> {
        let sockets = sockets.iter().map(|(id, user, given)| (SessionId(*id), name(user), *given));
        vec![Surveyed { sockets: sockets.collect(), complete }]
    }

    fn ends(receipts: &Receipts) -> Vec<(u64, u64)> {
        let mut ends: Vec<_> =
            receipts.steps().iter().map(|step| (step.after.get(), step.to.get())).collect();
        ends.sort_unstable();
        ends
    }

    #[test]
    fn only_what_is_new_of_a_socket_is_written() {
        let mut receipts = Receipts::default();
        receipts.survey(Seq::new(7), &surveyed(&[(1, "ada", given(3, 7))], true), at(1));
        assert_eq!(ends(&receipts), [(3, 7)]);
        let (write, _) = receipts.start_writing();
        receipts.end_writing(write, &Ok(()));
        assert!(receipts.is_settled());
        receipts.survey(Seq::new(7), &surveyed(&[(1, "ada", given(3, 7))], true), at(2));
        assert!(receipts.is_settled());
        receipts.ended(SessionId(1), &name("ada"), given(3, 7), at(3));
        assert!(receipts.is_settled());
        receipts.survey(Seq::new(8), &surveyed(&[(2, "ada", given(1, 8))], true), at(4));
        assert_eq!(ends(&receipts), [(1, 8)]);
    }

    #[test]
    fn a_socket_that_got_nothing_has_got_nothing() {
        let mut receipts = Receipts::default();
        receipts.survey(Seq::new(7), &surveyed(&[(1, "ada", given(7, 7))], true), at(1));
        assert!(receipts.is_settled());
    }

    #[test]
    fn rounds_go_on_until_everybody_has_everything() {
        let mut receipts = Receipts::default();
        receipts.survey(Seq::new(7), &surveyed(&[(1, "ada", given(0, 7))], false), at(1));
        assert_eq!(receipts.head, None);
        receipts.survey(Seq::new(7), &surveyed(&[(1, "ada", given(0, 7))], true), at(1));
        assert_eq!(receipts.head, Some(Seq::new(7)));
        receipts.stir();
        assert_eq!(receipts.head, None);
    }

    #[test]
    fn what_could_not_be_written_is_kept_and_told_meanwhile() {
        let mut receipts = Receipts::default();
        receipts.delivered(&name("ada"), given(0, 5), at(1));
        let (write, _) = receipts.start_writing();
        assert_eq!(ends(&receipts), [(0, 5)]);
        receipts.delivered(&name("ada"), given(0, 9), at(2));
        receipts.end_writing(write, &Err(StoreError::SeqTaken));
        assert_eq!(ends(&receipts), [(0, 9)]);
    }
}
