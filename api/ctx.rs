//! What every request can reach.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ihs_actors::Hub;
use ihs_config::Settings;
use ihs_store::{Clock, Ids, ObjectIds, Store, StoreError, SystemClock};

use crate::{
    audit::Log,
    auth::{KeyError, Passwords, Throttle, Tokens},
    collections,
};

/// The parts of a node that requests need; cheap to clone, one per node.
#[derive(Clone)]
pub struct Ctx {
    /// Records and logs.
    pub store: Arc<dyn Store>,
    /// The realtime core.
    pub hub: Hub,
    /// Every setting of the node.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Signs and checks access tokens.
    pub tokens: Arc<Tokens>,
    /// Hashes and checks passwords.
    pub passwords: Arc<Passwords>,
    /// Who failed to log in too often.
    pub(crate) throttle: Arc<Throttle>,
    /// Who saw and changed what.
    pub(crate) audit: Log,
    draining: Arc<AtomicBool>,
}

/// Why a context cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CtxError {
    /// The key that signs tokens is missing, weak or unreadable.
    #[error("tokens cannot be signed")]
    Key(#[from] KeyError),
    /// The settings of password hashing are not possible.
    #[error("the settings auth.argon2_memory_kib and auth.argon2_passes do not make a hash")]
    Passwords(#[from] crate::auth::PasswordError),
}

impl Ctx {
    /// Of these parts, with the machine's clock and new ids from it.
    ///
    /// # Errors
    /// [`CtxError`] when the settings do not allow to sign tokens or to hash passwords.
    pub fn new(settings: Settings, store: Arc<dyn Store>, hub: Hub) -> Result<Self, CtxError> {
        Self::with_clock(settings, store, hub, Arc::new(SystemClock))
    }

    /// The same with a clock of one's own.
    ///
    /// # Errors
    /// As [`Ctx::new`].
    pub fn with_clock(
        settings: Settings,
        store: Arc<dyn Store>,
        hub: Hub,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CtxError> {
        Ok(Self {
            tokens: Arc::new(Tokens::open(&settings)?),
            passwords: Arc::new(Passwords::start(&settings)?),
            throttle: Arc::new(Throttle::new(&settings.auth)),
            audit: Log::new(Arc::clone(&store)),
            store,
            hub,
            settings: Arc::new(settings),
            clock,
            ids: Arc::new(ObjectIds),
            draining: Arc::default(),
        })
    }

    /// Makes the collections and indexes of all that this crate keeps.
    ///
    /// # Errors
    /// Those of [`Store::prepare`].
    pub async fn prepare(&self) -> Result<(), StoreError> {
        self.store.prepare(&collections::all()).await
    }

    /// Waits until the audit log has taken in what it was given.
    pub async fn settle(&self) {
        if let Err(error) = self.audit.settle().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the next start takes in the rest of the audit log");
        }
    }

    /// From now on `/readyz` says that this node takes no more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the node is being stopped.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
