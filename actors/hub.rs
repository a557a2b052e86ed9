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
use ihs_config::Settings;
use ihs_store::{Clock, Ids, LogEntry, RoomId, Seq, Store};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    bus::{Announcement, Bus, News, NodeId, Topic},
    fan_out::{Drain, FanOutActor, Logins, Revoke, pages::Pages},
    protocol::{MessageKey, MessageText},
    room::{
        Look, Room,
        origin::{Caller, Origin, Refused},
        requests::{Amend, Send},
    },
    session::socket::SessionId,
    session::users::{Admission, Crowded, Users},
    username::Username,
};

/// Rooms that look at their logs unasked at the same time.
const LOOKS: usize = 32;

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
    looks: Arc<Semaphore>,
    rooms: Mutex<HashMap<RoomId, Addr<Room>>>,
    threads: Mutex<Vec<Addr<FanOutActor>>>,
    sessions: AtomicU64,
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
            looks,
            rooms: Mutex::default(),
            threads: Mutex::default(),
            sessions: AtomicU64::new(0),
        }))
    }

    /// Says that somebody other than the room itself has appended to its log, so that the room
    /// delivers it now, here and on other nodes.
    pub fn log_changed(&self, room: RoomId) {
        let (node, topic) = (self.0.node, Topic::Room(room));
        self.bus().publish(Announcement { node, topic, news: News::Changed });
        let address = self.0.rooms.lock().get(&room).cloned();
        if let Some(address) = address {
            address.do_send(Look);
        }
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

    /// Ends the sockets of these logins on this node.
    pub fn revoke(&self, user: &Username, logins: &Logins) {
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

    /// Takes in the fan-out of a thread.
    pub(crate) fn add_thread(&self, thread: Addr<FanOutActor>) {
        self.0.threads.lock().push(thread);
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
