//! What a run comes to, in a few lines.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use crate::{fault::Fault, proof::Verdict, view::View, world::World};

/// The summary of a run.
pub(crate) fn summary(
    world: &World,
    happened: &BTreeMap<Fault, usize>,
    views: &[View],
    verdict: &Verdict,
    time: Duration,
) -> String {
    let seen: usize = views.iter().map(|view| view.seen.len()).sum();
    let total: usize = happened.values().sum();
    let mut text = format!("faults survived in {} s: {total}", time.as_secs());
    for (fault, count) in happened {
        let _ = write!(text, ", {fault} {count}");
    }
    let _ = write!(
        text,
        "\n  {} acks, {seen} entries delivered to {} views, {} connections\n  \
         lost {}, repeated {}, out of order {}",
        world.acked(),
        views.len(),
        world.connects(),
        verdict.lost,
        verdict.repeated,
        verdict.reordered,
    );
    let delays = world.delays.lock().unwrap();
    let between = if world.doors.len() > 1 { "between nodes" } else { "on the node" };
    for (what, times) in [
        ("all is well", &delays.up),
        ("Redis is away", &delays.away),
        ("Redis is just back", &delays.back),
    ] {
        if !times.is_empty() {
            let (sent, acked): (Vec<_>, Vec<_>) = times.iter().copied().unzip();
            let _ = write!(
                text,
                "\n  delay {between} while {what}: {}; from the ack: {}",
                spread(sent),
                spread(acked)
            );
        }
    }
    text
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1_000].as_millis();
    format!("p50 {} ms, p99 {} ms, max {} ms of {}", at(500), at(990), at(1_000), times.len())
}
