//! Tickets: what a browser puts into the address of a socket instead of a token. Each opens one.

use ihs_store::{Document, Filter, StoreError, Write, Written};
use serde_json::Value;

use super::{Principal, secrets};
use crate::Ctx;

/// The collection.
pub(crate) const TICKETS: &str = "tickets";

/// How long a ticket counts, in seconds.
pub(crate) const TICKET_SECONDS: i64 = 30;

/// A new ticket for whoever is asking.
pub(crate) async fn issue(ctx: &Ctx, principal: &Principal) -> Result<String, StoreError> {
    let ticket = secrets::random();
    let end = ctx.clock.now().plus_millis(TICKET_SECONDS * 1_000);
    let document = Document::from_iter([
        ("_id".to_owned(), Value::String(secrets::digest(ticket.as_bytes()))),
        ("user".to_owned(), principal.user_id.clone().into()),
        ("session".to_owned(), principal.session.clone().into()),
        ("token_expires".to_owned(), principal.expires.into()),
        ("expires".to_owned(), end.into()),
    ]);
    ctx.store.commit(vec![Write::Insert { collection: TICKETS, document }]).await?;
    Ok(ticket)
}

/// Uses a ticket up; `None` when it does not count, or not any more.
pub(crate) async fn consume(ctx: &Ctx, ticket: &str) -> Result<Option<Document>, StoreError> {
    let now = ctx.clock.now();
    let live =
        Filter::id(secrets::digest(ticket.as_bytes())).and(Filter::Gt("expires", now.into()));
    let write = Write::Delete { collection: TICKETS, filter: live };
    match ctx.store.commit(vec![write]).await {
        Ok(done) => Ok(done.into_iter().find_map(|written| match written {
            Written::Deleted(document) => Some(document),
            _ => None,
        })),
        Err(StoreError::Unmatched { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
