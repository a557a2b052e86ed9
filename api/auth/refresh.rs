//! `POST /api/token/refresh/`: a refresh token for a new pair.

use ihs_store::document::text;

use super::{login, sessions, sessions::Refreshed};
use crate::{
    error::ApiError,
    fields::Field,
    http::{Call, Post, Reply, edge::Door},
};

const FIELDS: &[Field] = &[Field::text("refresh").required()];

/// The endpoint.
pub(crate) const ENDPOINT: Post = Post {
    name: "Token Refresh",
    door: Door::Unwatched,
    fields: FIELDS,
    run: |call| Box::pin(refresh(call)),
};

async fn refresh(call: &Call) -> Result<Reply, ApiError> {
    let values = call.fields(FIELDS).await?;
    match sessions::refresh(&call.ctx, text(&values, "refresh")).await? {
        Refreshed::Pair(pair, user) => Ok(Reply::ok(&login::grant(call, &user, pair).await?)),
        Refreshed::Refused => Err(ApiError::Unauthenticated("Token is invalid or expired")),
    }
}
