//! `GET /api/docs/`: a page that shows the document, and tries what it says. It has everything in
//! it but the document itself: no other server is asked.

use actix_web::http::{Method, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::LocalBoxFuture;
use serde_json::Map;
use sha2::{Digest, Sha256};

use crate::{
    error::ApiError,
    http::{Call, Endpoint, Reply, accept, edge::Door},
    viewset::options::metadata_of,
};

const PAGE: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");
const STYLE: &str = include_str!("docs.css");

/// The type of the page.
const HTML: &str = "text/html";

/// The endpoint, with the page and what it may do.
pub(crate) struct Docs {
    page: String,
    rules: String,
}

impl Docs {
    /// The page with its script and its style in it.
    pub(crate) fn new() -> Self {
        Self {
            page: PAGE.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT),
            rules: format!(
                "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                hash(SCRIPT),
                hash(STYLE)
            ),
        }
    }
}

impl Endpoint for Docs {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Open
    }

    fn takes(&self, accepted: Option<&str>) -> bool {
        accept::takes(accepted, HTML)
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        let reply = match call.method() {
            Method::OPTIONS => {
                Ok(Reply::ok(&metadata_of("Docs", "The OpenAPI page.", &[], Map::new())))
            }
            _ if !self.takes(call.header(header::ACCEPT)) => Err(ApiError::NotAcceptable),
            _ => Ok(Reply::page(self.page.clone(), self.rules.clone())),
        };
        Box::pin(async move { reply })
    }
}

/// What allows a script or style in the page, and no other.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}
