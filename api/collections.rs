//! Every collection that this crate keeps, and the removal of what has expired from them.

use ihs_actors::{
    online,
    peers::{NODES, nodes},
    receipts,
    room::due,
    room::membership::read_markers,
};
use ihs_store::{Collection, Filter, Index, Query, Sort, StoreError, Write};
use serde_json::Value;

use crate::{
    Ctx, audit, auth,
    plugins::{PLUGINS, appointments::calendar, users},
    viewset::idempotency,
};

/// All of them; more than one part of a node may prepare the same one.
#[must_use]
pub fn all() -> Vec<Collection> {
    let mut all: Vec<Collection> = PLUGINS.iter().filter_map(|plugin| plugin.stored()).collect();
    all.extend([
        expiring(auth::SESSIONS, vec![Index::plain("user", &["user"])]),
        expiring(auth::TICKETS, vec![Index::plain("user", &["user"])]),
        expiring(idempotency::COLLECTION, Vec::new()),
        calendar::collection(),
        read_markers(),
        receipts::collection(),
        due::collection(),
        nodes(),
    ]);
    all.extend(online::collections());
    all.extend(audit::collections());
    all
}

/// What passes: credentials, keys of requests, and what nodes say of themselves. It means nothing in
/// another store.
const PASSING: [&str; 5] =
    [auth::SESSIONS, auth::TICKETS, idempotency::COLLECTION, online::CONNECTIONS, NODES];

/// The names of all others, each once: what is moved to another store, in this order. The audit log
/// comes behind what it tells of, in the order against that in which entries move: whoever copies
/// one collection after the other, while nodes write, has an entry for each change that they have.
#[must_use]
pub fn lasting() -> Vec<&'static str> {
    let log = [audit::OUTBOX, audit::HEADS, audit::ENTRIES];
    let mut names: Vec<&'static str> = Vec::new();
    for Collection { name, .. } in all() {
        if !PASSING.contains(&name) && !log.contains(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(log);
    names
}

/// So many are removed in one commit at most: between two rounds, others get to write.
const ROUND: u64 = 500;

/// Removes sessions, tickets and idempotency keys whose time is over, and deleted users from rooms
/// that they could not leave at once, and takes in what the audit log lacks; to be called now and
/// then.
///
/// # Errors
/// Those of [`ihs_store::Store::find`] and [`ihs_store::Store::commit`].
pub async fn sweep(ctx: &Ctx) -> Result<(), StoreError> {
    let redeemed = audit::redeem(ctx).await;
    let departed = users::finish_departures(ctx).await;
    remove_expired(ctx).await.and(departed).and(redeemed)
}

async fn remove_expired(ctx: &Ctx) -> Result<(), StoreError> {
    let over = Filter::Lt("expires", ctx.clock.now().into());
    for collection in [auth::SESSIONS, auth::TICKETS, idempotency::COLLECTION] {
        while remove_some(ctx, collection, &over).await? == ROUND {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// One round; gives how many there were to remove. What was prolonged meanwhile stays.
async fn remove_some(
    ctx: &Ctx,
    collection: &'static str,
    over: &Filter,
) -> Result<u64, StoreError> {
    let oldest = Query::new(collection, over.clone(), ROUND);
    let found = ctx.store.find(oldest.sorted(vec![Sort::ascending("expires")])).await?;
    let count = found.len() as u64;
    let ids: Vec<Value> = found.into_iter().filter_map(|mut one| one.remove("_id")).collect();
    if !ids.is_empty() {
        let filter = Filter::In("_id", ids).and(over.clone());
        ctx.store.commit(vec![Write::DeleteEvery { collection, filter }]).await?;
    }
    Ok(count)
}

fn expiring(name: &'static str, mut indexes: Vec<Index>) -> Collection {
    indexes.push(Index::plain("expires", &["expires"]));
    Collection { name, indexes, searched: Vec::new() }
}
