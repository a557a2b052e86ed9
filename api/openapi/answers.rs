//! What is answered when all is well.

use serde_json::{Map, Value, json};

/// Headers of answers, by name.
pub(super) mod header {
    use super::{Value, json};

    pub(crate) fn allow() -> (String, Value) {
        text("Allow", "The methods of the path.", "GET, POST, HEAD, OPTIONS")
    }

    pub(crate) fn etag() -> (String, Value) {
        text(
            "ETag",
            "Version and content of the record, for `If-Match` and `If-None-Match`.",
            "\"3-0123456789abcdef\"",
        )
    }

    pub(crate) fn location() -> (String, Value) {
        text(
            "Location",
            "Where the new record is.",
            "https://clinic.example/api/insurances/65f0c0ffee65f0c0ffee65f0/",
        )
    }

    pub(crate) fn retry_after() -> (String, Value) {
        let said = json!({
            "description": "Seconds after which it may be tried again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
            "example": 2,
        });
        ("Retry-After".to_owned(), said)
    }

    pub(crate) fn www_authenticate() -> (String, Value) {
        text("WWW-Authenticate", "The scheme that is asked for.", "Bearer realm=\"api\"")
    }

    fn text(name: &str, about: &str, example: &str) -> (String, Value) {
        let said = json!({
            "description": about,
            "required": true,
            "schema": { "type": "string" },
            "example": example,
        });
        (name.to_owned(), said)
    }
}

/// An answer with JSON in it.
pub(super) fn json(about: &str, schema: impl Into<Value>, example: &Value) -> Value {
    with_headers(about, schema, example, &Map::from_iter([header::allow()]))
}

/// An answer with one record in it.
pub(super) fn record(about: &str, schema: impl Into<Value>, example: &Value) -> Value {
    let headers = Map::from_iter([header::allow(), header::etag()]);
    with_headers(about, schema, example, &headers)
}

/// An answer with a new record in it.
pub(super) fn created(about: &str, schema: impl Into<Value>, example: &Value) -> Value {
    let headers = Map::from_iter([header::allow(), header::etag(), header::location()]);
    with_headers(about, schema, example, &headers)
}

/// An answer without a body.
pub(super) fn empty(about: &str) -> Value {
    json!({ "description": about, "headers": Map::from_iter([header::allow()]) })
}

/// What a client has already is not sent again.
pub(super) fn not_modified() -> Value {
    let headers = Map::from_iter([header::allow(), header::etag()]);
    json!({ "description": "`If-None-Match` names what is there.", "headers": headers })
}

/// An answer of another type.
pub(super) fn text(about: &str, media_type: &str, example: &str) -> Value {
    json!({
        "description": about,
        "headers": Map::from_iter([header::allow()]),
        "content": { media_type: { "schema": { "type": "string" }, "example": example } },
    })
}

fn with_headers(
    about: &str,
    schema: impl Into<Value>,
    example: &Value,
    headers: &Map<String, Value>,
) -> Value {
    let schema: Value = schema.into();
    json!({
        "description": about,
        "headers": headers,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}
