//! Answers.

use std::{convert::Infallible, fmt};

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream::LocalBoxStream};
use serde_json::Value;

use super::{etag, events::EVENT_STREAM};

/// Events as they happen.
pub(crate) struct Events(LocalBoxStream<'static, Result<Bytes, Infallible>>);

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}

/// What an endpoint answers.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body, unless there is none.
    pub(crate) body: Option<String>,
    /// The type of the body, unless it is JSON.
    pub(crate) media_type: Option<&'static str>,
    /// What a page may load and do.
    pub(crate) rules: Option<String>,
    /// Events as they happen, in the place of a body.
    pub(crate) events: Option<Events>,
    /// Where a new record is.
    pub(crate) location: Option<String>,
    /// The tag of the one record in the body.
    pub(crate) etag: Option<String>,
}

impl Reply {
    /// 200 with a body.
    pub(crate) fn ok(body: &Value) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// A status with a body.
    pub(crate) fn with(status: StatusCode, body: &Value) -> Self {
        Self { status, body: Some(body.to_string()), ..Self::default() }
    }

    /// 200 with Server-Sent Events as they happen.
    pub(crate) fn events(events: impl Stream<Item = Result<Bytes, Infallible>> + 'static) -> Self {
        Self { events: Some(Events(events.boxed_local())), ..Self::default() }
    }

    /// 200 with a page, and what that may load and do.
    pub(crate) fn page(page: String, rules: String) -> Self {
        Self {
            body: Some(page),
            media_type: Some("text/html; charset=utf-8"),
            rules: Some(rules),
            ..Self::default()
        }
    }

    /// 200 with one record in the body.
    pub(crate) fn record(version: i64, shown: &Value) -> Self {
        let body = shown.to_string();
        let etag = Some(etag::tag(version, body.as_bytes()));
        Self { body: Some(body), etag, ..Self::default() }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::default() }
    }

    /// With 201 and the address of the new record.
    pub(crate) fn created_at(mut self, location: String) -> Self {
        self.status = StatusCode::CREATED;
        self.location = Some(location);
        self
    }

    /// 304 instead, when the client has this already.
    pub(crate) fn unless_known(self, if_none_match: Option<&str>) -> Self {
        match &self.etag {
            Some(tag) if etag::names(if_none_match, tag) => {
                Self { status: StatusCode::NOT_MODIFIED, body: None, ..self }
            }
            _ => self,
        }
    }

    /// For actix.
    pub(crate) fn into_response(self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(Events(events)) = self.events {
            // Proxies would otherwise collect, compress or keep what must pass at once.
            return response
                .content_type(EVENT_STREAM)
                .insert_header((header::CACHE_CONTROL, "no-cache, no-transform"))
                .insert_header(("x-accel-buffering", "no"))
                .streaming(events);
        }
        if let Some(rules) = self.rules {
            response
                .insert_header((header::CONTENT_SECURITY_POLICY, rules))
                .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .insert_header((header::REFERRER_POLICY, "no-referrer"));
        }
        let media_type = self.media_type.unwrap_or("application/json");
        match self.body {
            Some(body) => response.content_type(media_type).body(body),
            None => response.finish(),
        }
    }
}
