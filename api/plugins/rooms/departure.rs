//! Leaving: `POST /api/rooms/{id}/leave/`, and what the deletion of a user does.

use ihs_store::{Document, Filter, Query, Sort, document::id_of};

use super::{membership::alter, room::Room};
use crate::{
    Ctx,
    error::ApiError,
    http::{Call, Reply},
    viewset::resource::Described,
};

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described =
    Described { below: "{key}/leave/", parameters: &[], body: &[], status: "204", answer: None };

/// Rooms that are left at a time.
const BATCH: u64 = 100;

/// Ends the caller's own membership.
pub(super) async fn leave(call: &Call, document: Document) -> Result<Reply, ApiError> {
    let name = &call.principal()?.username;
    if !Filter::Has("members", name.clone().into()).matches(&document) {
        return Err(ApiError::Forbidden);
    }
    alter(&call.ctx, id_of(&document)?, name, |room| leaving(room, name)).await?;
    Ok(Reply::no_content())
}

/// Ends all memberships of a user. A room that cannot be left now keeps them from no other: the
/// first error is given at the end, and all can be done again.
pub(crate) async fn leave_all(ctx: &Ctx, name: &str) -> Result<(), ApiError> {
    let theirs = Filter::Has("members", name.into());
    let mut query = Query::new("rooms", theirs, BATCH).sorted(vec![Sort::ascending("_id")]);
    let mut outcome = Ok(());
    loop {
        let rooms = ctx.store.find(query.clone()).await?;
        for room in &rooms {
            let left = alter(ctx, id_of(room)?, name, |room| leaving(room, name)).await;
            outcome = outcome.and(left.map(drop));
        }
        match rooms.last() {
            Some(last) => query.after = Some(query.position(last)),
            None => return outcome,
        }
    }
}

fn leaving(room: &Room, name: &str) -> Option<Room> {
    room.members.iter().any(|member| member == name).then(|| room.without(name))
}
