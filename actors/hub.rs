//! The hub: what the rooms, sessions and threads of one node share, and how the rest of the node
//! reaches them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::Addr;
use futures_util::{FutureExt, StreamExt, stream};
use ihs_config::Settings;
use ihs_store::{Clock, Ids, LogEntry, RoomId, Seq, Store, StoreError};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    activity::{self, Activity},
    bus::{Announcement, Bus, Health, News, NodeId, Topic},
    fan_out::{Drain, FanOutActor, Logins, Revoke, pages::Pages},
    inbox::{Inbox, watch::Watch},
    online::{self, Sighting},
    peers::{Peers, PeersActor},
    protocol::{MessageKey, MessageText},
    receipts::{self, Receipt, budget::Budget},
    room::{
        Look, Room,
        origin::{Caller, Origin, Refused},
        receipts::{TellReceipts, WriteReceipts},
        requests::{Amend, Send},
    },
    session::socket::SessionId,
    session::users::{Admission, Crowded, Users},
    username::Username,
};

/// Rooms that look at their logs unasked at the same time.
const LOOKS: usize = 32;

/// Receipts that the node writes in a second: so many members get one more, not so many messages.
const RECEIPTS_PER_SECOND: u32 = 200;

/// Longest wait for a room to say what is not written yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a hub is made of.
pub struct Parts {
    /// Where the logs are.
    pub store: Arc<dyn Store>,
    /// What carries events between nodes.
    pub bus: Arc<dyn Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Sections `rooms` and `limits` matter here.
    pub settings: Arc<Settings>,
}

/// The realtime core of one node. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    parts: Parts,
    node: NodeId,
    pages: Pages,
    users: Users,
    peers: Peers,
    receipts: Budget,
    activity: Activity,
    looks: Arc<Semaphore>,
    rooms: Mutex<HashMap<RoomId, Addr<Room>>>,
    inboxes: Mutex<HashMap<Username, Addr<Inbox>>>,
    watch: Watch,
    threads: Mutex<Vec<Addr<FanOutActor>>>,
    sessions: AtomicU64,
    logins: AtomicU64,
}

impl Hub {
    /// A hub without rooms or sockets.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let rooms = &parts.settings.rooms;
        let pages = Pages::new(Arc::clone(&parts.store), rooms.page, rooms.catch_ups);
        let users = Users::new(parts.settings.limits.clone());
        let looks = Arc::new(Semaphore::new(LOOKS));
        let node = NodeId(parts.ids.next());
        Self(Arc::new(Inner {
            parts,
            node,
            pages,
            users,
            peers: Peers::default(),
            receipts: Budget::new(RECEIPTS_PER_SECOND),
            activity: Activity::default(),
            looks,
            rooms: Mutex::default(),
            inboxes: Mutex::default(),
            watch: Watch::default(),
            threads: Mutex::default(),
            sessions: AtomicU64::new(0),
            logins: AtomicU64::new(0),
        }))
    }

    /// Says that somebody other than the room itself has appended to its log, so that the room
    /// delivers it now, here and on other nodes.
    pub fn log_changed(&self, room: RoomId) {
        let (node, topic) = (self.0.node, Topic::Room(room));
        self.bus().publish(Announcement { node, topic, news: News::Changed });
        if let Some(address) = self.known_room(room) {
            address.do_send(Look);
        }
    }

    /// Whether the bus carries anything to other nodes.
    #[must_use]
    pub fn bus_health(&self) -> Health {
        self.bus().health()
    }

    /// Whether the user has a socket open on this node.
    #[must_use]
    pub fn is_online(&self, username: &str) -> bool {
        self.0.users.is_online(username)
    }

    /// Makes room for one more socket of a user.
    ///
    /// # Errors
    /// [`Crowded`] when the user, or the node, has as many as the settings allow.
    pub fn admit(&self, user: &Username) -> Result<Admission, Crowded> {
        self.0.users.admit(user)
    }

    /// Asks whether a user may send one more message without a socket; those with one ask
    /// by their [`Admission`], and both count.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn may_send(&self, user: &Username) -> Result<(), Duration> {
        self.0.users.ask(user)
    }

    /// How many sockets are open on this node.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.0.users.sockets()
    }

    /// Tells every socket to connect elsewhere, spread over `window`.
    pub fn drain(&self, window: Duration) {
        for thread in self.0.threads.lock().iter() {
            thread.do_send(Drain(window));
        }
    }

    /// Ends the sockets of these logins, on every node.
    pub fn revoke(&self, user: &Username, logins: &Logins) {
        self.revoke_here(user, logins);
        let news = News::Revoked(user.clone(), logins.clone());
        self.bus().publish(Announcement { node: self.0.node, topic: Topic::Nodes, news });
    }

    /// Who of these users is online, on whichever node, and when each was seen last; nobody is
    /// missing who is or was.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sightings(&self, users: &[&str]) -> Result<HashMap<String, Sighting>, StoreError> {
        online::sightings(self, users).await
    }

    /// Ends the sockets of these logins on this node.
    pub(crate) fn revoke_here(&self, user: &Username, logins: &Logins) {
        for thread in self.0.threads.lock().iter() {
            thread.do_send(Revoke { user: user.clone(), logins: logins.clone() });
        }
    }

    /// Appends a message in the name of a user, as their socket would. Must be called on a thread
    /// that runs actors.
    ///
    /// # Errors
    /// [`Refused`]; the message is then not in the log, unless it says unavailable: with a key it
    /// may be sent again.
    pub async fn send(
        &self,
        room: RoomId,
        user: &Username,
        text: MessageText,
        key: Option<MessageKey>,
    ) -> Result<LogEntry, Refused> {
        let (caller, answer) = Caller::new(user.clone());
        self.room(room).do_send(Send { origin: Origin::Call(caller), text, key });
        answer.await.unwrap_or(Err(Refused::Unavailable))
    }

    /// Replaces the text of the user's own message, or deletes it when there is none, as
    /// [`Hub::send`] does.
    ///
    /// # Errors
    /// As [`Hub::send`].
    pub async fn amend(
        &self,
        room: RoomId,
        user: &Username,
        target: Seq,
        text: Option<MessageText>,
    ) -> Result<LogEntry, Refused> {
        let (caller, answer) = Caller::new(user.clone());
        self.room(room).do_send(Amend { origin: Origin::Call(caller), target, text });
        answer.await.unwrap_or(Err(Refused::Unavailable))
    }

    /// Who has got which entries of a room, since when.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn receipts(&self, room: RoomId) -> Result<HashMap<Username, Receipt>, StoreError> {
        // First what is not written yet: what is written meanwhile is then seen twice, not never.
        let unwritten = match self.known_room(room) {
            Some(room) => room.send(TellReceipts).timeout(PATIENCE).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let mut receipts = receipts::of_room(&**self.store(), room).await?;
        for step in unwritten {
            receipts.entry(step.user.clone()).or_default().take(&step);
        }
        Ok(receipts)
    }

    /// Has the documents of a user's rooms say when they were last active, as far as this node knows.
    pub async fn settle_activity_of(&self, user: &str) {
        activity::settle(self, Some(user)).await;
    }

    /// The same of all rooms.
    pub async fn settle_activity(&self) {
        activity::settle(self, None).await;
    }

    /// Writes down which sockets, now gone, were given what, as far as the time allows.
    pub async fn settle(&self, within: Duration) {
        let rooms: Vec<Addr<Room>> = self.0.rooms.lock().values().cloned().collect();
        let all = stream::iter(rooms)
            .for_each_concurrent(LOOKS, |room| room.send(WriteReceipts).map(drop));
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!("not all receipts are written");
        }
    }

    /// Takes in the fan-out of a thread.
    pub(crate) fn add_thread(&self, thread: Addr<FanOutActor>) {
        let mut threads = self.0.threads.lock();
        if threads.is_empty() {
            PeersActor::open(self.clone());
        }
        threads.push(thread);
    }

    /// The actor of a room, started on this thread if the node has none. Must be called on a
    /// thread that runs actors.
    #[must_use]
    pub fn room(&self, id: RoomId) -> Addr<Room> {
        let mut rooms = self.0.rooms.lock();
        match rooms.get(&id) {
            Some(address) if address.connected() => address.clone(),
            _ => {
                let address = Room::open(id, self.clone());
                rooms.insert(id, address.clone());
                address
            }
        }
    }

    /// The actor of a room, if the node has one.
    #[must_use]
    pub fn known_room(&self, id: RoomId) -> Option<Addr<Room>> {
        self.0.rooms.lock().get(&id).cloned()
    }

    /// Forgets a room that stops, unless another actor has taken its place.
    pub(crate) fn forget_room(&self, id: RoomId, address: &Addr<Room>) {
        let mut rooms = self.0.rooms.lock();
        if rooms.get(&id).is_some_and(|known| known == address) {
            rooms.remove(&id);
        }
    }

    /// A name for a new socket.
    pub(crate) fn next_session(&self) -> SessionId {
        SessionId(self.0.sessions.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.parts.store
    }

    pub(crate) fn bus(&self) -> &Arc<dyn Bus> {
        &self.0.parts.bus
    }

    pub(crate) fn inboxes(&self) -> &Mutex<HashMap<Username, Addr<Inbox>>> {
        &self.0.inboxes
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// Has the node look for notifications that it was not told of.
    pub(crate) fn watch_inboxes(&self) {
        self.0.watch.hurry();
    }

    /// Has every thread ask which logins have ended.
    pub(crate) fn ask_for_logins(&self) {
        self.0.logins.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was wanted.
    pub(crate) fn logins_asked(&self) -> u64 {
        self.0.logins.load(Ordering::Relaxed)
    }

    pub(crate) fn users(&self) -> &Users {
        &self.0.users
    }

    pub(crate) fn receipts_budget(&self) -> &Budget {
        &self.0.receipts
    }

    pub(crate) fn activity(&self) -> &Activity {
        &self.0.activity
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.0.peers
    }

    pub(crate) fn node(&self) -> NodeId {
        self.0.node
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    pub(crate) fn ids(&self) -> &Arc<dyn Ids> {
        &self.0.parts.ids
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// A turn to look at a log unasked; `None` while as many others do as may.
    pub(crate) fn look_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.looks).try_acquire_owned().ok()
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.0.pages
    }
}
