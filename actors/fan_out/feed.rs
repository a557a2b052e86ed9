//! The feed of one room on one thread: who gets what, and from where. Decisions only.
//!
//! A member is *live* when it was given everything up to the feed's head, else it is *behind* and
//! is a mere cursor: it costs no memory, and is brought up to date from the recent tail or from
//! pages of the log as fast as it reads. The step from behind to live and every delivery happen
//! within one turn of the thread, so that nothing is missed or given twice in between.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use bytestring::ByteString;
use ihs_store::Seq;

use crate::{fan_out::frames::Frames, session::socket::Socket};

/// One room's feed.
#[derive(Debug)]
pub struct Feed {
    head: Seq,
    tail: VecDeque<ByteString>,
    tail_bytes: usize,
    tail_limit: usize,
    live: Vec<Live>,
    behind: Vec<Behind>,
}

/// A member that was given everything from its start up to the head.
#[derive(Debug)]
struct Live {
    socket: Rc<Socket>,
    start: Seq,
}

#[derive(Debug)]
struct Behind {
    socket: Rc<Socket>,
    /// The entry behind which it began.
    start: Seq,
    /// The last entry that it was given.
    cursor: Seq,
    reading: bool,
}

/// What a member was given: everything behind `after`, up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Behind this entry,
    pub after: Seq,
    /// up to this one.
    pub to: Seq,
}

/// What a member that is behind needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is live, waits for its socket or for a page, or is not here.
    Nothing,
    /// The page of the log behind this seq.
    Page(Seq),
}

impl Feed {
    /// A feed that stands at `head` and remembers about `tail_limit` bytes.
    #[must_use]
    pub fn new(head: Seq, tail_limit: usize) -> Self {
        Self {
            head,
            tail: VecDeque::new(),
            tail_bytes: 0,
            tail_limit,
            live: Vec::new(),
            behind: Vec::new(),
        }
    }

    /// Whether nobody is fed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.behind.is_empty()
    }

    /// Adds a member that has everything up to `cursor`; call [`Feed::advance`] for it.
    pub fn attach(&mut self, socket: Rc<Socket>, cursor: Seq) {
        self.detach(&socket);
        self.behind.push(Behind { socket, start: cursor, cursor, reading: false });
    }

    /// Takes a member out, and says whether it was live.
    pub fn detach(&mut self, socket: &Rc<Socket>) -> bool {
        if let Some(place) = self.live.iter().position(|member| Rc::ptr_eq(&member.socket, socket))
        {
            self.live.swap_remove(place);
            return true;
        }
        self.behind.retain(|member| !Rc::ptr_eq(&member.socket, socket));
        false
    }

    /// Whether the socket is fed.
    #[must_use]
    pub fn has(&self, socket: &Rc<Socket>) -> bool {
        self.members().any(|member| Rc::ptr_eq(member, socket))
    }

    /// The members, live or behind.
    pub fn members(&self) -> impl Iterator<Item = &Rc<Socket>> {
        self.live().chain(self.behind.iter().map(|member| &member.socket))
    }

    /// The members that are live: who gets passing events.
    pub fn live(&self) -> impl Iterator<Item = &Rc<Socket>> {
        self.live.iter().map(|member| &member.socket)
    }

    /// What each member was given, which may still wait in its outbox.
    pub fn given(&self) -> impl Iterator<Item = (&Rc<Socket>, Given)> {
        let live = self.live.iter().map(|Live { socket, start }| (socket, *start, self.head));
        let behind = self.behind.iter().map(|member| (&member.socket, member.start, member.cursor));
        live.chain(behind).map(|(socket, after, to)| (socket, Given { after, to }))
    }

    /// What one member was given.
    #[must_use]
    pub fn given_to(&self, socket: &Rc<Socket>) -> Option<Given> {
        self.given().find(|(member, _)| Rc::ptr_eq(member, socket)).map(|(_, given)| given)
    }

    /// Whether somebody is behind.
    #[must_use]
    pub fn has_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Gives everybody who is live the entries that follow the head. A run that does not follow
    /// it turns everybody into a cursor, to be filled from the log.
    pub fn deliver(&mut self, frames: &Arc<Frames>) {
        if frames.last() <= self.head {
            return;
        }
        let before = self.head;
        let follows = frames.first() == before.next();
        if follows {
            let (behind, live): (Vec<_>, Vec<_>) = std::mem::take(&mut self.live)
                .into_iter()
                .partition(|member| member.socket.outbox.offer(frames).is_err());
            self.live = live;
            self.fall_behind(behind, before);
            self.remember(frames);
        } else {
            let live = std::mem::take(&mut self.live);
            self.fall_behind(live, before);
            self.forget();
        }
        self.head = frames.last();
    }

    /// Forgets remembered entries up to this seq, whose text has changed in the log.
    pub fn forget_until(&mut self, seq: Seq) {
        while self.tail_start() <= seq && !self.tail.is_empty() {
            self.forget_oldest();
        }
    }

    /// Gives a member that is behind what is remembered, and says what else it needs.
    pub fn advance(&mut self, socket: &Rc<Socket>) -> Need {
        let Some(place) = self.place(socket) else { return Need::Nothing };
        if self.behind[place].reading || socket.outbox.is_starved() {
            return Need::Nothing;
        }
        self.give_tail(place);
        let tail_start = self.tail_start();
        let member = &mut self.behind[place];
        if member.cursor == self.head {
            let member = self.behind.swap_remove(place);
            self.live.push(Live { socket: member.socket, start: member.start });
            return Need::Nothing;
        }
        if member.cursor.next() >= tail_start {
            return Need::Nothing;
        }
        member.reading = true;
        Need::Page(member.cursor)
    }

    /// Takes the page that a member asked for; call [`Feed::advance`] again. An empty page says
    /// that it could not be read.
    pub fn page(&mut self, socket: &Rc<Socket>, page: Option<&Frames>) {
        let Some(place) = self.place(socket) else { return };
        let head = self.head;
        let member = &mut self.behind[place];
        member.reading = false;
        // What lies beyond the head has not been delivered yet, and with it who may see it.
        let page = page.into_iter().flat_map(Frames::iter).take_while(|(seq, _)| *seq <= head);
        for (seq, frame) in page {
            if seq == member.cursor.next() {
                if member.socket.outbox.offer_one(seq, frame).is_err() {
                    return;
                }
                member.cursor = seq;
            }
        }
    }

    /// Members that are behind and wait neither for a page nor for their socket: worth advancing.
    #[must_use]
    pub fn waiting(&self) -> Vec<Rc<Socket>> {
        self.behind
            .iter()
            .filter(|member| member.cursor <= self.head && !member.reading)
            .filter(|member| !member.socket.outbox.is_starved())
            .map(|member| Rc::clone(&member.socket))
            .collect()
    }

    fn place(&self, socket: &Rc<Socket>) -> Option<usize> {
        self.behind.iter().position(|member| Rc::ptr_eq(&member.socket, socket))
    }

    fn fall_behind(&mut self, members: Vec<Live>, cursor: Seq) {
        let fallen = members.into_iter();
        self.behind.extend(fallen.map(|Live { socket, start }| Behind {
            socket,
            start,
            cursor,
            reading: false,
        }));
    }

    fn give_tail(&mut self, place: usize) {
        let start = self.tail_start();
        let member = &mut self.behind[place];
        if member.cursor.next() < start {
            return;
        }
        let skip = usize::try_from(member.cursor.next().get() - start.get()).unwrap_or(usize::MAX);
        for frame in self.tail.iter().skip(skip) {
            let next = member.cursor.next();
            if member.socket.outbox.offer_one(next, frame).is_err() {
                return;
            }
            member.cursor = next;
        }
    }

    /// Seq of the oldest entry that is remembered; the one behind the head when none is.
    fn tail_start(&self) -> Seq {
        Seq::new((self.head.get() + 1).saturating_sub(self.tail.len() as u64))
    }

    fn remember(&mut self, frames: &Frames) {
        for (_, frame) in frames.iter() {
            self.tail.push_back(frame.clone());
            self.tail_bytes += frame.len();
        }
        while self.tail_bytes > self.tail_limit && !self.tail.is_empty() {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(frame) = self.tail.pop_front() {
            self.tail_bytes -= frame.len();
        }
    }

    fn forget(&mut self) {
        self.tail.clear();
        self.tail_bytes = 0;
    }
}
