//! Everything there is in a schedule, and what can happen to the nodes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ihs_actors::Username;
use ihs_config::{Settings, secret::Secret};
use ihs_store::{EntryId, RoomId, Seq, Timestamp};
use parking_lot::Mutex;

use crate::{
    bus::Wires,
    client::{Client, Draft},
    dice::Dice,
    model::Model,
    node::{Ground, Node, id},
    profile::Profile,
    session::Session,
    store::Desk,
};

const USERS: [&str; 3] = ["ada", "bob", "cleo"];

/// The number under which the REST layer makes ids; nodes count from 1.
const REST: u32 = 0;

/// Which calls of the store are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// Reads are.
    ReadOnly,
    /// None are.
    Away,
    /// None are, and none is answered before its time is up.
    Silent,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) profile: &'static Profile,
    pub(crate) clients: Vec<Client>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) ground: Ground,
    pub(crate) rooms: Vec<RoomId>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) mode: Mode,
    /// Only writes go wrong by chance.
    pub(crate) reads_well: bool,
    /// Whether the store was ever put back to an earlier state.
    pub(crate) restored: bool,
    pub(crate) backup: Option<Model>,
    /// When somebody on a thread first saw that a message was deleted.
    pub(crate) deleted: BTreeMap<(u32, usize, RoomId, Seq), u64>,
    started: u32,
    sockets: u64,
    moved: u64,
}

impl World {
    pub(crate) fn new(profile: &'static Profile, mut dice: Dice) -> Self {
        let settings = Arc::new(settings(&mut dice));
        let rooms: Vec<RoomId> =
            (1..=dice.between(1, 2)).map(|room| RoomId::from_bytes(id(u32::MAX, room))).collect();
        let users = &USERS[..dice.below(2) + 2];
        let mut desk = Desk::default();
        for room in &rooms {
            desk.model.open_room(*room, &[&["admin"], users].concat());
        }
        let clients = (0..users.len() + dice.below(3))
            .map(|number| Username::try_from(users[number % users.len()]).expect("a username"))
            .map(|user| Client::new(user, &rooms))
            .collect();
        let ground = Ground {
            settings,
            desk: Arc::new(Mutex::new(desk)),
            wires: Arc::new(Mutex::new(Wires::new())),
            time: Arc::new(AtomicI64::new(1_800_000_000_000)),
        };
        let mut world = Self {
            dice,
            profile,
            clients,
            nodes: Vec::new(),
            ground,
            rooms,
            drafts: Vec::new(),
            mode: Mode::Up,
            reads_well: false,
            restored: false,
            backup: None,
            deleted: BTreeMap::new(),
            started: REST,
            sockets: 0,
            moved: 0,
        };
        world.reads_well = world.dice.chance(50);
        for _ in 0..=world.dice.below(profile.nodes) {
            world.start_node();
        }
        world
    }

    pub(crate) fn start_node(&mut self) {
        self.started += 1;
        let (skew, threads) = (self.dice.between(0, 4_000), self.dice.below(2) + 1);
        let skew = i64::try_from(skew).expect("a skew") - 2_000;
        self.dice.note(format_args!("node {} starts with {threads} threads", self.started));
        self.nodes.push(Node::start(&self.ground, self.started, skew, threads));
    }

    /// Everything that a node has in memory is gone. What it asked of the store may yet be done.
    pub(crate) fn crash(&mut self, place: usize) {
        let node = self.nodes.remove(place);
        self.dice.note(format_args!("node {} is gone", node.number));
        for client in &mut self.clients {
            if client.session.as_ref().is_some_and(|session| session.node == node.number) {
                client.hang_up(&self.drafts);
            }
        }
        let id = node.id();
        let calls = self.ground.desk.lock().calls.len();
        drop(node);
        // Actors have a last word when they are dropped, which a crash would not let them have.
        self.ground.desk.lock().calls.truncate(calls);
        self.ground.wires.lock().forget(id);
    }

    /// Lets go of nodes that have drained.
    pub(crate) fn retire(&mut self) {
        for place in (0..self.nodes.len()).rev() {
            let node = &self.nodes[place];
            let number = node.number;
            let sessions = self.clients.iter().filter_map(|client| client.session.as_ref());
            let used = sessions.filter(|session| session.node == number).count() > 0;
            let busy = self.ground.desk.lock().calls.iter().any(|call| call.node == number);
            if node.draining && !used && !busy {
                self.crash(place);
            }
        }
    }

    pub(crate) fn drain(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        self.dice.note(format_args!("node {} drains", node.number));
        node.draining = true;
        node.hub.drain(Duration::from_secs(1));
    }

    /// Connects a client to some node. A handshake that began before the node was told to drain
    /// may end afterwards.
    pub(crate) fn connect(&mut self, number: usize) {
        let late = self.dice.chance(10);
        let open: Vec<usize> =
            (0..self.nodes.len()).filter(|place| late || !self.nodes[*place].draining).collect();
        let Some(place) = self.dice.pick(&open).copied() else { return self.start_node() };
        let node = &self.nodes[place];
        let thread = self.dice.below(node.threads.len());
        self.dice.note(format_args!("client {number} connects to {}/{thread}", node.number));
        self.sockets += 1;
        let client = &mut self.clients[number];
        let entered = node.threads[thread].tasks.enter();
        let session =
            Session::open(node, thread, self.sockets, &client.user, &self.ground.settings);
        drop(entered);
        client.session = Some(session);
    }

    pub(crate) fn hang_up(&mut self, number: usize) {
        self.dice.note(format_args!("client {number} hangs up"));
        let client = &mut self.clients[number];
        if let Some(mut session) = client.hang_up(&self.drafts) {
            let node = self.nodes.iter().find(|node| node.number == session.node);
            let _entered = node.map(|node| node.threads[session.thread].tasks.enter());
            session.close();
        }
    }

    /// A member comes or goes.
    pub(crate) fn move_member(&mut self, room: RoomId, user: &str) {
        self.moved += 1;
        self.dice.note(format_args!("{user} comes or goes"));
        let time = Timestamp::from_millis(self.ground.time.load(Ordering::Relaxed));
        let entry = EntryId::from_bytes(id(REST, self.moved));
        self.ground.desk.lock().model.move_member(room, user, entry, time);
        let told = self.dice.below(self.nodes.len() + 1);
        if let Some(node) = self.nodes.get(told) {
            node.hub.log_changed(room);
        }
    }

    /// Time passes.
    pub(crate) async fn wait(&mut self, millis: u64) {
        self.dice.note(format_args!("{millis} ms pass"));
        let passed = i64::try_from(millis).expect("a time");
        self.ground.time.fetch_add(passed, Ordering::Relaxed);
        {
            let mut desk = self.ground.desk.lock();
            desk.now += millis;
            desk.expire();
        }
        tokio::time::advance(Duration::from_millis(millis)).await;
    }
}

/// Settings under which everything fills up soon, or hardly ever.
fn settings(dice: &mut Dice) -> Settings {
    let mut settings = Settings::default();
    settings.store.url = Secret::new("mongodb://simulated".to_owned());
    let rooms = &mut settings.rooms;
    rooms.batch = dice.weighted(&[(1, 1), (3, 4), (1, 256)]);
    rooms.pending = dice.weighted(&[(1, 2), (3, 8), (1, 4_096)]);
    rooms.tail_bytes = dice.weighted(&[(1, 0), (3, 600), (1, 65_536)]);
    rooms.outbox_frames = dice.weighted(&[(1, 1), (3, 4), (1, 512)]);
    rooms.page = dice.weighted(&[(1, 1), (3, 4), (1, 200)]);
    rooms.catch_ups = dice.weighted(&[(1, 1), (1, 32)]);
    rooms.idle_seconds = dice.weighted(&[(2, 1), (1, 12)]);
    settings
}
