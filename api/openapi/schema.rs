//! `GET /api/schema/`: the document.

use actix_web::http::{Method, header};
use futures_util::future::LocalBoxFuture;
use ihs_config::Settings;
use serde_json::Map;

use super::document;
use crate::{
    error::ApiError,
    http::{
        Call, Endpoint, Reply,
        accept::{self, OPENAPI},
        edge::Door,
    },
    viewset::options::metadata_of,
};

/// The endpoint, with the document, which is the same for everybody.
pub(crate) struct Schema(Reply);

impl Schema {
    /// Of a node with these settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self(Reply::record(1, &document(settings)))
    }
}

impl Endpoint for Schema {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Open
    }

    fn takes(&self, accepted: Option<&str>) -> bool {
        accept::takes(accepted, OPENAPI)
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        if call.method() == Method::OPTIONS {
            let said = metadata_of("Schema", "The OpenAPI document.", &[], Map::new());
            return Box::pin(async move { Ok(Reply::ok(&said)) });
        }
        let accepted = call.header(header::ACCEPT);
        let mut reply = Reply {
            status: self.0.status,
            body: self.0.body.clone(),
            etag: self.0.etag.clone(),
            ..Reply::default()
        };
        // Who takes both gets what browsers can show.
        if accept::negotiate(accepted).is_none() {
            reply.media_type = Some(OPENAPI);
        }
        Box::pin(async move { Ok(reply.unless_known(call.header(header::IF_NONE_MATCH))) })
    }
}
