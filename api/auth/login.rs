//! `POST /api/token/`: a username and password for a pair of tokens.

use ihs_store::{Document, Filter, Query, document::text};
use serde_json::{Value, json};

use super::{
    Caller, identity, sessions,
    sessions::{Pair, is_active},
    throttle::{Visitor, Wait},
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
    gives_secrets: true,
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
    let account = normal_form(text(&values, "username"));
    let visitor = Visitor { account: &account, address: call.address() };
    admit(call, &visitor)?;
    let user = find(&call.ctx, &account).await?;
    let right = is_right(&call.ctx, text(&values, "password"), user.as_ref()).await?;
    let admitted = admit(call, &visitor);
    let now = call.ctx.clock.now();
    let is_known = user.is_some();
    let Some(user) = user.filter(|user| right && is_active(user)) else {
        let counted =
            admitted.and_then(|()| call.ctx.throttle.fail(&visitor, now).map_err(throttled));
        record_failure(call, Some(account).filter(|_| is_known)).await?;
        counted?;
        return Err(Faults::whole(WRONG).into());
    };
    admitted?;
    call.ctx.throttle.succeed(&visitor, now);
    let pair = sessions::begin(&call.ctx, &user).await?;
    let principal = identity::principal_of(&call.ctx, &user, pair.session(), 0);
    let entry = Entry::new(&call.ctx, Action::Login).by(&principal).from(call.address());
    call.ctx.audit.append(vec![entry]).await?;
    Ok(Reply::ok(&grant(call, &user, pair).await?))
}

/// A name that nobody has may be a password in the wrong field: it is not written down.
async fn record_failure(call: &Call, account: Option<String>) -> Result<(), ApiError> {
    let mut entry = Entry::new(&call.ctx, Action::LoginFailed).from(call.address());
    entry.user = account;
    call.ctx.audit.append(vec![entry]).await
}

fn admit(call: &Call, visitor: &Visitor<'_>) -> Result<(), ApiError> {
    call.ctx.throttle.admit(visitor, call.ctx.clock.now()).map_err(throttled)
}

const fn throttled(Wait(seconds): Wait) -> ApiError {
    ApiError::Throttled(seconds)
}

async fn is_right(ctx: &Ctx, password: &str, user: Option<&Document>) -> Result<bool, ApiError> {
    let hash = user.map(|user| text(user, "password_hash"));
    ctx.passwords.check(password, hash).await
}

/// The user of a name in its normal form.
async fn find(ctx: &Ctx, username: &str) -> Result<Option<Document>, ApiError> {
    let query = Query::new("users", Filter::eq("username", username), 1);
    Ok(ctx.store.find(query).await?.pop())
}
