//! Leaving: `POST /api/rooms/{id}/leave/`, and what the deletion of a user does.

use ihs_store::{Document, Filter, Query};

use super::{membership::alter, room::Room};
use crate::{
    Ctx,
    error::ApiError,
    http::{Call, Reply},
    viewset::update::id_of,
};

/// Rooms that are left at a time.
const BATCH: u64 = 100;

/// Ends the caller's own membership.
pub(super) async fn leave(call: &Call, document: Document) -> Result<Reply, ApiError> {
    let name = &call.principal()?.username;
    if !Filter::Has("members", name.clone().into()).matches(&document) {
        return Err(ApiError::Forbidden);
    }
    alter(&call.ctx, &id_of(&document), name, |room| leaving(room, name)).await?;
    Ok(Reply::no_content())
}

/// Ends all memberships of a user.
pub(crate) async fn leave_all(ctx: &Ctx, name: &str) -> Result<(), ApiError> {
    loop {
        let theirs = Filter::Has("members", name.into());
        let rooms = ctx.store.find(Query::new("rooms", theirs, BATCH)).await?;
        if rooms.is_empty() {
            return Ok(());
        }
        for room in &rooms {
            alter(ctx, &id_of(room), name, |room| leaving(room, name)).await?;
        }
    }
}

fn leaving(room: &Room, name: &str) -> Option<Room> {
    room.members.iter().any(|member| member == name).then(|| room.without(name))
}
