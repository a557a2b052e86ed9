//! The end of a schedule: everything heals, time passes, and then everything that was promised
//! must hold.

use ihs_store::{RoomId, Seq};

use crate::{
    node::Thread,
    store::Mishap,
    world::{Mode, World},
};

/// Milliseconds between two looks at what there is to do.
const TICK: u64 = 500;

/// Schedules of 100 at whose end nodes get the time to agree on who is there.
const PATIENT: u32 = 10;

/// Milliseconds between two looks when there is little to do.
const STRIDE: u64 = 4_000;

/// Ticks until everybody must have what was in the log, however much the bus has lost: 5 s, and
/// one for those who are told then to come back.
const REPAIRED: usize = 11;

/// Milliseconds until a room that nobody uses is gone, beyond its idle time: it may be opened for
/// notifications that a dead node has left.
const LEFT: u64 = 40_000;

/// Rounds after which what flows is taken for a stream that never ends.
const ROUNDS: usize = 3_000;

impl World {
    /// Heals everything, and checks what must hold.
    pub(crate) async fn heal(&mut self) {
        self.dice.note(format_args!("everything heals"));
        self.mode = Mode::Up;
        let silent = self.dice.chance(self.profile.silent_ends);
        self.ground.wires.lock().up = !silent;
        if !silent || self.dice.chance(50) {
            self.ground.wires.lock().notice();
        }
        if silent {
            self.ground.wires.lock().under_way.clear();
        }
        for client in &mut self.clients {
            client.slow = false;
            for view in client.views.values_mut() {
                view.wanted = true;
            }
        }
        for tick in 0..2 * REPAIRED {
            if tick == REPAIRED {
                self.check_feeds();
                self.check_drained();
            }
            for number in 0..self.clients.len() {
                if self.clients[number].session.is_none() {
                    self.connect(number);
                }
                while self.clients[number].session.is_some() && self.chore(number, true) {}
            }
            self.flow();
            self.wait(TICK).await;
            self.retire();
            if tick > REPAIRED && self.is_settled() {
                break;
            }
        }
        self.flow();
        self.check_feeds();
        self.check_answers();
        let patient = !silent && self.dice.chance(PATIENT);
        if patient {
            self.calm_down().await;
        }
        self.join_again();
        if patient {
            self.check_online();
        }
        if !silent {
            self.say_something();
        }
        if patient && !self.restored {
            self.miss_something().await;
        }
        self.say_farewell().await;
    }

    /// Lets everything happen that needs no time.
    pub(crate) fn flow(&mut self) {
        self.dice.note(format_args!("everything flows"));
        for _ in 0..ROUNDS {
            let moves = [
                self.run_threads(),
                self.serve_store_calls(),
                self.carry_announcements(),
                self.move_frames(),
            ];
            if !moves.contains(&true) {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn run_threads(&mut self) -> bool {
        let threads = self.nodes.iter_mut().flat_map(|node| &mut node.threads);
        let awake = threads.filter(|thread| thread.is_awake());
        awake.map(Thread::run).count() > 0
    }

    fn serve_store_calls(&mut self) -> bool {
        let mut desk = self.ground.desk.lock();
        let mut any = false;
        while self.mode != Mode::Silent && !desk.calls.is_empty() {
            any = true;
            if self.mode == Mode::Up || self.mode == Mode::ReadOnly && !desk.calls[0].ask.is_write()
            {
                desk.carry_out(0);
            } else if desk.calls[0].outcome.is_none() {
                desk.fail(0, Mishap::Refused, 0);
            }
            let call = &desk.calls[0];
            self.dice.show(format_args!("node {}: {:?}: {:?}", call.node, call.ask, call.outcome));
            desk.answer(0);
        }
        any
    }

    fn carry_announcements(&self) -> bool {
        let mut wires = self.ground.wires.lock();
        let any = !wires.under_way.is_empty();
        while !wires.under_way.is_empty() {
            wires.deliver(0, false);
        }
        any
    }

    fn move_frames(&mut self) -> bool {
        let mut any = false;
        for number in 0..self.clients.len() {
            any |= self.serve(number);
            if !self.clients[number].slow {
                any |= self.write(number);
                while self.read(number) {
                    any = true;
                }
            }
        }
        any
    }

    /// The server takes one frame of a client.
    pub(crate) fn serve(&mut self, number: usize) -> bool {
        let Some(session) = &mut self.clients[number].session else { return false };
        let node = self.nodes.iter().find(|node| node.number == session.node);
        let entered = node.expect("the session's node").threads[session.thread].tasks.enter();
        let followed = session.follow();
        drop(entered);
        if session.up.is_empty() || !session.listens() {
            return followed;
        }
        self.dice.note(format_args!("client {number} is served"));
        let node = self.nodes.iter().find(|node| node.number == session.node);
        let _entered = node.expect("the session's node").threads[session.thread].tasks.enter();
        session.serve();
        true
    }

    /// The server writes what waits for a client.
    pub(crate) fn write(&mut self, number: usize) -> bool {
        let Some(session) = &mut self.clients[number].session else { return false };
        if !session.has_mail() {
            return false;
        }
        self.dice.note(format_args!("client {number} is written to"));
        let node = self.nodes.iter().find(|node| node.number == session.node);
        let _entered = node.expect("the session's node").threads[session.thread].tasks.enter();
        session.write(&self.ground.settings);
        true
    }

    fn is_settled(&self) -> bool {
        let answered = |number: usize| {
            let client = &self.clients[number];
            let waits =
                |draft: &usize| self.is_member(client.user.as_str(), self.drafts[*draft].room);
            client.asked.is_empty() && !client.todo.iter().any(waits)
        };
        (0..self.clients.len()).all(answered)
    }

    pub(crate) fn is_member(&self, user: &str, room: RoomId) -> bool {
        self.ground.desk.lock().model.is_member(room, user)
    }

    /// Every member has everything; nobody else is fed.
    fn check_feeds(&self) {
        let desk = self.ground.desk.lock();
        for (number, client) in self.clients.iter().enumerate() {
            for (room, view) in &client.views {
                let user = client.user.as_str();
                let log = desk.model.log(*room);
                if desk.model.is_member(*room, user) {
                    assert!(view.fed, "client {number} of {user} is not fed from {room}");
                    let head: Seq = log.head();
                    view.check_whole(log, head);
                    if !self.restored {
                        view.check_shown(log);
                    }
                } else {
                    assert!(!view.fed, "client {number} of {user} is fed, and no member");
                }
            }
        }
    }

    /// Whoever joins is told who is there.
    fn join_again(&mut self) {
        for number in 0..self.clients.len() {
            for room in self.rooms.clone() {
                if self.is_member(self.clients[number].user.as_str(), room) {
                    self.clients[number].join(room, &mut self.dice);
                    self.flow();
                }
            }
        }
        self.check_feeds();
    }

    /// What is said is with everybody at once, not only when somebody looks.
    fn say_something(&mut self) {
        for number in 0..self.clients.len() {
            for room in self.rooms.clone() {
                if self.is_member(self.clients[number].user.as_str(), room) {
                    self.draft(number, room);
                    self.flow();
                    self.check_feeds();
                }
            }
        }
        self.check_answers();
    }

    /// Everybody goes, and the rooms leave memory.
    async fn say_farewell(&mut self) {
        for number in 0..self.clients.len() {
            self.hang_up(number);
        }
        self.flow();
        let idle = self.ground.settings.rooms.idle_seconds * 1_000;
        for _ in 0..(idle + LEFT).div_ceil(STRIDE) {
            self.flow();
            if self.ground.wires.lock().rooms() == 0 {
                return;
            }
            self.wait(STRIDE).await;
        }
        assert_eq!(self.ground.wires.lock().rooms(), 0, "a room stays without sockets");
    }

    /// Nobody stays on a node that goes away.
    fn check_drained(&self) {
        let gone = self.nodes.iter().filter(|node| node.draining).map(|node| node.number);
        assert_eq!(gone.count(), 0, "a node that drains keeps sockets");
    }

    /// Every request is answered, and every message that can be sent is acknowledged.
    fn check_answers(&self) {
        for (number, client) in self.clients.iter().enumerate() {
            assert!(client.asked.is_empty(), "client {number} waits: {:?}", client.asked);
            for draft in client.todo.iter().map(|draft| &self.drafts[*draft]) {
                let member = self.is_member(client.user.as_str(), draft.room);
                assert!(!member, "client {number} could not send {draft:?}");
            }
        }
    }
}
