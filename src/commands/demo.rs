//! `ihs demo`: fills an empty store with a believable clinic.

use ihs_api::{Ctx, seed::password_hash};
use ihs_store::{Filter, Write};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::NodeArgs,
    demo::{
        plan::{Kind, Plan},
        records::Records,
    },
    failure::Failure,
    node,
};

/// Everybody's password. It is printed, and good for nothing but invented people.
const PASSWORD: &str = "demo-clinic";

/// Items that are written in one commit.
const BATCH: usize = 32;

/// Fills the store, and prints who can log in.
pub(crate) fn run(args: NodeArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.overrides())?;
    let plan = Plan::new();
    node::with(settings, async |ctx| {
        refuse_unless_empty(&ctx).await?;
        fill(&ctx, &plan).await
    })?;
    introduce(&plan);
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

async fn fill(ctx: &Ctx, plan: &Plan) -> Result<(), Failure> {
    let unmade = |error| Failure::failed("the demo cannot be made").because(error);
    let hash = password_hash(ctx, PASSWORD).await.map_err(unmade)?;
    let items = Records::new(ctx, hash).of(plan).map_err(unmade)?;
    let progress = progress(items.len());
    for batch in items.chunks(BATCH) {
        let writes: Vec<Write> = batch.iter().flatten().cloned().collect();
        ctx.store.commit(writes).await.map_err(|error| {
            Failure::failed("the demo is incomplete: remove its data and try again").because(error)
        })?;
        progress.inc(batch.len() as u64);
    }
    progress.finish_and_clear();
    Ok(())
}

/// Drawn on a terminal only.
fn progress(items: usize) -> ProgressBar {
    let bar = ProgressBar::new(items as u64);
    match ProgressStyle::with_template("filling the clinic {wide_bar} {pos}/{len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn introduce(plan: &Plan) {
    println!("Demo data: {} people, {} rooms, all invented.", plan.people.len(), plan.talks.len());
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
