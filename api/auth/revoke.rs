//! `POST /api/token/revoke/`: ends this session, or all of the user's.

use ihs_actors::{Username, fan_out::Logins};
use serde_json::Value;

use super::sessions;
use crate::{
    Ctx,
    audit::{self, entry::Action, trace},
    error::ApiError,
    fields::Field,
    http::{Call, Post, Reply, edge::Door},
};

/// Why several sessions ended at once.
const EVERYWHERE: &str = "on all devices";

const FIELDS: &[Field] = &[Field::boolean("all").null()];

/// The endpoint.
pub(crate) const ENDPOINT: Post = Post {
    name: "Token Revoke",
    door: Door::Users,
    gives_secrets: false,
    fields: FIELDS,
    run: |call| Box::pin(revoke(call)),
};

async fn revoke(call: &Call) -> Result<Reply, ApiError> {
    let principal = call.principal()?;
    let values = call.fields(FIELDS).await?;
    let entry = trace::done(call, Action::Logout);
    let (ended, logins, entry) = if values.get("all") == Some(&Value::Bool(true)) {
        (sessions::revoke_all(&principal.user_id), Logins::All, entry.because(EVERYWHERE))
    } else {
        let session = &principal.session;
        (sessions::revoke_one(session), Logins::Only(session.clone()), entry)
    };
    audit::commit(&call.ctx, vec![ended, audit::write(&entry)?]).await?;
    end_sockets(&call.ctx, &principal.username, &logins);
    Ok(Reply::no_content())
}

/// Ends the sockets of sessions that were just revoked.
pub(crate) fn end_sockets(ctx: &Ctx, username: &str, sessions: &Logins) {
    if let Ok(user) = Username::try_from(username) {
        ctx.hub.revoke(&user, sessions);
    }
}
