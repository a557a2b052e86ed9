//! From credentials to who is asking: the user's record and session are read each time, so that
//! deactivation and revocation count at once, on every node.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use ihs_store::{Document, StoreError, document::text};
use serde_json::Value;

use super::{
    Caller, Principal, header, sessions,
    sessions::{is_active, is_of},
    tickets,
};
use crate::{Ctx, error::ApiError, plugins::patients::glass};

/// Why credentials do not count.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A token that is not ours, has ended, or was revoked; a ticket that was used.
    #[error("Invalid token.")]
    Invalid,
    /// The user was deactivated or deleted.
    #[error("User inactive or deleted.")]
    Inactive,
    /// The store does not say.
    #[error("the store cannot be asked")]
    Store(#[from] StoreError),
}

/// Who an access token stands for.
///
/// # Errors
/// [`AuthError`] when it does not count.
pub async fn authenticate(ctx: &Ctx, token: &str) -> Result<Principal, AuthError> {
    let claims = ctx.tokens.verify(token, ctx.clock.now()).ok_or(AuthError::Invalid)?;
    admit(ctx, &claims.uid, &claims.sid, claims.exp).await
}

/// Who a ticket stands for; it is used up, whatever comes of it.
///
/// # Errors
/// [`AuthError`] when it does not count.
pub async fn redeem_ticket(ctx: &Ctx, ticket: &str) -> Result<Principal, AuthError> {
    let ticket = tickets::consume(ctx, ticket).await?.ok_or(AuthError::Invalid)?;
    let expires = ticket.get("token_expires").and_then(Value::as_i64).unwrap_or_default();
    admit(ctx, text(&ticket, "user"), text(&ticket, "session"), expires).await
}

/// Who sent a request with these headers.
pub(crate) async fn identify(ctx: &Ctx, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let header = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let Some(token) = header::token_in(header)? else {
        return Ok(Caller::Anonymous);
    };
    match authenticate(ctx, token).await {
        Ok(principal) => Ok(Caller::User(principal)),
        Err(error) => Err(error.into()),
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid => Self::Unauthenticated("Invalid token."),
            AuthError::Inactive => Self::Unauthenticated("User inactive or deleted."),
            AuthError::Store(error) => error.into(),
        }
    }
}

/// Who a user is, as far as their rights go.
pub(crate) fn principal_of(ctx: &Ctx, user: &Document, session: &str, expires: i64) -> Principal {
    let mut principal = Principal::of(user, session, expires);
    principal.verified |= !ctx.settings.auth.verify_providers;
    principal.glass = glass::open(user, ctx.clock.now());
    principal
}

async fn admit(ctx: &Ctx, user: &str, sid: &str, expires: i64) -> Result<Principal, AuthError> {
    let (user_record, session) = sessions::with_user(ctx, sid, user).await?;
    let user_record = user_record.filter(is_active).ok_or(AuthError::Inactive)?;
    session.filter(|session| is_of(session, &user_record)).ok_or(AuthError::Invalid)?;
    Ok(principal_of(ctx, &user_record, sid, expires))
}
