//! What one client says: messages that are sent until they are acknowledged, now and then to two
//! nodes at once, and changes to them.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};

use crate::world::{Ack, Promise, Sent, Stage, World};

/// Messages that may wait for their acks.
const WINDOW: usize = 6;

/// Time without an ack after which a message is sent again on the same connection.
const ANEW: Duration = Duration::from_secs(10);

/// What one client says.
pub(crate) struct Speech {
    world: Arc<World>,
    name: String,
    user: String,
    token: String,
    rooms: Vec<String>,
    chance: StdRng,
    count: u64,
    /// Messages that are not acknowledged, and when each is sent again.
    pending: Vec<(String, Instant)>,
    /// Changes that are not acknowledged on this connection. Whether they were made is not known
    /// once it is lost; they have no keys, so that they are not sent again.
    changes: HashMap<String, (String, Promise)>,
    /// Messages of ours that can be changed: room and seq.
    mine: Vec<(String, u64)>,
}

impl Speech {
    /// Of a client with this name.
    pub(crate) fn new(
        world: &Arc<World>,
        name: &str,
        (user, token): (&str, &str),
        rooms: &[String],
        seed: u64,
    ) -> Self {
        Self {
            world: Arc::clone(world),
            name: name.to_owned(),
            user: user.to_owned(),
            token: token.to_owned(),
            rooms: rooms.to_vec(),
            chance: StdRng::seed_from_u64(!seed),
            count: 0,
            pending: Vec::new(),
            changes: HashMap::new(),
            mine: Vec::new(),
        }
    }

    /// There is a new connection: everything that waits is sent again, in order.
    pub(crate) fn begin_anew(&mut self) {
        self.changes.clear();
        let now = Instant::now();
        self.pending.iter_mut().for_each(|(_, due)| *due = now);
    }

    /// What is to be sent now.
    pub(crate) fn next(&mut self, node: usize) -> Vec<Value> {
        let now = Instant::now();
        let is_busy = self.world.stage() == Stage::Busy;
        if is_busy && self.pending.len() < WINDOW {
            self.make(now, node);
        }
        let mut frames = Vec::new();
        let due = self.pending.iter_mut().filter(|(_, due)| *due <= now);
        for (key, due) in due {
            *due = now + ANEW;
            let mut sent = self.world.sent.lock().unwrap();
            let message = sent.get_mut(key).expect("it was noted");
            message.times += 1;
            let (room, text) = (&message.room, &message.text);
            frames.push(
                json!({"type": "message", "ref": key, "room": room, "text": text, "key": key}),
            );
        }
        if is_busy {
            frames.extend(self.change());
        }
        frames
    }

    /// Takes an ack.
    pub(crate) fn acked(&mut self, frame: &Value) {
        let reference = frame["ref"].as_str().unwrap_or_default();
        let (Some(room), Some(seq)) = (frame["room"].as_str(), frame["seq"].as_u64()) else {
            self.world.odd(format!("{}: what does it acknowledge? {frame}", self.name));
            return;
        };
        let promise = if let Some((_, promise)) = self.changes.remove(reference) {
            promise
        } else {
            if let Some(place) = self.pending.iter().position(|(key, _)| key == reference) {
                self.pending.remove(place);
                if let Some(sent) = self.world.sent.lock().unwrap().get_mut(reference) {
                    sent.acked = Some(Instant::now());
                }
                self.world.pending.fetch_sub(1, Ordering::Relaxed);
                self.mine.push((room.to_owned(), seq));
            }
            Promise::Message(reference.to_owned())
        };
        self.note(room, seq, &frame["id"], promise);
    }

    /// Takes an error.
    pub(crate) fn refused(&mut self, error: &Value) {
        let reference = error["ref"].as_str().unwrap_or_default();
        let is_passing = error["code"] == "unavailable";
        if !is_passing {
            self.world.odd(format!("{}: refused: {error}", self.name));
        }
        // A change without an answer may have been made.
        self.changes.remove(reference);
        let wait = Duration::from_secs(error["retry_after"].as_u64().unwrap_or(1));
        if let Some((_, due)) = self.pending.iter_mut().find(|(key, _)| key == reference) {
            *due = Instant::now() + wait;
        }
    }

    fn make(&mut self, now: Instant, node: usize) {
        self.count += 1;
        let key = format!("{}-{}", self.name, self.count);
        let room = self.rooms[self.chance.random_range(0..self.rooms.len())].clone();
        let size = if self.chance.random_ratio(1, 8) { 2_000 } else { 40 };
        let text = format!("{key}|{}", "x".repeat(self.chance.random_range(0..size)));
        let (sky, at) = (self.world.sky(), now);
        let mut sent = Sent { room, text, at, node, sky, acked: None, times: 0 };
        let is_twin = self.chance.random_ratio(1, 12);
        if is_twin {
            sent.times += 1;
            let door = self.chance.random_range(0..self.world.doors.len());
            let url = format!("{}/api/messages/", self.world.doors[door]);
            let body = json!({"room": sent.room, "text": sent.text, "key": key});
            let room = sent.room.clone();
            self.spawn_twin(url, body, room, key.clone());
        }
        self.world.sent.lock().unwrap().insert(key.clone(), sent);
        self.world.pending.fetch_add(1, Ordering::Relaxed);
        self.pending.push((key, now));
    }

    /// Sends a message by REST to another node at the same time.
    fn spawn_twin(&self, url: String, body: Value, room: String, key: String) {
        let (world, user, token) = (Arc::clone(&self.world), self.user.clone(), self.token.clone());
        tokio::spawn(async move {
            let Some((status, made)) = post(&world.client, url, &token, &body).await else {
                return;
            };
            match (status, made["seq"].as_u64()) {
                (200 | 201, Some(seq)) => {
                    let (id, promise) = (made["id"].clone(), Promise::Message(key));
                    world.acks.lock().unwrap().push(Ack { user, room, seq, id, promise });
                }
                (503 | 502, _) => {}
                _ => world.odd(format!("{key} by REST: {status} {made}")),
            }
        });
    }

    /// An edit or a deletion, now and then.
    fn change(&mut self) -> Option<Value> {
        if self.mine.is_empty() || !self.chance.random_ratio(1, 10) {
            return None;
        }
        self.count += 1;
        let reference = format!("{}-change-{}", self.name, self.count);
        let place = self.chance.random_range(0..self.mine.len());
        let (room, seq) = self.mine[place].clone();
        let mut frame = json!({"ref": reference, "room": room, "seq": seq});
        let promise = if self.chance.random_ratio(1, 3) {
            self.mine.swap_remove(place);
            frame["type"] = "delete".into();
            Promise::Deletion(seq)
        } else {
            frame["type"] = "edit".into();
            frame["text"] = format!("{reference}|edited").into();
            Promise::Edit(seq, format!("{reference}|edited"))
        };
        self.changes.insert(reference, (room, promise));
        Some(frame)
    }

    fn note(&self, room: &str, seq: u64, id: &Value, promise: Promise) {
        let (user, room, id) = (self.user.clone(), room.to_owned(), id.clone());
        self.world.acks.lock().unwrap().push(Ack { user, room, seq, id, promise });
    }
}

async fn post(client: &Client, url: String, token: &str, body: &Value) -> Option<(u16, Value)> {
    let answer = client.post(url).bearer_auth(token).json(body).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.ok()?))
}
