//! Leaving: `POST /api/rooms/{id}/leave/`, and what the deletion of a user does.

use ihs_store::{Document, Filter, Query, Sort, document::id_of};

use super::{Rooms, membership::alter, room::Room};
use crate::{
    Ctx,
    error::ApiError,
    fields::input::Input,
    http::{Call, Reply},
    viewset::{
        Declared as _, ViewSet,
        idempotency::Repeat,
        object::{Right, object},
        resource::Described,
    },
};

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described =
    Described { below: "{key}/leave/", parameters: &[], body: &[], status: "204", answer: None };

/// Rooms that are left at a time.
const BATCH: u64 = 100;

/// The room that the caller wants to leave. Whoever has left it sees it no more, and may all the same
/// ask once again with their key.
pub(super) async fn room(call: &Call) -> Result<Document, ApiError> {
    let seen = object(call, Rooms::RESOURCE, Right::Read).await;
    if let Err(ApiError::NotFound(_)) = &seen
        && Repeat::answer(&call.ctx, repeat(call)?.as_ref()).await?.is_some()
    {
        return call.ctx.store.get(Rooms::NAME, call.key()).await?.map_or(seen, Ok);
    }
    seen
}

/// Ends the caller's own membership.
pub(super) async fn leave(call: &Call, document: Document) -> Result<Reply, ApiError> {
    let repeat = repeat(call)?;
    if let Some(first) = Repeat::answer(&call.ctx, repeat.as_ref()).await? {
        return Ok(first);
    }
    let name = &call.principal()?.username;
    if !Filter::Has("members", name.clone().into()).matches(&document) {
        return Err(ApiError::Forbidden);
    }
    let reply = Reply::no_content();
    let now = call.ctx.clock.now();
    let known = || repeat.iter().flat_map(|one| one.writes(now, &reply, Document::new())).collect();
    match alter(&call.ctx, id_of(&document)?, name, |room| leaving(room, name), known).await {
        Ok(_) => Ok(reply),
        // The same request may have been here meanwhile, or another one with its key.
        Err(error) => match Repeat::answer(&call.ctx, repeat.as_ref()).await {
            Ok(Some(first)) => Ok(first),
            Err(reused @ ApiError::KeyReused) => Err(reused),
            _ => Err(error),
        },
    }
}

/// The key that came with the request, if any.
fn repeat(call: &Call) -> Result<Option<Repeat>, ApiError> {
    let request = format!("{}/{}/leave", Rooms::NAME, call.key());
    Repeat::of_request(call, &request, &[], &Input::Json(Document::new()))
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
            let left = alter(ctx, id_of(room)?, name, |room| leaving(room, name), Vec::new).await;
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
