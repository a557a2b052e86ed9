//! The audit log: who saw or changed the data of which patient, when and why. It is one chain for the
//! whole installation: entry n holds the hash of entry n - 1, so that what is altered, removed, added
//! or moved afterwards is found.
//!
//! - `entry`: what an entry says; `chain`: how entries hang together, as pure functions
//! - `log`: the way into the chain, for all requests of a node; `batch`: what is appended at once
//! - `outbox`: entries that are stored together with the change that they tell of
//! - `trace`: which entries a request makes; [`verify()`]: the walk along the whole chain
//!
//! What holds for all: a read is answered once its entries are in the chain, and a change is stored
//! together with its entries or not at all. Entries name people and records, and hold nothing of what
//! is in them. Nothing here changes or removes an entry.

mod batch;
mod chain;
pub(crate) mod entry;
mod log;
mod outbox;
pub(crate) mod trace;
mod verify;

use ihs_store::{Collection, Document, Index, Store, StoreError};

pub use chain::HEADS;
pub(crate) use log::Log;
pub(crate) use outbox::{OUTBOX, commit, write};
pub use verify::{Broken, Flaw, Known, Sound, verify};

use crate::{Ctx, error::Cause};
use entry::{Action, Entry};

/// The collection of entries, and the name of their resource.
pub const ENTRIES: &str = "audit";

/// Why an entry is not in the log.
#[derive(Debug, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct AuditError(#[source] Cause);

/// Records that everything in the store is handed out, by whoever runs the command; to be called
/// before it is.
///
/// # Errors
/// [`AuditError`] when the log could not be written: then nothing may be handed out.
pub async fn record_export(ctx: &Ctx) -> Result<(), AuditError> {
    let entry = Entry::new(ctx, Action::Export);
    ctx.audit.append(vec![entry]).await.map_err(|error| AuditError(Box::new(error)))
}

/// Where the chain ends, as it is stored; `None` while there is no entry. Entries up to there never
/// change: what is copied up to the number `n` of it is whole, whatever is appended meanwhile.
///
/// # Errors
/// Those of [`Store::get`].
pub async fn end_of_chain(store: &dyn Store) -> Result<Option<Document>, StoreError> {
    store.get(HEADS, chain::HEAD).await
}

/// Takes into the chain what nodes that crashed have left in the outbox.
pub(crate) async fn redeem(ctx: &Ctx) -> Result<(), StoreError> {
    ctx.audit.redeem().await
}

/// The collections beside the entries'.
pub(crate) fn collections() -> [Collection; 2] {
    let plain = |name| Collection { name, indexes: Vec::new(), searched: Vec::new() };
    [plain(HEADS), plain(OUTBOX)]
}

/// The indexes of the entries; most serve a filter, newest first.
pub(crate) fn indexes() -> Vec<Index> {
    vec![
        Index::unique("n", &["n"]),
        Index::plain("time", &["time"]),
        Index::plain("user", &["user", "time"]),
        Index::plain("patient", &["patient", "time"]),
        Index::plain("action", &["action", "time"]),
        Index::plain("resource", &["resource", "time"]),
    ]
}
