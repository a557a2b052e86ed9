//! Everything fails in turn while people talk; then it is proved for every client that what it saw
//! is what the log holds. `scripts/faults` runs it: the tests take minutes, and are ignored
//! otherwise.
//!
//! `IHS_TEST_ROUNDS` says how often everything fails, `IHS_TEST_SEED` replays the order of a run.
//!
//! - [`site`]: nodes, a store, Redis, and a [`gate`] on every way between; [`fault`]: what fails
//! - [`talker`], [`follower`]: clients, over a [`line`] or a stream of events; [`speech`]: what they
//!   say; [`steward`]: who lets them in; [`view`]: what they see
//! - [`run`]: a run; [`world`]: what everybody shares in it; [`proof`], [`report`]: what it comes to
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]

#[path = "../support/mod.rs"]
mod support;

mod fault;
mod follower;
mod gate;
mod line;
mod proof;
mod report;
mod run;
mod site;
mod speech;
mod steward;
mod talker;
mod view;
mod world;

use std::time::Duration;

use run::Plan;
use site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: scripts/faults"]
async fn one_node_with_its_own_store_loses_repeats_and_reorders_nothing() {
    let plan = Plan { faults: &fault::ALONE, speakers: 6, pace: Duration::from_millis(60) };
    plan.run(Site::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: scripts/faults"]
async fn three_nodes_over_mongodb_and_redis_lose_repeat_and_reorder_nothing() {
    // SecantusDB takes some tens of messages a second.
    let plan = Plan { faults: &fault::TOGETHER, speakers: 4, pace: Duration::from_millis(400) };
    plan.run(Site::town(3).await).await;
}
