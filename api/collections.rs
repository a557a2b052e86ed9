//! Every collection that this crate keeps, and the removal of what has expired from them.

use ihs_actors::room::membership::read_markers;
use ihs_store::{Collection, Filter, Index, StoreError, Write};

use crate::{Ctx, auth, plugins::PLUGINS, viewset::idempotency};

/// All of them; more than one part of a node may prepare the same one.
#[must_use]
pub fn all() -> Vec<Collection> {
    let mut all: Vec<Collection> =
        PLUGINS.iter().map(|plugin| plugin.resource().stored()).collect();
    all.extend([
        expiring(auth::SESSIONS, vec![Index::plain("user", &["user"])]),
        expiring(auth::TICKETS, vec![Index::plain("user", &["user"])]),
        expiring(idempotency::COLLECTION, Vec::new()),
        read_markers(),
    ]);
    all
}

/// Removes sessions, tickets and idempotency keys whose time is over; to be called now and then.
///
/// # Errors
/// Those of [`ihs_store::Store::commit`].
pub async fn sweep(ctx: &Ctx) -> Result<(), StoreError> {
    let now = ctx.clock.now();
    let over =
        |collection| Write::DeleteEvery { collection, filter: Filter::Lt("expires", now.into()) };
    let writes = [auth::SESSIONS, auth::TICKETS, idempotency::COLLECTION].map(over);
    ctx.store.commit(writes.to_vec()).await.map(drop)
}

fn expiring(name: &'static str, mut indexes: Vec<Index>) -> Collection {
    indexes.push(Index::plain("expires", &["expires"]));
    Collection { name, indexes, searched: Vec::new() }
}
