//! What happens next, as the dice say.

use ihs_store::{RoomId, Seq};

use crate::{
    client::Draft,
    profile::Profile,
    store::Mishap,
    world::{Mode, World},
};

/// Something that can happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    RunThread,
    ServeStore,
    CarryOnBus,
    Serve,
    Write,
    Read,
    Act,
    Wait,
    Flow,
    Move,
    Crash,
    Drain,
    Start,
    Restore,
    StoreMode,
    BusMode,
    HangUp,
    Slow,
}

impl Profile {
    /// What can happen, with weights.
    pub(crate) fn events(&self) -> Vec<(u32, Event)> {
        let events = [
            (36, Event::RunThread),
            (26, Event::ServeStore),
            (8, Event::CarryOnBus),
            (16, Event::Serve),
            (10, Event::Write),
            (10, Event::Read),
            (20, Event::Act),
            (6, Event::Wait),
            (2, Event::Flow),
            (self.moves, Event::Move),
            (self.crashes, Event::Crash),
            (self.drains, Event::Drain),
            (1, Event::Start),
            (self.restores, Event::Restore),
            (self.store_modes, Event::StoreMode),
            (self.bus_modes, Event::BusMode),
            (self.disconnects, Event::HangUp),
            (self.slow, Event::Slow),
        ];
        events.into_iter().filter(|(weight, _)| *weight > 0).collect()
    }
}

impl World {
    /// Lets one thing happen.
    pub(crate) async fn step(&mut self, events: &[(u32, Event)]) {
        match self.dice.weighted(events) {
            Event::RunThread => self.run_a_thread(),
            Event::ServeStore => self.serve_store(),
            Event::CarryOnBus => self.carry_on_bus(),
            Event::Serve => self.some_client(Self::serve),
            Event::Write => self.some_client(Self::write),
            Event::Read => self.some_client(Self::read),
            Event::Act => {
                let number = self.dice.below(self.clients.len());
                self.act(number);
            }
            Event::Wait => {
                let millis = self.dice.between(1, 400);
                self.wait(millis).await;
            }
            Event::Flow => self.flow(),
            Event::Move => self.move_somebody(),
            Event::Crash => self.lose_a_node(Self::crash),
            Event::Drain => self.lose_a_node(Self::drain),
            Event::Start if self.nodes.len() < self.profile.nodes => self.start_node(),
            Event::Start => {}
            Event::Restore => self.restore().await,
            Event::StoreMode => {
                let modes =
                    [(3, Mode::Up), (1, Mode::ReadOnly), (1, Mode::Away), (1, Mode::Silent)];
                self.mode = self.dice.weighted(&modes);
                self.dice.note(format_args!("the store is {:?}", self.mode));
            }
            Event::BusMode => {
                let mut wires = self.ground.wires.lock();
                if self.dice.chance(50) {
                    wires.up = !wires.up;
                    self.dice.note(format_args!("the bus is up: {}", wires.up));
                } else {
                    wires.notice();
                    self.dice.note(format_args!("nodes notice how the bus is"));
                }
            }
            Event::HangUp => {
                let number = self.dice.below(self.clients.len());
                self.hang_up(number);
            }
            Event::Slow => {
                let number = self.dice.below(self.clients.len());
                self.clients[number].slow ^= true;
            }
        }
        self.retire();
    }

    fn run_a_thread(&mut self) {
        let nodes = self.nodes.iter().enumerate();
        let threads = nodes.flat_map(|(place, node)| {
            let awake = node.threads.iter().enumerate().filter(|(_, thread)| thread.is_awake());
            awake.map(move |(thread, _)| (place, thread))
        });
        let threads: Vec<(usize, usize)> = threads.collect();
        let Some((place, thread)) = self.dice.pick(&threads).copied() else { return };
        let node = &mut self.nodes[place];
        self.dice.note(format_args!("thread {}/{thread} runs", node.number));
        node.threads[thread].run();
    }

    fn serve_store(&mut self) {
        let mut desk = self.ground.desk.lock();
        if desk.calls.is_empty() {
            return;
        }
        let place = self.dice.below(desk.calls.len());
        let call = &desk.calls[place];
        self.dice.show(format_args!("node {} asks {:?}", call.node, call.ask));
        if call.outcome.is_some() {
            self.dice.note(format_args!("the store answers node {}", call.node));
            self.dice.show(format_args!("{:?}", call.outcome));
            return desk.answer(place);
        }
        let mode = self.mode;
        if !(mode == Mode::Up || mode == Mode::ReadOnly && !call.ask.is_write()) {
            if mode != Mode::Silent && self.dice.chance(30) {
                self.dice.note(format_args!("the store refuses node {}", call.node));
                desk.fail(place, Mishap::Refused, 0);
            }
            return;
        }
        let may_fail = call.ask.is_write() || !self.reads_well;
        if may_fail && self.dice.chance(self.profile.mishaps) {
            let mishaps = [Mishap::Refused, Mishap::AnswerLost, Mishap::HalfDone, Mishap::Late];
            let (mishap, part) = (mishaps[self.dice.below(mishaps.len())], self.dice.below(3));
            self.dice.note(format_args!("the store fails node {}: {mishap:?}", call.node));
            return desk.fail(place, mishap, part);
        }
        self.dice.note(format_args!("the store serves node {}", call.node));
        desk.carry_out(place);
        if self.dice.chance(60) {
            self.dice.show(format_args!("{:?}", desk.calls[place].outcome));
            desk.answer(place);
        }
    }

    fn carry_on_bus(&mut self) {
        let mut wires = self.ground.wires.lock();
        if wires.under_way.is_empty() {
            return;
        }
        let place = self.dice.below(wires.under_way.len());
        if wires.may_be_lost(place) && self.dice.chance(self.profile.losses) {
            self.dice.note(format_args!("the bus loses {place}"));
            wires.under_way.remove(place);
        } else {
            let again = self.dice.chance(15);
            self.dice.note(format_args!("the bus delivers {place}, again: {again}"));
            wires.deliver(place, again);
        }
    }

    fn some_client(&mut self, happens: fn(&mut Self, usize) -> bool) {
        let first = self.dice.below(self.clients.len());
        for number in (first..self.clients.len()).chain(0..first) {
            if !self.clients[number].slow && happens(self, number) {
                return;
            }
        }
    }

    fn lose_a_node(&mut self, happens: fn(&mut Self, usize)) {
        if !self.nodes.is_empty() {
            let place = self.dice.below(self.nodes.len());
            happens(self, place);
        }
    }

    fn move_somebody(&mut self) {
        let (room, number) = (self.some_room(), self.dice.below(self.clients.len()));
        let user = self.clients[number].user.clone();
        self.move_member(room, user.as_str());
        // Most come back soon, or there would be nobody to talk.
        if self.dice.chance(50) && !self.ground.desk.lock().model.is_member(room, user.as_str()) {
            self.move_member(room, user.as_str());
        }
    }

    pub(crate) fn some_room(&mut self) -> RoomId {
        self.rooms[self.dice.below(self.rooms.len())]
    }

    /// A client does something.
    fn act(&mut self, number: usize) {
        if self.clients[number].session.is_none() {
            return self.connect(number);
        }
        let room = self.some_room();
        match self.dice.below(20) {
            0..=6 if self.chore(number, false) => {}
            0..=10 => self.draft(number, room),
            11 | 12 => self.draft_again(number),
            13..=15 => self.amend(number, room),
            16 | 17 if self.clients[number].awaits_sync() => {}
            16 => self.clients[number].leave(room, &mut self.dice),
            17 => self.clients[number].join(room, &mut self.dice),
            18 if self.dice.chance(40) && !self.restored && self.clients[number].is_fresh() => {
                self.clients[number].sync(&mut self.dice);
            }
            18 => self.clients[number].recall(room, &mut self.dice),
            _ => {
                let read = self.clients[number].views[&room].cursor();
                let seq = read.map_or(Seq::ZERO, |(seq, _)| seq);
                self.clients[number].mark_read(room, seq, &mut self.dice);
            }
        }
    }

    /// Does what a client wants done: be fed from its rooms, have its messages acknowledged.
    pub(crate) fn chore(&mut self, number: usize, members_only: bool) -> bool {
        let client = &mut self.clients[number];
        let desk = self.ground.desk.lock();
        let may = |room: RoomId| !members_only || desk.model.is_member(room, client.user.as_str());
        let joins = client.views.iter().find(|(room, view)| {
            view.wanted && view.word.is_none() && (!view.fed || view.unsure) && may(**room)
        });
        if let Some(room) = joins.map(|(room, _)| *room) {
            if !self.restored && client.is_fresh() && self.dice.chance(30) {
                client.sync(&mut self.dice);
                return true;
            }
            client.join(room, &mut self.dice);
            return true;
        }
        let send = client
            .todo
            .iter()
            .copied()
            .find(|draft| !client.is_sending(*draft) && may(self.drafts[*draft].room));
        if let Some(draft) = send {
            client.send(draft, &self.drafts[draft], &mut self.dice);
        }
        send.is_some()
    }

    pub(crate) fn draft(&mut self, number: usize, room: RoomId) {
        let count = self.drafts.len();
        let user = self.clients[number].user.clone();
        let text = format!("text {count}");
        let mut key = self.dice.chance(75).then(|| format!("key {count}"));
        if let Some(taken) = self.dice.pick(&self.drafts)
            && taken.user == user
            && taken.room == room
            && self.dice.chance(15)
        {
            key.clone_from(&taken.key);
        }
        self.drafts.push(Draft { user, room, key, text, ack: None });
        self.clients[number].todo.push(count);
        self.clients[number].send(count, &self.drafts[count], &mut self.dice);
    }

    /// Sends a message again, perhaps from another device, whether it was acknowledged or not.
    fn draft_again(&mut self, number: usize) {
        if self.drafts.is_empty() {
            return;
        }
        let draft = self.dice.below(self.drafts.len());
        let client = &mut self.clients[number];
        let theirs = self.drafts[draft].user == client.user;
        if theirs && self.drafts[draft].key.is_some() {
            if !client.todo.contains(&draft) {
                client.todo.push(draft);
            }
            client.send(draft, &self.drafts[draft], &mut self.dice);
        }
    }

    /// Edits or deletes a message, mostly one's own.
    fn amend(&mut self, number: usize, room: RoomId) {
        let desk = self.ground.desk.lock();
        let user = self.clients[number].user.as_str();
        let messages = desk.model.log(room).messages();
        let messages: Vec<(Seq, bool)> =
            messages.map(|entry| (entry.seq, entry.sender == user)).collect();
        let Some((target, own)) = self.dice.pick(&messages).copied() else { return };
        if !own && self.dice.chance(90) {
            return;
        }
        drop(desk);
        let text = format!("edit {}", self.dice.lines());
        let text = self.dice.chance(60).then_some(text.as_str());
        self.clients[number].amend(room, target, text, &mut self.dice);
    }
}
