//! What everybody in a run shares: how far it is, what was sent and acknowledged, and when which
//! fault was there.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tokio::sync::watch;

/// A delivery that takes longer, once its message is stored, is worth a line.
const SLOW: Duration = Duration::from_secs(2);

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Everybody does what they do.
    Busy,
    /// Nothing new is said; what is not acknowledged is sent again until it is.
    Settling,
    /// Whoever has everything may go.
    Ending,
    /// Everybody goes.
    Over,
}

/// How the ways between nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Nothing is wrong.
    Up,
    /// Redis does not do its work.
    Away,
    /// It has just come back.
    Back,
    /// Something else is wrong.
    Other,
}

/// How things are, and how often they have been otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sky {
    weather: Weather,
    others: u64,
    aways: u64,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) room: String,
    pub(crate) text: String,
    pub(crate) at: Instant,
    pub(crate) node: usize,
    /// How things were as it was sent.
    pub(crate) sky: Sky,
    /// When its sender was told that it is stored.
    pub(crate) acked: Option<Instant>,
    /// How often it was sent.
    pub(crate) times: usize,
}

/// What an ack promises.
#[derive(Clone, Debug)]
pub(crate) enum Promise {
    /// This key is in the log.
    Message(String),
    /// The message there got this text.
    Edit(u64, String),
    /// The message there is gone.
    Deletion(u64),
}

/// An ack.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) user: String,
    pub(crate) room: String,
    pub(crate) seq: u64,
    pub(crate) id: Value,
    pub(crate) promise: Promise,
}

/// How long deliveries took, from the sending and from the ack.
#[derive(Default)]
pub(crate) struct Delays {
    pub(crate) up: Vec<(Duration, Duration)>,
    pub(crate) away: Vec<(Duration, Duration)>,
    pub(crate) back: Vec<(Duration, Duration)>,
}

/// All of it.
pub(crate) struct World {
    pub(crate) doors: Vec<String>,
    pub(crate) client: Client,
    pub(crate) stage: watch::Sender<Stage>,
    pub(crate) sent: Mutex<HashMap<String, Sent>>,
    pub(crate) acks: Mutex<Vec<Ack>>,
    /// Messages that are not acknowledged.
    pub(crate) pending: AtomicUsize,
    pub(crate) delays: Mutex<Delays>,
    /// What no client should ever meet.
    pub(crate) oddities: Mutex<Vec<String>>,
    /// The last seq of every room, once nothing is said any more.
    pub(crate) heads: Mutex<HashMap<String, u64>>,
    sky: Mutex<Sky>,
    /// What happened last, and when it was over.
    calm: Mutex<(String, Instant)>,
    connects: AtomicU64,
}

impl World {
    /// At the beginning.
    pub(crate) fn new(doors: Vec<String>, client: Client) -> Self {
        Self {
            doors,
            client,
            stage: watch::Sender::new(Stage::Busy),
            sent: Mutex::default(),
            acks: Mutex::default(),
            pending: AtomicUsize::new(0),
            delays: Mutex::default(),
            oddities: Mutex::default(),
            heads: Mutex::default(),
            sky: Mutex::new(Sky { weather: Weather::Up, others: 0, aways: 0 }),
            calm: Mutex::new((String::from("the start"), Instant::now())),
            connects: AtomicU64::new(0),
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    pub(crate) fn sky(&self) -> Sky {
        *self.sky.lock().unwrap()
    }

    /// Notes how things are from now on.
    pub(crate) fn set_weather(&self, weather: Weather) {
        let mut sky = self.sky.lock().unwrap();
        sky.weather = weather;
        sky.others += u64::from(weather == Weather::Other);
        sky.aways += u64::from(weather == Weather::Away);
    }

    /// Notes that this is over.
    pub(crate) fn note_calm_behind(&self, fault: &str) {
        *self.calm.lock().unwrap() = (fault.to_owned(), Instant::now());
    }

    /// Notes that somebody has connected.
    pub(crate) fn connected(&self) {
        self.connects.fetch_add(1, Ordering::Relaxed);
    }

    /// Connections so far.
    pub(crate) fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }

    /// Acks so far.
    pub(crate) fn acked(&self) -> usize {
        self.acks.lock().unwrap().len()
    }

    pub(crate) fn odd(&self, what: String) {
        self.oddities.lock().unwrap().push(what);
    }

    /// What is not as it should be just now, for people.
    pub(crate) fn state(&self) -> String {
        let acks = self.acks.lock().unwrap();
        let mut missing = self.sent.lock().unwrap().clone();
        for ack in acks.iter() {
            if let Promise::Message(key) = &ack.promise {
                missing.remove(key);
            }
        }
        let odd = self.oddities.lock().unwrap();
        let odd = odd[..odd.len().min(20)].join("\n");
        format!(
            "{} messages wait for acks, {} have none: {missing:?}\n{odd}",
            self.pending.load(Ordering::Relaxed),
            missing.len()
        )
    }

    /// Whether a view that ends at this seq is whole.
    pub(crate) fn is_head(&self, room: &str, seq: u64) -> bool {
        self.heads.lock().unwrap().get(room).is_some_and(|head| *head == seq)
    }

    /// Notes how long a message took that was delivered at this node just now, to whoever has had
    /// the room live since then. Only what was sent once counts, and, where there are several
    /// nodes, what came from another one.
    pub(crate) fn delivered(&self, text: &str, node: usize, live_since: Instant) {
        let sent = self.sent.lock().unwrap().get(key_of(text)).cloned();
        let Some(sent) = sent.filter(|sent| sent.times == 1 && live_since < sent.at) else {
            return;
        };
        if sent.node == node && self.doors.len() > 1 {
            return;
        }
        let sky = self.sky();
        if sent.sky.weather == Weather::Other || sent.sky.others != sky.others {
            return;
        }
        let mut delays = self.delays.lock().unwrap();
        let kind = match sent.sky.weather {
            Weather::Up if sent.sky.aways == sky.aways => &mut delays.up,
            Weather::Back if sent.sky.aways == sky.aways => &mut delays.back,
            _ => &mut delays.away,
        };
        let delay = sent.at.elapsed();
        let behind = sent.acked.map_or(Duration::ZERO, |acked| acked.elapsed());
        if behind > SLOW {
            let (calm, live) = (self.calm.lock().unwrap(), live_since.elapsed());
            eprintln!(
                "    {delay:?} from node {} to {node}, {behind:?} behind the ack, calm behind {} since {:?}, live since {live:?}",
                sent.node,
                calm.0,
                calm.1.elapsed()
            );
        }
        kind.push((delay, behind));
    }
}

/// The key that a text begins with.
pub(crate) fn key_of(text: &str) -> &str {
    text.split('|').next().unwrap_or_default()
}
