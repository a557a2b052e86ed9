//! `POST /api/token/revoke/`: ends this session, or all of the user's.

use ihs_actors::{Username, fan_out::Logins};
use serde_json::Value;

use super::sessions;
use crate::{
    Ctx,
    error::ApiError,
    fields::Field,
    http::{Call, Post, Reply, edge::Door},
};

const FIELDS: &[Field] = &[Field::boolean("all").null()];

/// The endpoint.
pub(crate) const ENDPOINT: Post = Post {
    name: "Token Revoke",
    door: Door::Users,
    fields: FIELDS,
    run: |call| Box::pin(revoke(call)),
};

async fn revoke(call: &Call) -> Result<Reply, ApiError> {
    let principal = call.principal()?;
    let values = call.fields(FIELDS).await?;
    if values.get("all") == Some(&Value::Bool(true)) {
        call.ctx.store.commit(vec![sessions::revoke_all(&principal.user_id)]).await?;
        end_sockets(&call.ctx, &principal.username, &Logins::All);
    } else {
        sessions::revoke_one(&call.ctx, &principal.session).await?;
        end_sockets(&call.ctx, &principal.username, &Logins::Only(principal.session.clone()));
    }
    Ok(Reply::no_content())
}

/// Ends the sockets of sessions that were just revoked.
pub(crate) fn end_sockets(ctx: &Ctx, username: &str, sessions: &Logins) {
    if let Ok(user) = Username::try_from(username) {
        ctx.hub.revoke(&user, sessions);
    }
}
