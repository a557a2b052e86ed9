//! `/healthz` and `/readyz`: for whoever runs the node.

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;
use ihs_actors::Health;
use serde_json::json;

use crate::{
    error::ApiError,
    http::{Call, Endpoint, Reply, edge::Door},
};

/// The process lives.
pub(crate) struct Healthz;

/// The node can take requests: the store answers, and nobody is stopping the node. Without its bus
/// it is degraded, and takes them all the same.
pub(crate) struct Readyz;

impl Endpoint for Healthz {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Unwatched
    }

    fn answer<'call>(
        &'call self,
        _: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        Box::pin(async { Ok(Reply::ok(&json!({ "status": "ok" }))) })
    }
}

impl Endpoint for Readyz {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Open
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        Box::pin(async move {
            if call.ctx.is_draining() {
                return Err(ApiError::Unavailable("the node is being stopped".into()));
            }
            let answers = call.ctx.store.ping().await;
            answers.map_err(|error| ApiError::Unavailable(Box::new(error)))?;
            let (status, bus) = match call.ctx.hub.bus_health() {
                Health::Up => ("ok", "up"),
                Health::Alone => ("ok", "alone"),
                // Nodes go on through the log: slower, but nothing is lost.
                Health::Away => ("degraded", "away"),
            };
            Ok(Reply::ok(&json!({ "status": status, "bus": bus })))
        })
    }
}
