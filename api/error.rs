//! What a request can end with instead of what it asked for, by meaning; [`crate::http::problem`]
//! puts it on the wire.

use actix_web::http::StatusCode;
use ihs_store::{InvalidDocument, StoreError};

use crate::faults::Faults;

/// The cause below an error that is not the client's.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Seconds after which a client may try again when the store was away.
const RETRY_SECONDS: u64 = 2;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The fields of the body, or the parameters of the query, break rules.
    #[error("Invalid input.")]
    Invalid(Faults),
    /// The body cannot be read at all.
    #[error("{0}")]
    Malformed(String),
    /// No credentials, or bad ones.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller may not do this.
    #[error("You do not have permission to perform this action.")]
    Forbidden,
    /// Not there, or not the caller's to see.
    #[error("{0}")]
    NotFound(String),
    /// The path knows no such method.
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(String),
    /// Nothing that the client accepts can be made.
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    /// Lost a race, or the state forbids it.
    #[error("{0}")]
    Conflict(String),
    /// `If-Match` does not hold.
    #[error("The record has changed since it was read.")]
    PreconditionFailed,
    /// The body is larger than the settings allow.
    #[error("The request body is larger than {0} bytes.")]
    BodyTooLarge(usize),
    /// The body does not come.
    #[error("The request body did not arrive in time.")]
    BodyTooSlow,
    /// The query string is larger than a request may have.
    #[error("The query string is larger than {0} bytes.")]
    QueryTooLarge(usize),
    /// The body is of a type that is not understood.
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    /// The idempotency key was used for something else.
    #[error("The Idempotency-Key was used before, with another request.")]
    KeyReused,
    /// Too much from one user; again in so many seconds.
    #[error("Request was throttled. Expected available in {0} {unit}.", unit = unit(*.0))]
    Throttled(u64),
    /// Something that is needed is away or overloaded for now.
    #[error("The service is temporarily unavailable, try again later.")]
    Unavailable(#[source] Cause),
    /// A fault of ours.
    #[error("A server error occurred.")]
    Internal(#[source] Cause),
}

impl ApiError {
    /// No object of this model that the caller may see.
    pub(crate) fn no_match(model: &str) -> Self {
        Self::NotFound(format!("No {model} matches the given query."))
    }

    /// Nothing is served at this path.
    pub(crate) fn no_path() -> Self {
        Self::NotFound("Not found.".to_owned())
    }

    /// No credentials were sent where some are needed.
    pub(crate) const fn no_credentials() -> Self {
        Self::Unauthenticated("Authentication credentials were not provided.")
    }

    /// A fault of ours, with its cause.
    pub(crate) fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The stable name of the kind of problem.
    pub(crate) fn slug(&self) -> &'static str {
        self.kind().1
    }

    /// Seconds after which the client may try again.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Unavailable(_) => Some(RETRY_SECONDS),
            Self::Throttled(seconds) => Some(*seconds),
            _ => None,
        }
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-acceptable"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "precondition-failed"),
            Self::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow"),
            Self::QueryTooLarge(_) => (StatusCode::URI_TOO_LONG, "query-too-large"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type")
            }
            Self::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "throttled"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "key-reused"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server-error"),
        }
    }
}

fn unit(seconds: u64) -> &'static str {
    if seconds == 1 { "second" } else { "seconds" }
}

impl From<Faults> for ApiError {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}

impl From<InvalidDocument> for ApiError {
    fn from(error: InvalidDocument) -> Self {
        Self::internal(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_retryable() {
            Self::Unavailable(Box::new(error))
        } else {
            Self::Internal(Box::new(error))
        }
    }
}
