//! Properties of the feed: whatever is slow, every socket gets every entry once and in order.

use std::{rc::Rc, sync::Arc};

use ihs_store::{Body, EntryId, LogEntry, RoomId, Seq, Timestamp};
use proptest::prelude::*;

use super::{
    State,
    feed::{Feed, Need},
    frames::Frames,
    messages::Deliver,
};
use crate::{
    session::{
        outbox::{OutboxLimits, Parcel},
        socket::{SessionId, Socket},
    },
    username::Username,
};

const PAGE: usize = 4;

fn entry(number: u64) -> LogEntry {
    LogEntry {
        seq: Seq::new(number),
        id: EntryId::from_bytes([0; 12]),
        time: Timestamp::default(),
        sender: "ada".to_owned(),
        key: None,
        body: Body::message(format!("number {number}")),
    }
}

fn frames(from: u64, to: u64) -> Option<Frames> {
    let entries: Vec<LogEntry> = (from..=to).map(entry).collect();
    Frames::encode(RoomId::from_bytes([0; 12]), &entries)
}

fn seq_of(frame: &str) -> u64 {
    let frame: serde_json::Value = serde_json::from_str(frame).expect("json");
    frame["seq"].as_u64().expect("a seq")
}

/// A client of the feed: what it joined behind, what it got, the page that it waits for.
struct Client {
    socket: Rc<Socket>,
    joined: u64,
    got: Vec<u64>,
    page: Option<u64>,
}

struct World {
    feed: Feed,
    head: u64,
    clients: Vec<Client>,
}

impl World {
    fn new(head: u64) -> Self {
        Self { feed: Feed::new(Seq::new(head), 400), head, clients: Vec::new() }
    }

    fn join(&mut self, cursor: u64) {
        let user = Username::try_from("ada").expect("a username");
        let limits = OutboxLimits { frames: 3, bytes: 10_000 };
        let id = SessionId(self.clients.len() as u64);
        let socket =
            Rc::new(Socket::new(id, user, String::new(), Timestamp::default(), None, limits));
        self.feed.attach(Rc::clone(&socket), Seq::new(cursor));
        self.clients.push(Client { socket, joined: cursor, got: Vec::new(), page: None });
        self.advance(self.clients.len() - 1);
    }

    fn advance(&mut self, place: usize) {
        let client = &mut self.clients[place];
        if let Need::Page(after) = self.feed.advance(&client.socket) {
            assert_eq!(client.page.replace(after.get()), None, "one page at a time");
        }
    }

    fn deliver(&mut self, count: u64) {
        let run = frames(self.head + 1, self.head + count).expect("frames");
        self.head += count;
        self.feed.deliver(&Arc::new(run));
        for socket in self.feed.waiting() {
            let place = self.clients.iter().position(|client| Rc::ptr_eq(&client.socket, &socket));
            self.advance(place.expect("a client"));
        }
    }

    fn drain(&mut self, place: usize) {
        let client = &mut self.clients[place];
        for parcel in client.socket.outbox.drain() {
            match parcel {
                Parcel::Frames(run) => {
                    client.got.extend(run.iter().map(|(_, frame)| seq_of(frame)));
                }
                Parcel::Entry(seq, frame) => {
                    assert_eq!(seq_of(&frame), seq.get());
                    client.got.push(seq.get());
                }
                Parcel::Frame(frame) => client.got.push(seq_of(&frame)),
                Parcel::Ping | Parcel::Close(..) => {}
            }
        }
        if client.socket.outbox.take_starved() {
            self.advance(place);
        }
    }

    fn read_page(&mut self, place: usize) {
        let client = &mut self.clients[place];
        let Some(after) = client.page.take() else { return };
        // The log may be ahead of what was delivered.
        let page = frames(after + 1, (after + PAGE as u64).min(self.head + 2));
        self.feed.page(&client.socket, page.as_ref());
        self.advance(place);
    }
}

#[test]
fn what_is_deleted_by_the_delivery_that_brings_it_is_not_remembered() {
    let mut world = World::new(0);
    world.join(0);
    let room = RoomId::from_bytes([0; 12]);
    let mut state = State::default();
    state.feeds.insert(room, world.feed);
    let deletion = LogEntry { body: Body::Deleted { target: Seq::new(1) }, ..entry(2) };
    let frames = Frames::encode(room, &[entry(1), deletion]).map(Arc::new);
    state.deliver(&Deliver { frames, rewritten: Some(Seq::new(1)), ..Deliver::from(room) });
    let feed = state.feeds.remove(&room).expect("a feed");
    world = World { feed, head: 2, ..World::new(2) };
    world.join(0);
    assert_eq!(world.clients[0].page, Some(0), "it is read from the log");
}

#[derive(Debug, Clone)]
enum Act {
    Join(u64),
    Deliver(u64),
    /// So many entries never come by.
    Miss(u64),
    Drain(usize),
    Page(usize),
    Forget(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => (0..40_u64).prop_map(Act::Join),
        3 => (1..5_u64).prop_map(Act::Deliver),
        1 => (1..3_u64).prop_map(Act::Miss),
        3 => (0..4_usize).prop_map(Act::Drain),
        3 => (0..4_usize).prop_map(Act::Page),
        1 => (0..40_u64).prop_map(Act::Forget),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_socket_gets_every_entry_once_and_in_order(
        head in 0..20_u64,
        acts in prop::collection::vec(act(), 1..150),
    ) {
        let mut world = World::new(head);
        for act in acts {
            match act {
                Act::Join(cursor) if world.clients.len() < 4 => {
                    world.join(cursor.min(world.head + 3));
                }
                Act::Deliver(count) => world.deliver(count),
                Act::Miss(count) => world.head += count,
                Act::Drain(place) if place < world.clients.len() => world.drain(place),
                Act::Page(place) if place < world.clients.len() => world.read_page(place),
                Act::Forget(seq) => world.feed.forget_until(Seq::new(seq)),
                Act::Join(_) | Act::Drain(_) | Act::Page(_) => {}
            }
        }
        world.deliver(1);
        for place in 0..world.clients.len() {
            for _ in 0..1_000 {
                world.drain(place);
                world.read_page(place);
            }
            world.advance(place);
            let client = &world.clients[place];
            let expected: Vec<u64> = (client.joined + 1..=world.head).collect();
            prop_assert_eq!(&client.got, &expected);
        }
    }
}
