//! A client over Server-Sent Events: it follows one room through every reconnect.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    support::events::{Event, Events},
    view::View,
    world::{Stage, World},
};

/// Time without anything after which a client believes that its connection is dead.
const PATIENCE: Duration = Duration::from_secs(6);

/// Longest time that one stream is used.
const LONGEST: Duration = Duration::from_hours(1);

/// Follows a room until the run has ended and everything has come.
pub(crate) async fn follow(
    world: Arc<World>,
    name: String,
    (user, token): (String, String),
    room: String,
    seed: u64,
) -> Vec<View> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut view = View::new(name, user, room);
    while !has_all(&world, &view) {
        let node = chance.random_range(0..world.doors.len());
        let Some(mut events) = open(&world, node, &token, &view).await else {
            sleep(Duration::from_millis(250)).await;
            continue;
        };
        world.connected();
        view.live_since = None;
        let mut head = u64::MAX;
        // A stream has no other end than ours once everything has come.
        let mut stage = world.stage.subscribe();
        while !has_all(&world, &view) {
            tokio::select! {
                event = events.try_next(PATIENCE) => match event {
                    Some(event) => take(&world, &mut view, event, node, &mut head),
                    None => break,
                },
                _ = stage.changed() => {}
            }
        }
    }
    if world.stage() == Stage::Over {
        world.odd(format!("{}: waits for more than {}", view.name, view.last()));
    }
    vec![view]
}

async fn open(world: &World, node: usize, token: &str, view: &View) -> Option<Events> {
    let url = format!("{}/api/rooms/{}/events/", world.doors[node], view.room);
    let request = world.client.get(url).bearer_auth(token).timeout(LONGEST);
    let request = request.header("last-event-id", view.last().to_string());
    let response = timeout(PATIENCE, request.send()).await.ok()?.ok()?;
    match response.status().as_u16() {
        200 => Some(Events::of(response)),
        503 => None,
        status => {
            world.odd(format!("{}: its stream is refused with {status}", view.name));
            None
        }
    }
}

fn take(world: &World, view: &mut View, event: Event, node: usize, head: &mut u64) {
    if event.name == "joined" {
        if event.data["diverged"] == true {
            world.odd(format!("{}: the log is said to have changed: {}", view.name, event.data));
        }
        *head = event.data["seq"].as_u64().unwrap_or_default();
    } else if crate::view::is_entry(&event.data) {
        if let (Some(since), "message") = (view.live_since, event.name.as_str()) {
            let text = event.data["text"].as_str().unwrap_or_default();
            world.delivered(text, node, since.into_std());
        }
        view.take(event.data);
    }
    if view.live_since.is_none() && view.last() >= *head {
        view.live_since = Some(Instant::now());
    }
}

fn has_all(world: &World, view: &View) -> bool {
    match world.stage() {
        Stage::Busy | Stage::Settling => false,
        Stage::Ending => world.is_head(&view.room, view.last()),
        Stage::Over => true,
    }
}
