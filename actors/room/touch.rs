//! Keeps `last_activity` of a room's document up to date: at once after a quiet time, then at most
//! a few times a second, so that a busy room does not write twice for every message.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ihs_store::{Change, Filter, RoomId, Write};
use tokio::time::Instant;

use crate::{hub::Hub, room::membership::ROOMS};

/// Shortest time between two writes.
const PAUSE: Duration = Duration::from_millis(250);

/// The activity of one room.
pub struct Touch {
    room: RoomId,
    hub: Hub,
    due: bool,
    last: Option<Instant>,
    under_way: Arc<AtomicBool>,
    failed: Arc<AtomicBool>,
}

impl Touch {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(room: RoomId, hub: Hub) -> Self {
        let (under_way, failed) = (Arc::default(), Arc::default());
        Self { room, hub, due: false, last: None, under_way, failed }
    }

    /// Something has happened.
    pub fn touch(&mut self) {
        self.due = true;
        self.tick();
    }

    /// Writes what is due. Called now and then.
    pub fn tick(&mut self) {
        self.due |= self.failed.swap(false, Ordering::AcqRel);
        let quiet = self.last.is_none_or(|last| last.elapsed() >= PAUSE);
        if !self.due || !quiet || self.under_way.swap(true, Ordering::AcqRel) {
            return;
        }
        self.due = false;
        self.last = Some(Instant::now());
        let (hub, room) = (self.hub.clone(), self.room);
        let (under_way, failed) = (Arc::clone(&self.under_way), Arc::clone(&self.failed));
        actix::spawn(async move {
            let write = Write::Update {
                collection: ROOMS,
                filter: Filter::id(room.to_string()),
                change: Change::set("last_activity", hub.clock().now()),
            };
            if let Err(error) = hub.store().commit(vec![write]).await {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(%room, error, "last activity not written");
                failed.store(true, Ordering::Release);
            }
            under_way.store(false, Ordering::Release);
        });
    }
}
