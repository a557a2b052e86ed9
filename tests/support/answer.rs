//! What came back for a request.

use reqwest::{
    Response,
    header::{HeaderMap, HeaderName},
};
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Reads an answer.
    pub(crate) async fn read(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// The body; null when it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header's text; empty when it is missing.
    pub(crate) fn header(&self, name: impl Into<HeaderName>) -> &str {
        self.headers.get(name.into()).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn with_status(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        self.with_status(200)
    }

    /// The body of a 201.
    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        self.with_status(201)
    }

    /// It is a 204 without a body.
    #[track_caller]
    pub(crate) fn no_content(&self) {
        self.with_status(204);
        assert_eq!(self.text, "");
    }

    /// The body of a 400.
    #[track_caller]
    pub(crate) fn bad_request(&self) -> Value {
        self.with_status(400)
    }

    /// The body of a 403.
    #[track_caller]
    pub(crate) fn forbidden(&self) -> Value {
        self.with_status(403)
    }

    /// The body of a 404.
    #[track_caller]
    pub(crate) fn not_found(&self) -> Value {
        self.with_status(404)
    }
}
