//! A client over WebSocket: it follows its rooms through every reconnect, and may speak in them.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};

use crate::{
    line::Line,
    speech::Speech,
    view::{View, is_entry},
    world::{Stage, World},
};

/// Time without any frame or ping after which a client believes that its connection is dead.
const PATIENCE: Duration = Duration::from_secs(6);

/// Time between two attempts to get somewhere.
const PAUSE: Duration = Duration::from_millis(250);

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Sends, edits and deletes, and listens.
    Speaks,
    /// Only listens.
    Listens,
    /// Listens with long pauses and a small window.
    Dawdles,
    /// Only listens, and may be removed from its rooms.
    Visits,
}

/// Where a client is with one of its rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It asks from this moment on.
    Outside(Instant),
    Asking,
    /// It is in, and has everything live behind this seq.
    Inside(u64),
    /// It asked once nothing changed any more, and was not let in.
    Refused,
}

/// The client.
pub(crate) struct Talker {
    world: Arc<World>,
    user: String,
    token: String,
    habit: Habit,
    chance: StdRng,
    views: Vec<View>,
    places: Vec<Place>,
    speech: Speech,
}

impl Talker {
    /// A client of this user, with a name that nobody else has.
    pub(crate) fn new(
        world: &Arc<World>,
        name: &str,
        (user, token): (&str, &str),
        habit: Habit,
        rooms: &[String],
        seed: u64,
    ) -> Self {
        let view = |room: &String| View::new(name.to_owned(), user.to_owned(), room.clone());
        Self {
            world: Arc::clone(world),
            user: user.to_owned(),
            token: token.to_owned(),
            habit,
            chance: StdRng::seed_from_u64(seed),
            views: rooms.iter().map(view).collect(),
            places: Vec::new(),
            speech: Speech::new(world, name, (user, token), rooms, seed),
        }
    }

    /// Goes on until the run has ended and everything has come.
    pub(crate) async fn run(mut self, pace: Duration) -> Vec<View> {
        while !self.has_all() {
            let node = self.chance.random_range(0..self.world.doors.len());
            let door = self.world.doors[node].replacen("http", "ws", 1);
            let is_slow = self.habit == Habit::Dawdles;
            match timeout(PATIENCE, Line::open(&door, &self.token, is_slow)).await {
                Ok(Some(line)) => {
                    self.world.connected();
                    self.visit(line, node, pace).await;
                }
                Ok(None) | Err(_) => sleep(PAUSE).await,
            }
        }
        if self.world.stage() == Stage::Over {
            let last: Vec<u64> = self.views.iter().map(View::last).collect();
            self.odd(&format!("waits for more than {last:?}, {:?}", self.places));
        }
        self.views
    }

    /// Uses one connection until it ends, or everything has come.
    async fn visit(&mut self, mut line: Line, node: usize, pace: Duration) {
        self.places = vec![Place::Outside(Instant::now()); self.views.len()];
        self.views.iter_mut().for_each(|view| view.live_since = None);
        self.speech.begin_anew();
        let mut stage = self.world.stage.subscribe();
        let mut tick = interval(pace);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        while !self.has_all() {
            tokio::select! {
                next = timeout_at(heard + PATIENCE, line.next()) => match next {
                    Ok(Some(frame)) => {
                        heard = Instant::now();
                        if let Some(frame) = frame {
                            self.hear(frame, node);
                        }
                    }
                    Ok(None) | Err(_) => return,
                },
                _ = tick.tick() => {
                    let mut frames = self.joins();
                    if self.habit == Habit::Speaks {
                        frames.extend(self.speech.next(node));
                    }
                    for frame in frames {
                        if !matches!(timeout(PATIENCE, line.send(&frame)).await, Ok(true)) {
                            return;
                        }
                    }
                }
                _ = stage.changed() => {}
            }
            let may_dawdle = self.habit == Habit::Dawdles && self.world.stage() == Stage::Busy;
            if may_dawdle && self.chance.random_ratio(1, 30) {
                sleep(Duration::from_millis(self.chance.random_range(200..2_500))).await;
            }
        }
    }

    /// Asks for the rooms that it is not in.
    fn joins(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        for (number, view) in self.views.iter().enumerate() {
            if !matches!(self.places[number], Place::Outside(from) if from <= Instant::now()) {
                continue;
            }
            self.places[number] = Place::Asking;
            let mut frame = json!({
                "type": "join", "ref": format!("join {number}"), "room": view.room,
                "after": view.last(),
            });
            if let Some(id) = view.last_id() {
                frame["last"] = id.clone();
            }
            frames.push(frame);
        }
        frames
    }

    fn hear(&mut self, frame: Value, node: usize) {
        let number = self.views.iter().position(|view| frame["room"] == view.room.as_str());
        match (frame["type"].as_str().unwrap_or_default(), number) {
            (_, Some(number)) if is_entry(&frame) => self.see(number, frame, node),
            ("joined", Some(number)) => {
                if frame["diverged"] == true {
                    self.odd(&format!("the log is said to have changed: {frame}"));
                }
                self.places[number] = Place::Inside(frame["seq"].as_u64().unwrap_or_default());
                self.notice_live(number);
            }
            ("left", Some(number)) => {
                if self.habit != Habit::Visits {
                    self.odd(&format!("nobody removed it: {frame}"));
                }
                self.places[number] = Place::Outside(Instant::now() + PAUSE);
            }
            ("ack", _) => self.speech.acked(&frame),
            ("error", _) => self.refused(&frame),
            _ => {}
        }
    }

    fn see(&mut self, number: usize, entry: Value, node: usize) {
        let view = &mut self.views[number];
        let text = entry["text"].as_str().filter(|_| entry["type"] == "message");
        if let (Some(text), Some(since)) = (text, view.live_since)
            && self.habit != Habit::Dawdles
        {
            self.world.delivered(text, node, since.into_std());
        }
        view.take(entry);
        self.notice_live(number);
    }

    fn notice_live(&mut self, number: usize) {
        let view = &mut self.views[number];
        if let Place::Inside(head) = self.places[number]
            && view.live_since.is_none()
            && view.last() >= head
        {
            view.live_since = Some(Instant::now());
        }
    }

    fn refused(&mut self, error: &Value) {
        let reference = error["ref"].as_str().unwrap_or_default();
        let Some(number) = reference.strip_prefix("join ") else {
            self.speech.refused(error);
            return;
        };
        let number: usize = number.parse().expect("our own number");
        let is_out = error["code"] == "not_found" && self.habit == Habit::Visits;
        if !is_out && error["code"] != "unavailable" {
            self.odd(&format!("could not join: {error}"));
        }
        let is_over = is_out && self.world.stage() == Stage::Ending;
        self.places[number] =
            if is_over { Place::Refused } else { Place::Outside(Instant::now() + PAUSE) };
    }

    /// Whether the run has ended, and nothing is missing.
    fn has_all(&self) -> bool {
        let whole = |(number, view): (usize, &View)| {
            self.world.is_head(&view.room, view.last())
                || self.places.get(number) == Some(&Place::Refused)
        };
        match self.world.stage() {
            Stage::Busy | Stage::Settling => false,
            Stage::Ending => self.views.iter().enumerate().all(whole),
            Stage::Over => true,
        }
    }

    fn odd(&self, what: &str) {
        self.world.odd(format!("{} ({:?}): {what}", self.user, self.habit));
    }
}
