//! Sockets that only stay: how fast they open, and what each costs in memory.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{crew::Crew, load::no_tls, member::Member, process::Processes};
use crate::{chat::address::Address, failure::Failure};

/// Handshakes under way at once.
const AT_ONCE: usize = 64;

/// Members of each room.
const ROOM: usize = 10;

/// What is asked.
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) sockets: usize,
    pub(crate) sockets_per_user: usize,
    /// How long the sockets stay before memory is read.
    pub(crate) stay: Duration,
    pub(crate) processes: Processes,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) opened: usize,
    pub(crate) time: Duration,
    pub(crate) cpu: Option<Duration>,
    /// Resident memory that the sockets added, in KiB.
    pub(crate) grown_kib: Option<u64>,
}

/// Opens the sockets, each joined to a room, and waits.
pub(crate) async fn run(plan: &Plan) -> Result<Outcome, Failure> {
    let authority = plan.address.authority().ok_or_else(no_tls)?;
    let users = plan.sockets.div_ceil(plan.sockets_per_user.max(1));
    let crew = Crew::sign_up(plan.address.clone(), users).await?;
    let mut rooms = Vec::new();
    for hands in crew.hands.chunks(ROOM) {
        rooms.push(crew.room(hands).await?);
    }
    let resident = plan.processes.resident_kib()?;
    let (cpu, start) = (plan.processes.cpu()?, Instant::now());
    let members: Vec<Member> = stream::iter(0..plan.sockets)
        .map(|place| {
            let hand = &crew.hands[place % users];
            let room = &rooms[(place % users) / ROOM];
            Member::join(authority, &hand.token, room)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
        .map_err(|error| Failure::failed("a socket was not opened").because(error))?;
    let time = start.elapsed();
    let cpu_after = plan.processes.cpu()?;
    tokio::time::sleep(plan.stay).await;
    let resident_after = plan.processes.resident_kib()?;
    Ok(Outcome {
        opened: members.len(),
        time,
        cpu: cpu_after.zip(cpu).map(|(after, before)| after.saturating_sub(before)),
        grown_kib: resident_after.zip(resident).map(|(after, before)| after.saturating_sub(before)),
    })
}
