//! `ihs bench`: loads a running node and prints what it did.

use std::time::Duration;

use tokio::{runtime, task::LocalSet};

use crate::{
    bench::{
        idle,
        load::{self, Outcome, Plan, no_tls},
        phase,
        process::Processes,
        records,
    },
    chat::address::Address,
    cli::{BenchArgs, BenchKind},
    failure::Failure,
};

/// Runs the load that was asked for.
pub(crate) fn run(args: BenchArgs) -> Result<(), Failure> {
    let address: Address = args
        .url
        .parse()
        .map_err(|error| Failure::usage(format!("cannot load {}", args.url)).because(error))?;
    // Only the first call counts, and there is no other.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed("cannot start").because(error))?;
    LocalSet::new().block_on(&runtime, async {
        match args.kind {
            BenchKind::Idle => idle(args, address).await,
            BenchKind::FanOut | BenchKind::Rooms => load(args, address).await,
            BenchKind::Records => records(args, address).await,
        }
    })
}

async fn load(args: BenchArgs, address: Address) -> Result<(), Failure> {
    let fan_out = matches!(args.kind, BenchKind::FanOut);
    let sockets = args.sockets.unwrap_or(if fan_out { 1_000 } else { 10 });
    let plan = Plan {
        address,
        rooms: args.rooms.unwrap_or(if fan_out { 1 } else { 100 }),
        sockets,
        senders: args.senders.unwrap_or(if fan_out { 64 } else { sockets }).min(sockets),
        sockets_per_user: args.sockets_per_user,
        rate: args.rate,
        warm_up: Duration::from_secs(args.warm_up),
        time: Duration::from_secs(args.seconds),
        message_bytes: args.message_bytes,
        processes: Processes(args.pid),
    };
    let outcome = load::run(&plan).await?;
    report_load(&plan, &outcome);
    let Some(refusal) = outcome.refusal else { return Ok(()) };
    let limited = refusal.contains("rate_limited");
    let advice = if limited { "; set IHS_LIMITS__MESSAGES_PER_SECOND=0 for the node" } else { "" };
    Err(Failure::failed(format!("the node refused messages: {refusal}{advice}")))
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
fn report_load(plan: &Plan, outcome: &Outcome) {
    let counts = &outcome.counts;
    let seconds = outcome.time.as_secs_f64();
    println!(
        "rooms                 {} of {} sockets, {} of them sending",
        plan.rooms, plan.sockets, plan.senders
    );
    println!("acknowledged          {:.0} messages/s", counts.acknowledged as f64 / seconds);
    println!("delivered             {:.0} /s", counts.delivered as f64 / seconds);
    for (name, delay) in ["p50", "p99", "p99.9"].iter().zip(outcome.delays) {
        let delay = delay.map_or("-".to_owned(), |delay| format!("{:.2} ms", millis(delay)));
        println!("send to delivery {name:<6}{delay}");
    }
    println!("lost                  {}", counts.lost);
    println!("repeated or disorder  {}", counts.repeated);
    println!("refused               {}", counts.refused);
    if let Some(cpu) = outcome.cpu {
        let per = |count: u64| cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        println!("server CPU            {:.0} % of one core", 100.0 * cpu.as_secs_f64() / seconds);
        println!("server CPU/message    {:.2} µs", per(counts.acknowledged));
        println!("server CPU/delivery   {:.3} µs", per(counts.delivered));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
async fn idle(args: BenchArgs, address: Address) -> Result<(), Failure> {
    let plan = idle::Plan {
        address,
        sockets: args.sockets.unwrap_or(1_000),
        sockets_per_user: args.sockets_per_user,
        stay: Duration::from_secs(args.seconds),
        processes: Processes(args.pid),
    };
    let outcome = idle::run(&plan).await?;
    println!("sockets               {}", outcome.opened);
    let rate = outcome.opened as f64 / outcome.time.as_secs_f64();
    println!("opened and joined     {rate:.0} /s");
    if let Some(cpu) = outcome.cpu {
        let per = cpu.as_secs_f64() * 1e6 / outcome.opened.max(1) as f64;
        println!("server CPU/socket     {per:.0} µs");
    }
    if let Some(grown) = outcome.grown_kib {
        println!("resident per socket   {:.1} KiB", grown as f64 / outcome.opened.max(1) as f64);
    }
    Ok(())
}

async fn records(args: BenchArgs, address: Address) -> Result<(), Failure> {
    let authority = address.authority().ok_or_else(no_tls)?.to_owned();
    let plan = records::Plan {
        address,
        authority,
        staff: args.staff,
        doctor: args.doctor,
        password: args.password,
        clients: args.clients,
        readers: args.readers,
        time: Duration::from_secs(args.seconds),
        processes: Processes(args.pid),
    };
    println!("clients                        {} read, {} write", plan.readers, plan.clients);
    records::run(&plan, report_phase).await
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
fn report_phase(name: &str, outcome: &phase::Outcome) {
    let count = outcome.micros.len();
    let rate = count as f64 / outcome.time.as_secs_f64();
    let [median, most, last] = [500, 990, 1_000].map(|part| millis(outcome.delay(part)));
    let cpu = outcome.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / count.max(1) as f64);
    let cpu = cpu.map_or(String::new(), |cpu| format!("   CPU {cpu:.0} µs each"));
    println!(
        "{name:<31}{rate:>8.0} /s   p50 {median:.2} ms   p99 {most:.2} ms   max {last:.2} ms{cpu}"
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
