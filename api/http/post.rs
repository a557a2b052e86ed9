//! Endpoints that take a body with a few fields, and are no resource.

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::{Call, Endpoint, Reply, body::PARSES, edge::Door};
use crate::{
    error::ApiError,
    fields::{Field, clean::Stage, metadata},
    viewset::options::metadata_of,
};

/// An endpoint for POST.
pub(crate) struct Post {
    /// What OPTIONS calls it.
    pub(crate) name: &'static str,
    /// Who may come in.
    pub(crate) door: Door,
    /// Whether it gives secrets, which nobody has when the client is gone: then it is not gone on
    /// with, so that no refresh token is spent for nothing.
    pub(crate) gives_secrets: bool,
    /// What its body has.
    pub(crate) fields: &'static [Field],
    /// What it does.
    pub(crate) run: for<'call> fn(&'call Call) -> LocalBoxFuture<'call, Result<Reply, ApiError>>,
}

impl Endpoint for Post {
    fn allow(&self) -> String {
        "POST, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        self.door
    }

    fn goes_on_alone(&self) -> bool {
        !self.gives_secrets
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        match call.method() {
            Method::POST => (self.run)(call),
            _ => Box::pin(async { Ok(self.describe()) }),
        }
    }
}

impl Post {
    fn describe(&self) -> Reply {
        let fields = metadata::describe(self.fields, Stage::Create);
        let actions = serde_json::Map::from_iter([("POST".to_owned(), Value::Object(fields))]);
        Reply::ok(&metadata_of(self.name, "", &PARSES, actions))
    }
}
