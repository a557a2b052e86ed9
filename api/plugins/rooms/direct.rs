//! The direct room with somebody, found or made: what `@name` leads to.

use ihs_store::{Document, RoomId, StoreError, Write, document::id_of};

use super::{
    membership::reunite,
    room::{Kind, Room},
};
use crate::{
    Ctx,
    auth::Principal,
    error::ApiError,
    viewset::{envelope::wrap, hooks, references},
};

/// The direct room of the caller and this user.
pub(crate) async fn direct_with(
    ctx: &Ctx,
    principal: &Principal,
    other: &str,
) -> Result<RoomId, ApiError> {
    let me = principal.username.as_str();
    if other == me || !references::users(ctx, &[other]).await?.contains(other) {
        return Err(ApiError::no_match("User"));
    }
    let mut room = Room { kind: Kind::Direct, members: vec![other.to_owned()], ..Room::default() };
    room.open(me, ctx.clock.now());
    let document = match reunite(ctx, me, &room).await? {
        Some(document) => document,
        None => make(ctx, me, &room).await?,
    };
    id_of(&document)?.parse().map_err(ApiError::internal)
}

async fn make(ctx: &Ctx, me: &str, room: &Room) -> Result<Document, ApiError> {
    let document = wrap(hooks::document(room)?, &ctx.ids.record(), me, ctx.clock.now());
    let insert = Write::Insert { collection: "rooms", document: document.clone() };
    match ctx.store.commit(vec![insert]).await {
        Ok(_) => Ok(document),
        // The other one was first.
        Err(StoreError::Taken { .. }) => {
            reunite(ctx, me, room).await?.ok_or_else(|| ApiError::no_match("Room"))
        }
        Err(error) => Err(error.into()),
    }
}
