//! One request, as endpoints see it.

use std::{cell::Cell, net::IpAddr};

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{AsHeaderName, HeaderValue},
    },
    web,
};

use ihs_actors::FanOut;
use ihs_store::Document;
use serde::Deserialize;

use super::{address, body, etag::Precondition, links::Origin, params::Params};
use crate::{
    Ctx,
    auth::{Caller, Principal},
    error::ApiError,
    fields::{
        Field,
        clean::{Stage, clean},
        input::Input,
    },
};

/// The name of the header under which a client may repeat a POST.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A request: who sent it, for what, and how to reach everything else.
pub(crate) struct Call {
    /// What every request can reach.
    pub(crate) ctx: Ctx,
    /// Who sent it.
    pub(crate) caller: Caller,
    /// The query string.
    pub(crate) params: Params,
    /// How the client reached us.
    pub(crate) origin: Origin,
    key: String,
    request: HttpRequest,
    payload: Cell<Option<web::Payload>>,
}

impl Call {
    /// From the parts that the edge has checked.
    pub(crate) fn new(
        ctx: Ctx,
        caller: Caller,
        params: Params,
        request: HttpRequest,
        payload: web::Payload,
    ) -> Self {
        let origin = Origin::of(&request, &ctx.settings.server);
        let key = key_in(&request);
        Self { ctx, caller, params, origin, key, request, payload: Cell::new(Some(payload)) }
    }

    /// The method; HEAD counts as GET.
    pub(crate) fn method(&self) -> Method {
        match self.request.method() {
            &Method::HEAD => Method::GET,
            other => other.clone(),
        }
    }

    /// Whether only the headers of the answer are asked for.
    pub(crate) fn is_head(&self) -> bool {
        self.request.method() == Method::HEAD
    }

    /// What hands the sockets of this thread what they are told.
    pub(crate) fn fan_out(&self) -> Result<&FanOut, ApiError> {
        let fan_out = self.request.app_data::<FanOut>();
        fan_out.ok_or_else(|| ApiError::internal("this thread has no fan-out"))
    }

    /// The path as it was asked for.
    pub(crate) fn path(&self) -> &str {
        self.request.path()
    }

    /// The part of the path that names a record.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Another part of the path that stands for something.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The user who sent it.
    pub(crate) fn principal(&self) -> Result<&Principal, ApiError> {
        self.caller.principal().ok_or_else(ApiError::no_credentials)
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        body::text_of(self.request.headers(), name)
    }

    /// The text of a header on which it depends what is done: one that is there but cannot be read
    /// is not as if it were missing.
    pub(crate) fn readable_header(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let value = self.request.headers().get(name);
        let text = value.map(HeaderValue::to_str).transpose();
        text.map_err(|_| ApiError::Malformed(format!("The header {name} cannot be read.")))
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> IpAddr {
        address::of(&self.request, &self.ctx.settings.server)
    }

    /// What `If-Match` and `If-None-Match` allow.
    pub(crate) fn precondition(&self) -> Precondition {
        Precondition::of(self.request.headers())
    }

    /// The body; nothing the second time, since it can be read only once.
    pub(crate) async fn body(&self) -> Result<Input, ApiError> {
        let limit = self.ctx.settings.api.body_bytes;
        match self.payload.take() {
            Some(payload) => body::read(payload, self.request.headers(), limit).await,
            None => Err(ApiError::internal("the body was read twice")),
        }
    }

    /// The fields of the body, for endpoints that are no resource.
    pub(crate) async fn fields(&self, fields: &[Field]) -> Result<Document, ApiError> {
        values(fields, &self.body().await?)
    }
}

/// The values of these fields in a body.
pub(crate) fn values(fields: &[Field], body: &Input) -> Result<Document, ApiError> {
    let (values, faults) = clean(fields, body, Stage::Create);
    faults.into_result()?;
    Ok(values)
}

/// The parts of a path that stand for something.
#[derive(Deserialize)]
struct Named {
    key: String,
}

/// All escapes of it decoded, those of `%`, `/` and `+` too, which the router leaves as they are.
fn key_in(request: &HttpRequest) -> String {
    request.match_info().load().map(|named: Named| named.key).unwrap_or_default()
}
