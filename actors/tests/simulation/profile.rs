//! What may happen in a schedule, and how often.

/// What may happen, with weights against each other.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Nodes at most.
    pub(crate) nodes: usize,
    /// Calls of the store, of 100, that go wrong.
    pub(crate) mishaps: u32,
    /// Announcements, of 100, that are lost.
    pub(crate) losses: u32,
    /// The bus is silent when everything else is healed, in so many schedules of 100.
    pub(crate) silent_ends: u32,
    pub(crate) store_modes: u32,
    pub(crate) bus_modes: u32,
    pub(crate) moves: u32,
    pub(crate) crashes: u32,
    pub(crate) drains: u32,
    pub(crate) restores: u32,
    pub(crate) disconnects: u32,
    pub(crate) slow: u32,
}

/// Everything works, in any order.
pub(crate) const CALM: Profile = Profile {
    name: "calm",
    nodes: 2,
    mishaps: 0,
    losses: 0,
    silent_ends: 0,
    store_modes: 0,
    bus_modes: 0,
    moves: 2,
    crashes: 0,
    drains: 0,
    restores: 0,
    disconnects: 1,
    slow: 1,
};

/// The bus loses, repeats and is away.
pub(crate) const LOSSY_BUS: Profile =
    Profile { name: "lossy_bus", nodes: 3, losses: 40, silent_ends: 50, bus_modes: 2, ..CALM };

/// The store fails, before or after it has done what it was asked.
pub(crate) const FAILING_STORE: Profile =
    Profile { name: "failing_store", nodes: 3, mishaps: 25, store_modes: 2, losses: 5, ..CALM };

/// Nodes crash and drain.
pub(crate) const CRASHES: Profile = Profile {
    name: "crashes",
    nodes: 3,
    losses: 10,
    silent_ends: 20,
    crashes: 2,
    drains: 1,
    disconnects: 2,
    ..CALM
};

/// The store is restored from a backup.
pub(crate) const RESTORED: Profile =
    Profile { name: "restored", restores: 2, crashes: 1, mishaps: 5, losses: 10, ..CALM };

/// All of it.
pub(crate) const EVERYTHING: Profile = Profile {
    name: "everything",
    nodes: 3,
    mishaps: 10,
    losses: 25,
    silent_ends: 40,
    store_modes: 1,
    bus_modes: 1,
    moves: 2,
    crashes: 1,
    drains: 1,
    restores: 0,
    disconnects: 2,
    slow: 2,
};
