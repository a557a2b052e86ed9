//! Keeps the time of a room's last activity in its document: at once after a quiet time, then at most
//! a few times a second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ihs_store::RoomId;
use tokio::time::Instant;

use crate::{
    activity::{self, Last},
    hub::Hub,
};

/// Shortest time between two writes.
const PAUSE: Duration = Duration::from_millis(250);

/// The activity of one room.
pub struct Touch {
    room: RoomId,
    hub: Hub,
    last: Option<Instant>,
    under_way: Arc<AtomicBool>,
}

impl Touch {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(room: RoomId, hub: Hub) -> Self {
        Self { room, hub, last: None, under_way: Arc::default() }
    }

    /// This was appended. To be said before whoever appended it is told.
    pub(crate) fn touch(&mut self, last: Last) {
        self.hub.activity().note(self.room, last);
        self.tick();
    }

    /// Whether nothing is due.
    pub(super) fn is_settled(&self) -> bool {
        !self.hub.activity().is_due(self.room)
    }

    /// Writes what is due. Called now and then.
    pub fn tick(&mut self) {
        let quiet = self.last.is_none_or(|last| last.elapsed() >= PAUSE);
        let due = quiet && self.hub.activity().is_due(self.room);
        if !due || self.under_way.swap(true, Ordering::AcqRel) {
            return;
        }
        self.last = Some(Instant::now());
        let (hub, room, under_way) = (self.hub.clone(), self.room, Arc::clone(&self.under_way));
        actix::spawn(async move {
            activity::write(&hub, room).await;
            under_way.store(false, Ordering::Release);
        });
    }
}
