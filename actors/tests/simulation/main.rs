//! A deterministic simulation of the realtime core.
//!
//! Several nodes with their real rooms, fan-outs and feeds run on simulated threads, over a
//! simulated store, bus and clock. A seed decides what happens next: which thread runs, which call
//! of the store is carried out, fails or is late, which announcement is lost, repeated or overtaken,
//! which node crashes or drains, what clients ask, when they read and when they hang up. Then
//! everything heals, and what every client has seen must agree with the log. The same seed always
//! leads to the same schedule.
//!
//! What is checked, all the way: what is acknowledged is in the log, under one seq for one key, and
//! times there never go back; every client gets every entry once, in order and as the log has it,
//! however it joined; nobody sees what was said from their removal on; a log that was put back is
//! noticed, under a running node too; what waits for a socket is bounded. And 5 s after everything
//! has healed: everybody has everything, whatever the bus has lost, and every request was answered.
//! In some schedules nodes then get the time to agree: everybody knows who is there, and whoever
//! was away has one notification of what they missed.
//!
//! ```text
//! cargo nextest run -p ihs-actors --test simulation
//! IHS_TEST_SCHEDULES=100000 cargo test -p ihs-actors --test simulation        more schedules
//! IHS_TEST_SEED=17 cargo test -p ihs-actors --test simulation lossy_bus -- --nocapture
//!                                                                 one of them, with its trace
//! ```
//!
//! - [`schedule`]: what happens next; [`endure`], [`heal`], [`finale`]: how it ends; [`restore`]: how
//!   it goes back; [`profile`]: how often what happens
//! - [`world`]: everything there is; [`node`], [`session`]: the server's side of it
//! - [`store`], [`model`], [`bus`], [`gate`]: what nodes share
//! - [`client`], [`view`], [`receive`]: the clients, and what they check
//! - [`dice`]: chance and trace

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a promise that is not kept ends the schedule; clippy knows only the bodies of tests as such"
)]

mod bus;
mod client;
mod dice;
mod endure;
mod finale;
mod gate;
mod heal;
mod model;
mod node;
mod profile;
mod receive;
mod restore;
mod schedule;
mod session;
mod store;
mod view;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use self::{
    dice::Dice,
    profile::{CALM, CRASHES, EVERYTHING, FAILING_STORE, LOSSY_BUS, Profile, RESTORED},
    world::World,
};

/// Schedules of each profile, when nobody says how many.
const SCHEDULES: u64 = 3_400;

#[test]
fn calm() {
    run(&CALM);
}

#[test]
fn lossy_bus() {
    run(&LOSSY_BUS);
}

#[test]
fn failing_store() {
    run(&FAILING_STORE);
}

#[test]
fn crashes() {
    run(&CRASHES);
}

#[test]
fn restored() {
    run(&RESTORED);
}

#[test]
fn everything() {
    run(&EVERYTHING);
}

#[test]
fn the_same_seed_leads_to_the_same_schedule() {
    for seed in 0..50 {
        assert_eq!(play(&EVERYTHING, seed, false), play(&EVERYTHING, seed, false), "seed {seed}");
    }
}

/// Runs the schedules of a profile, or the one that the environment names.
fn run(profile: &'static Profile) {
    if let Some(seed) = number("IHS_TEST_SEED") {
        println!("trace {:016x}", play(profile, seed, true));
        return;
    }
    for seed in 0..number("IHS_TEST_SCHEDULES").unwrap_or(SCHEDULES) {
        if let Err(failure) = catch_unwind(AssertUnwindSafe(|| play(profile, seed, false))) {
            eprintln!(
                "seed {seed} fails; see it with\n  IHS_TEST_SEED={seed} cargo test -p ihs-actors \
                 --test simulation {} -- --nocapture",
                profile.name,
            );
            resume_unwind(failure);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().expect("a number"))
}

/// Runs one schedule, and answers with the hash of its trace.
fn play(profile: &'static Profile, seed: u64, printed: bool) -> u64 {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let mut world = World::new(profile, Dice::new(seed, printed));
        let events = profile.events();
        for _ in 0..world.dice.between(40, 220) {
            world.step(&events).await;
        }
        if profile.store_modes > 0 && world.dice.chance(50) {
            world.endure().await;
        }
        world.heal().await;
        world.dice.hash()
    })
}
