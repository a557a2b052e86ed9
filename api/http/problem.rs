//! Errors on the wire: DRF's bodies, or RFC 9457's.

use actix_web::{HttpResponse, HttpResponseBuilder, http::header};
use serde_json::{Map, Value, json};

use super::accept::Dialect;
use crate::error::ApiError;

/// What DRF calls a body that has nothing but a message.
const DETAIL: &str = "detail";

/// The answer to a request that ended with an error.
pub(crate) fn respond(error: ApiError, dialect: Dialect) -> HttpResponse {
    let status = error.status();
    let mut response = HttpResponseBuilder::new(status);
    if matches!(error, ApiError::Unauthenticated(_)) {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"api\""));
    }
    if let Some(seconds) = error.retry_after() {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    match dialect {
        Dialect::Drf => response.content_type("application/json").body(drf(error).to_string()),
        Dialect::Problem => {
            response.content_type("application/problem+json").body(problem(error).to_string())
        }
    }
}

fn drf(error: ApiError) -> Value {
    match error {
        ApiError::Invalid(faults) => Value::Object(faults.into_map()),
        other => json!({ DETAIL: other.to_string() }),
    }
}

fn problem(error: ApiError) -> Value {
    let status = error.status();
    let mut body = Map::new();
    body.insert("type".to_owned(), json!(format!("urn:ihs:problem:{}", error.slug())));
    body.insert("title".to_owned(), json!(status.canonical_reason().unwrap_or_default()));
    body.insert("status".to_owned(), json!(status.as_u16()));
    body.insert(DETAIL.to_owned(), json!(error.to_string()));
    if let ApiError::Invalid(faults) = error {
        body.insert("errors".to_owned(), Value::Object(faults.into_map()));
    }
    Value::Object(body)
}

/// Writes a fault of ours, or of what we stand on, to the log: the chain of causes, and nothing
/// that a client sent.
pub(crate) fn log(error: &ApiError, method: &str, route: &str) {
    if error.status().is_server_error() {
        let status = error.status().as_u16();
        tracing::error!(status, method, route, causes = %causes(error), "request failed");
    }
}

fn causes(error: &ApiError) -> String {
    let mut chain = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;

    #[test]
    fn a_cause_is_hidden_from_the_client_and_told_to_the_log() {
        let error = ApiError::internal("the disk is on fire");
        assert_eq!(causes(&error), "the disk is on fire");
        assert_eq!(drf(error), json!({"detail": "A server error occurred."}));
    }

    #[test]
    fn one_second_is_no_seconds() {
        let said = |seconds| ApiError::Throttled(seconds).to_string();
        assert_eq!(said(1), "Request was throttled. Expected available in 1 second.");
        assert_eq!(said(17), "Request was throttled. Expected available in 17 seconds.");
    }

    #[test]
    fn problem_documents_say_the_same_with_a_stable_type() {
        assert_eq!(
            problem(Faults::one("name", "This field is required.").into()),
            json!({
                "type": "urn:ihs:problem:invalid", "title": "Bad Request", "status": 400,
                "detail": "Invalid input.",
                "errors": {"name": ["This field is required."]},
            })
        );
    }
}
