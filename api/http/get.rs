//! Endpoints that answer GET below a record or a resource, and are no part of it.

use actix_web::http::{Method, header};
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

use super::{Call, Endpoint, Reply, accept, body::PARSES, edge::Door, events::EVENT_STREAM};
use crate::{error::ApiError, viewset::options::metadata_of};

/// What an endpoint answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renders {
    /// JSON.
    Json,
    /// Server-Sent Events.
    Events,
}

/// An endpoint for GET.
#[derive(Clone, Copy)]
pub(crate) struct Get {
    /// What OPTIONS calls it.
    pub(crate) name: &'static str,
    /// What it is, for OPTIONS.
    pub(crate) about: &'static str,
    /// What it answers with.
    pub(crate) renders: Renders,
    /// What it does.
    pub(crate) run: for<'call> fn(&'call Call) -> LocalBoxFuture<'call, Result<Reply, ApiError>>,
}

impl Endpoint for Get {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, method: &Method) -> Door {
        match (self.renders, method) {
            // A browser's EventSource cannot set headers.
            (Renders::Events, &Method::GET) => Door::Ticketed,
            _ => Door::Users,
        }
    }

    fn takes(&self, accepted: Option<&str>) -> bool {
        self.renders == Renders::Events && accept::takes(accepted, EVENT_STREAM)
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        if call.method() == Method::OPTIONS {
            return Box::pin(async { Ok(self.describe()) });
        }
        if self.renders == Renders::Events && !self.takes(call.header(header::ACCEPT)) {
            return Box::pin(async { Err(ApiError::NotAcceptable) });
        }
        (self.run)(call)
    }
}

impl Get {
    fn describe(&self) -> Reply {
        let mut said = metadata_of(self.name, self.about, &PARSES, Map::new());
        if let (Renders::Events, Value::Object(said)) = (self.renders, &mut said) {
            said.insert("renders".to_owned(), json!([EVENT_STREAM]));
        }
        Reply::ok(&said)
    }
}
