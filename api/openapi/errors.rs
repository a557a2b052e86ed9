//! What is answered instead of what was asked for: one component for each status, in both dialects.

use serde_json::{Map, Value, json};

use super::{answers::header, schema_ref};

/// What every operation may answer.
pub(super) const EVERYWHERE: [u16; 7] = [400, 404, 405, 406, 414, 429, 503];

/// What operations may answer that look at credentials.
pub(super) const WATCHED: [u16; 2] = [401, 403];

/// What operations may answer that take a body.
pub(super) const WITH_A_BODY: [u16; 3] = [408, 413, 415];

/// A status, its name here, what it means, the type of its problem, and what it says for example.
type Kind = (u16, &'static str, &'static str, &'static str, &'static str);

const KINDS: [Kind; 15] = [
    (
        400,
        "BadRequest",
        "The body or the parameters break rules; all faults at once.",
        "invalid",
        "Invalid input.",
    ),
    (
        401,
        "Unauthenticated",
        "No credentials, or bad ones.",
        "unauthenticated",
        "Authentication credentials were not provided.",
    ),
    (
        403,
        "Forbidden",
        "The caller may not do this.",
        "forbidden",
        "You do not have permission to perform this action.",
    ),
    (
        404,
        "NotFound",
        "Not there, or not the caller's to see.",
        "not-found",
        "No Patient matches the given query.",
    ),
    (
        405,
        "MethodNotAllowed",
        "The path knows no such method; `Allow` names those that it does.",
        "method-not-allowed",
        "Method \"PUT\" not allowed.",
    ),
    (
        406,
        "NotAcceptable",
        "Nothing that `Accept` names can be made.",
        "not-acceptable",
        "Could not satisfy the request Accept header.",
    ),
    (
        408,
        "TooSlow",
        "The body did not come in time.",
        "too-slow",
        "The request body did not arrive in time.",
    ),
    (
        409,
        "Conflict",
        "Lost a race, or the state forbids it; says what was in the way.",
        "conflict",
        "Others keep changing the same record, try again.",
    ),
    (
        412,
        "PreconditionFailed",
        "`If-Match` does not hold any more.",
        "precondition-failed",
        "The record has changed since it was read.",
    ),
    (
        413,
        "TooLarge",
        "The body is larger than the settings allow.",
        "too-large",
        "The request body is larger than 1048576 bytes.",
    ),
    (
        414,
        "QueryTooLarge",
        "The query string is larger than a request may have.",
        "query-too-large",
        "The query string is larger than 8192 bytes.",
    ),
    (
        415,
        "UnsupportedMediaType",
        "The body is of a type that is not understood.",
        "unsupported-media-type",
        "Unsupported media type \"text/plain\" in request.",
    ),
    (
        422,
        "KeyReused",
        "The `Idempotency-Key` was used before, with another request.",
        "key-reused",
        "The Idempotency-Key was used before, with another request.",
    ),
    (
        429,
        "Throttled",
        "Too much from one user or address.",
        "throttled",
        "Request was throttled. Expected available in 17 seconds.",
    ),
    (
        503,
        "Unavailable",
        "Something that is needed is away or overloaded for now.",
        "unavailable",
        "The service is temporarily unavailable, try again later.",
    ),
];

/// A status, and the component that says what it means.
pub(super) fn reference(status: u16) -> (String, Value) {
    let known = KINDS.iter().find(|kind| kind.0 == status);
    let name = known.map_or("BadRequest", |kind| kind.1);
    (status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }))
}

/// The components.
pub(super) fn responses() -> Map<String, Value> {
    KINDS.iter().map(|kind| (kind.1.to_owned(), response(kind))).collect()
}

/// The schemas of their bodies.
pub(super) fn schemas() -> Map<String, Value> {
    let schema = |name: &str, schema| (name.to_owned(), schema);
    Map::from_iter([
        schema("Detail", detail()),
        schema("Faults", faults()),
        schema("Problem", problem()),
    ])
}

fn response(kind: &Kind) -> Value {
    let (status, _, meaning, slug, text) = *kind;
    let (schema, example) = match status {
        400 => (
            json!({ "anyOf": [schema_ref("Faults"), schema_ref("Detail")] }),
            json!({ "orgname": ["This field is required."] }),
        ),
        _ => (schema_ref("Detail"), json!({ "detail": text })),
    };
    let mut problem = json!({
        "type": format!("urn:ihs:problem:{slug}"),
        "title": title(status),
        "status": status,
        "detail": text,
    });
    if status == 400 {
        problem["errors"] = example.clone();
    }
    json!({
        "description": meaning,
        "headers": headers(status),
        "content": {
            "application/json": { "schema": schema, "example": example },
            "application/problem+json": { "schema": schema_ref("Problem"), "example": problem },
        },
    })
}

fn title(status: u16) -> &'static str {
    let status = actix_web::http::StatusCode::from_u16(status);
    status.ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

fn headers(status: u16) -> Value {
    let mut headers = Map::from_iter([header::allow()]);
    match status {
        401 => headers.extend([header::www_authenticate()]),
        429 | 503 => headers.extend([header::retry_after()]),
        _ => {}
    }
    Value::Object(headers)
}

fn detail() -> Value {
    json!({
        "type": "object",
        "description": "One message.",
        "required": ["detail"],
        "properties": { "detail": { "type": "string" } },
        "additionalProperties": false,
    })
}

fn faults() -> Value {
    json!({
        "type": "object",
        "description": "Messages by field; `non_field_errors` are about the whole. Of a list of \
                        objects, each has an object of its own.",
        "additionalProperties": {
            "anyOf": [
                { "type": "array", "items": {
                    "anyOf": [
                        { "type": "string" },
                        { "type": "array", "items": { "type": "string" } },
                        schema_ref("Faults"),
                    ],
                } },
                schema_ref("Faults"),
            ],
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457: for who accepts `application/problem+json`.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "pattern": "^urn:ihs:problem:[a-z-]+$" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string" },
            "errors": schema_ref("Faults"),
        },
        "additionalProperties": false,
    })
}
