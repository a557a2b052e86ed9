//! `POST /api/token/refresh/`: a refresh token for a new pair.

use ihs_store::{Document, document::text};

use super::{login, sessions};
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
    gives_secrets: true,
    fields: FIELDS,
    run: |call| Box::pin(refresh(call)),
};

async fn refresh(call: &Call) -> Result<Reply, ApiError> {
    let values = call.fields(FIELDS).await?;
    let grant = async |user: &Document, pair| login::grant(call, user, pair).await;
    let granted = sessions::refresh(&call.ctx, text(&values, "refresh"), grant).await?;
    let granted = granted.ok_or(ApiError::Unauthenticated("Token is invalid or expired"))?;
    Ok(Reply::ok(&granted))
}
