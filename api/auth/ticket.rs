//! `POST /api/ws-ticket/`: a ticket that opens one socket.

use serde_json::json;

use super::tickets;
use crate::{
    error::ApiError,
    http::{Call, Post, Reply, edge::Door},
};

/// The endpoint.
pub(crate) const ENDPOINT: Post = Post {
    name: "Socket Ticket",
    door: Door::Users,
    gives_secrets: true,
    fields: &[],
    run: |call| Box::pin(issue(call)),
};

async fn issue(call: &Call) -> Result<Reply, ApiError> {
    let ticket = tickets::issue(&call.ctx, call.principal()?).await?;
    Ok(Reply::ok(&json!({ "ticket": ticket, "expires_in": tickets::TICKET_SECONDS })))
}
