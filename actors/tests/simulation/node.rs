//! A simulated node: the real hub, rooms and fan-outs, on threads that run when the schedule says.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
};

use ihs_actors::{FanOut, Hub, Parts, bus::NodeId};
use ihs_config::Settings;
use ihs_store::{Clock, Ids, Timestamp};
use parking_lot::Mutex;
use tokio::task::LocalSet;

use crate::{
    bus::{NodeBus, Wires},
    gate::OpenGate,
    store::{Desk, NodeStore},
};

/// One incarnation of a node: after a crash comes another.
pub(crate) struct Node {
    pub(crate) number: u32,
    pub(crate) hub: Hub,
    pub(crate) threads: Vec<Thread>,
    /// It takes no new sockets.
    pub(crate) draining: bool,
}

/// A thread of a node.
pub(crate) struct Thread {
    // Before the actors' runtime: the handle is dropped first.
    pub(crate) fan_out: FanOut,
    pub(crate) tasks: LocalSet,
    awake: Arc<Awake>,
    waker: Waker,
}

/// Whether a thread has something to do.
struct Awake(AtomicBool);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the nodes have in common.
pub(crate) struct Ground {
    pub(crate) settings: Arc<Settings>,
    pub(crate) desk: Arc<Mutex<Desk>>,
    pub(crate) wires: Arc<Mutex<Wires>>,
    /// The time, in milliseconds since 1970.
    pub(crate) time: Arc<AtomicI64>,
}

impl Node {
    pub(crate) fn start(ground: &Ground, number: u32, skew: i64, threads: usize) -> Self {
        let parts = Parts {
            store: Arc::new(NodeStore { node: number, desk: Arc::clone(&ground.desk) }),
            bus: Arc::new(NodeBus(Arc::clone(&ground.wires))),
            clock: Arc::new(SkewedClock { time: Arc::clone(&ground.time), skew }),
            ids: Arc::new(Counter { node: number, count: AtomicU64::new(0) }),
            settings: Arc::clone(&ground.settings),
        };
        let hub = Hub::new(parts);
        let threads = (0..threads).map(|_| Thread::start(&hub)).collect();
        Self { number, hub, threads, draining: false }
    }

    /// Its name on the bus: the first id that it made.
    pub(crate) fn id(&self) -> NodeId {
        NodeId(id(self.number, 0))
    }
}

impl Thread {
    fn start(hub: &Hub) -> Self {
        let tasks = LocalSet::new();
        let entered = tasks.enter();
        let fan_out = FanOut::start(hub.clone(), Arc::new(OpenGate));
        drop(entered);
        let awake = Arc::new(Awake(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&awake));
        Self { fan_out, tasks, awake, waker }
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.awake.0.load(Ordering::Relaxed)
    }

    /// Runs what is ready to run.
    pub(crate) fn run(&mut self) {
        self.awake.0.store(false, Ordering::Relaxed);
        let mut context = Context::from_waker(&self.waker);
        let _ = Pin::new(&mut self.tasks).poll(&mut context);
    }
}

/// A clock that is wrong by so much.
struct SkewedClock {
    time: Arc<AtomicI64>,
    skew: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.time.load(Ordering::Relaxed) + self.skew)
    }
}

/// Ids that name their node.
struct Counter {
    node: u32,
    count: AtomicU64,
}

impl Ids for Counter {
    fn next(&self) -> [u8; 12] {
        id(self.node, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// The id that a node makes as its so-manieth.
pub(crate) fn id(node: u32, count: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&node.to_be_bytes());
    bytes[4..].copy_from_slice(&count.to_be_bytes());
    bytes
}
