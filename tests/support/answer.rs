//! What came back for a request.

use std::ops::Index;

use reqwest::{Response, header::HeaderMap};
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
    json: Value,
}

impl Answer {
    /// Reads an answer.
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self {
            status,
            headers,
            text,
            json,
        }
    }

    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// The body as it came.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The body; null when it is not JSON.
    pub(crate) fn json(&self) -> Value {
        self.json.clone()
    }

    /// A header's text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The answer, which has this status.
    #[track_caller]
    pub(crate) fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// It is a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.with_status(200)
    }

    /// It is a 201.
    #[track_caller]
    pub(crate) fn created(self) -> Self {
        self.with_status(201)
    }

    /// It is a 204 without a body.
    #[track_caller]
    pub(crate) fn no_content(self) {
        assert_eq!(self.with_status(204).text, "");
    }

    /// It is a 400.
    #[track_caller]
    pub(crate) fn bad_request(self) -> Self {
        self.with_status(400)
    }

    /// It is a 401.
    #[track_caller]
    pub(crate) fn unauthorized(self) -> Self {
        self.with_status(401)
    }

    /// It is a 403.
    #[track_caller]
    pub(crate) fn forbidden(self) -> Self {
        self.with_status(403)
    }

    /// It is a 404.
    #[track_caller]
    pub(crate) fn not_found(self) -> Self {
        self.with_status(404)
    }
}

/// A field of the body; null when there is none.
impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.json[field]
    }
}
