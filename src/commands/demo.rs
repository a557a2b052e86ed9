//! `ihs demo`: fills an empty store with a believable clinic.

use ihs_api::{Ctx, seed::password_hash};
use ihs_store::{Filter, Write};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::DemoArgs,
    demo::{
        PASSWORD,
        masses::{Masses, doctor_of},
        plan::{Kind, Plan},
        records::Records,
    },
    failure::Failure,
    node,
};

/// Items that are written in one commit.
const BATCH: usize = 32;

/// Further patients that are written in one commit.
const MASS_BATCH: usize = 500;

/// Fills the store, and prints who can log in.
pub(crate) fn run(args: DemoArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.node.overrides())?;
    let plan = Plan::new();
    node::with(settings, async |ctx| {
        refuse_unless_empty(&ctx).await?;
        fill(&ctx, &plan, args.patients).await
    })?;
    introduce(&plan, args.patients);
    Ok(())
}

async fn refuse_unless_empty(ctx: &Ctx) -> Result<(), Failure> {
    let users = ctx.store.count("users", Filter::everything()).await;
    match users.map_err(|error| Failure::failed("the store cannot be read").because(error))? {
        0 => Ok(()),
        users => Err(Failure::failed(format!(
            "the store is not empty, it has {users} users: name another folder with --data-dir"
        ))),
    }
}

async fn fill(ctx: &Ctx, plan: &Plan, patients: usize) -> Result<(), Failure> {
    let unmade = |error| Failure::failed("the demo cannot be made").because(error);
    // One hash for all: a million of them would take days, and the password is printed anyway.
    let hash = password_hash(ctx, PASSWORD).await.map_err(unmade)?;
    let records = Records::new(ctx, hash);
    let items = records.of(plan).map_err(unmade)?;
    let progress = progress(items.len() + patients);
    for batch in items.chunks(BATCH) {
        commit(ctx, batch.iter().flatten().cloned().collect()).await?;
        progress.inc(batch.len() as u64);
    }
    let doctors: Vec<&str> = plan.doctors().map(|doctor| doctor.username.as_str()).collect();
    let mut masses = Masses::new().take(patients);
    loop {
        let mut writes = Vec::new();
        for patient in masses.by_ref().take(MASS_BATCH) {
            let doctor = doctor_of(&patient, &doctors);
            writes.extend(records.patient(&patient, doctor).map_err(unmade)?);
            progress.inc(1);
        }
        if writes.is_empty() {
            break;
        }
        commit(ctx, writes).await?;
    }
    progress.finish_and_clear();
    Ok(())
}

async fn commit(ctx: &Ctx, writes: Vec<Write>) -> Result<(), Failure> {
    let done = ctx.store.commit(writes).await.map(drop);
    done.map_err(|error| {
        Failure::failed("the demo is incomplete: remove its data and try again").because(error)
    })
}

/// Drawn on a terminal only.
fn progress(items: usize) -> ProgressBar {
    let bar = ProgressBar::new(items as u64);
    match ProgressStyle::with_template("filling the clinic {wide_bar} {pos}/{len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn introduce(plan: &Plan, patients: usize) {
    let people = plan.people.len() + patients;
    println!("Demo data: {people} people, {} rooms, all invented.", plan.talks.len());
    println!("Everybody's password: {PASSWORD}");
    let first = [
        ("staff", plan.first(|kind| matches!(kind, Kind::Staff))),
        ("doctor", plan.first(|kind| matches!(kind, Kind::Doctor { .. }))),
        ("nurse", plan.first(|kind| matches!(kind, Kind::Nurse))),
        ("patient", plan.first(|kind| matches!(kind, Kind::Patient { .. }))),
    ];
    for (kind, person) in first {
        if let Some(person) = person {
            println!("  {kind:<8} {:<20} {} {}", person.username, person.first, person.last);
        }
    }
}
