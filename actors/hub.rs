//! The handle by which the rest of the node reaches the realtime core.

use std::sync::Arc;

use ihs_store::{RoomId, Store};

/// Cheap to clone; one per node.
#[derive(Clone)]
pub struct Hub {
    store: Arc<dyn Store>,
}

impl Hub {
    /// A hub over this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store that holds the logs.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Says that somebody other than the room itself has appended to its log, so that the room
    /// delivers it now.
    pub fn log_changed(&self, _room: RoomId) {}

    /// Whether the user has a socket open.
    #[must_use]
    pub fn is_online(&self, _username: &str) -> bool {
        false
    }
}
