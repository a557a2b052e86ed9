//! Rooms under load: one large one, or many small ones.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use super::{
    crew::Crew,
    member::{Member, Run},
    process::Processes,
    tally::{Counts, Tally},
};
use crate::{chat::address::Address, failure::Failure};

/// What is asked of the load.
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) rooms: usize,
    /// Sockets of each room.
    pub(crate) sockets: usize,
    /// Sockets of each room that send.
    pub(crate) senders: usize,
    /// Sockets that a user has.
    pub(crate) sockets_per_user: usize,
    /// Messages per second over all rooms; `None` sends as fast as is acknowledged.
    pub(crate) rate: Option<f64>,
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    pub(crate) message_bytes: usize,
    pub(crate) processes: Processes,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    pub(crate) time: Duration,
    pub(crate) cpu: Option<Duration>,
    pub(crate) delays: [Option<Duration>; 3],
    pub(crate) refusal: Option<String>,
}

/// Runs the load on the current thread, inside a `LocalSet`.
pub(crate) async fn run(plan: &Plan) -> Result<Outcome, Failure> {
    let run = Rc::new(Run {
        start: Instant::now(),
        tally: Tally::default(),
        sending: Cell::new(true),
        padding: "x".repeat(plan.message_bytes),
    });
    let members = assemble(plan).await?;
    start(plan, members, &run);
    tokio::time::sleep(plan.warm_up).await;
    let (before, cpu_before, start) = (run.tally.counts(), plan.processes.cpu()?, Instant::now());
    run.tally.restart_delays();
    tokio::time::sleep(plan.time).await;
    let (after, cpu_after, time) = (run.tally.counts(), plan.processes.cpu()?, start.elapsed());
    run.sending.set(false);
    Ok(Outcome {
        counts: after.since(before),
        time,
        cpu: cpu_after.zip(cpu_before).map(|(after, before)| after.saturating_sub(before)),
        delays: [500, 990, 999].map(|per_mille| run.tally.delay(per_mille)),
        refusal: run.tally.refusal(),
    })
}

/// The load generator writes to the bare connection.
pub(crate) fn no_tls() -> Failure {
    Failure::usage("the load generator speaks plain HTTP only")
}

async fn assemble(plan: &Plan) -> Result<Vec<(Member, bool)>, Failure> {
    let authority = plan.address.authority().ok_or_else(no_tls)?;
    let per_room = plan.sockets.div_ceil(plan.sockets_per_user.max(1));
    let crew = Crew::sign_up(plan.address.clone(), per_room * plan.rooms).await?;
    let mut members = Vec::new();
    for hands in crew.hands.chunks(per_room) {
        let room = crew.room(hands).await?;
        for place in 0..plan.sockets {
            let hand = &hands[place % hands.len()];
            let member = Member::join(authority, &hand.token, &room)
                .await
                .map_err(|error| Failure::failed("a socket was not opened").because(error))?;
            members.push((member, place < plan.senders));
        }
    }
    Ok(members)
}

fn start(plan: &Plan, members: Vec<(Member, bool)>, run: &Rc<Run>) {
    let senders = u32::try_from(plan.rooms * plan.senders).unwrap_or(u32::MAX).max(1);
    let mut place = 0;
    for (member, sends) in members {
        let run = Rc::clone(run);
        match plan.rate {
            Some(rate) if sends => {
                let every = Duration::from_secs_f64(f64::from(senders) / rate.max(0.001));
                let offset = every * place / senders;
                place += 1;
                tokio::task::spawn_local(member.open_loop(run, every, offset));
            }
            rate => {
                tokio::task::spawn_local(member.closed_loop(run, sends && rate.is_none()));
            }
        }
    }
}
