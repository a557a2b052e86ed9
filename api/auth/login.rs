//! `POST /api/token/`: a username and password for a pair of tokens.

use ihs_store::{Document, Filter, Query, document::text};
use serde_json::{Value, json};

use super::{
    Caller, identity, sessions,
    sessions::{Pair, is_active},
};
use crate::{
    Ctx,
    audit::entry::{Action, Entry},
    error::ApiError,
    faults::Faults,
    fields::{Field, kind::Format, text::normal_form},
    http::{Call, Post, Reply, edge::Door},
    plugins,
};

const FIELDS: &[Field] = &[
    Field::text("username").required(),
    Field::formatted("password", Format::Password).required(),
];

const WRONG: &str = "Unable to log in with provided credentials.";

/// The endpoint.
pub(crate) const ENDPOINT: Post = Post {
    name: "Obtain Auth Token",
    door: Door::Unwatched,
    fields: FIELDS,
    run: |call| Box::pin(log_in(call)),
};

/// The body of an answer that hands out tokens.
pub(crate) async fn grant(call: &Call, user: &Document, pair: Pair) -> Result<Value, ApiError> {
    let principal = identity::principal_of(&call.ctx, user, "", 0);
    let role = principal.role.name();
    let profile = plugins::profiles::find(&call.ctx, &principal).await?;
    let caller = Caller::User(principal);
    let shown = plugins::show(&call.ctx, &caller, "users", user.clone()).await?;
    let detail = match profile {
        Some((resource, document)) => {
            plugins::show_recorded(&call.ctx, &caller, resource, document).await?
        }
        None => Value::Null,
    };
    Ok(json!({
        "token": pair.token,
        "refresh": pair.refresh,
        "expires_in": call.ctx.settings.auth.access_seconds,
        "type": role,
        "user": shown,
        "detail": detail,
    }))
}

async fn log_in(call: &Call) -> Result<Reply, ApiError> {
    let values = call.fields(FIELDS).await?;
    let user = find(&call.ctx, text(&values, "username")).await?;
    let hash =
        user.as_ref().map(|user| text(user, "password_hash")).filter(|hash| !hash.is_empty());
    let right = call.ctx.passwords.check(text(&values, "password"), hash).await?;
    let name = user.as_ref().map(|user| text(user, "username").to_owned());
    match user.filter(|user| right && is_active(user)) {
        Some(user) => {
            let pair = sessions::begin(&call.ctx, &user).await?;
            let principal = identity::principal_of(&call.ctx, &user, pair.session(), 0);
            let entry = Entry::new(&call.ctx, Action::Login).by(&principal);
            call.ctx.audit.append(vec![entry.from(call.address())]).await?;
            Ok(Reply::ok(&grant(call, &user, pair).await?))
        }
        None => {
            let mut entry = Entry::new(&call.ctx, Action::LoginFailed).from(call.address());
            // A name that nobody has may be a password in the wrong field.
            entry.user = name;
            call.ctx.audit.append(vec![entry]).await?;
            Err(Faults::whole(WRONG).into())
        }
    }
}

async fn find(ctx: &Ctx, username: &str) -> Result<Option<Document>, ApiError> {
    let username = normal_form(username);
    let query = Query::new("users", Filter::eq("username", username), 1);
    Ok(ctx.store.find(query).await?.pop())
}
