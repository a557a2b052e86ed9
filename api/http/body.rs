//! The body of a request: bounded, and of a type that is understood.

use std::time::Duration;

use actix_web::{
    http::header::{self, AsHeaderName, HeaderMap},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{json, multipart};
use crate::{error::ApiError, fields::input::Input};

/// Types that are understood, as OPTIONS names them.
pub(crate) const PARSES: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

/// Longest wait for the next part of a body.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest wait for a whole body.
const PATIENCE_IN_ALL: Duration = Duration::from_mins(2);

/// Reads a whole body and understands it.
pub(crate) async fn read(
    payload: web::Payload,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Input, ApiError> {
    let content_type = text_of(headers, header::CONTENT_TYPE).unwrap_or_default();
    let collected = timeout(PATIENCE_IN_ALL, collect(payload, headers, limit)).await;
    let bytes = collected.map_err(|_| ApiError::BodyTooSlow)??;
    parse(content_type, &bytes)
}

async fn collect(
    mut payload: web::Payload,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let declared = text_of(headers, header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
    if declared.is_some_and(|length: u64| length > limit as u64) {
        return Err(ApiError::BodyTooLarge(limit));
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next(&mut payload).await? {
        if bytes.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// The next part of a body, which must not be long in coming: whoever sends nothing would otherwise
/// hold a connection for ever.
async fn next(payload: &mut web::Payload) -> Result<Option<Bytes>, ApiError> {
    let chunk = timeout(PATIENCE, payload.next()).await.map_err(|_| ApiError::BodyTooSlow)?;
    let broken = |_| ApiError::Malformed("The request body cannot be read.".to_owned());
    chunk.transpose().map_err(broken)
}

/// What a body of this type says. An empty one says nothing, of whatever type it is.
fn parse(content_type: &str, bytes: &[u8]) -> Result<Input, ApiError> {
    if bytes.is_empty() {
        return Ok(Input::Json(serde_json::Map::new()));
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Input::json(json::parse(bytes)?)?),
        "application/x-www-form-urlencoded" => form(bytes),
        "multipart/form-data" => multipart::parse(content_type, bytes).map(Input::Form),
        _ => Err(ApiError::UnsupportedMediaType(content_type.to_owned())),
    }
}

fn form(bytes: &[u8]) -> Result<Input, ApiError> {
    let pairs = serde_urlencoded::from_bytes(bytes);
    pairs.map(Input::Form).map_err(|error| ApiError::Malformed(error.to_string()))
}

/// The text of a header, when it is there and is one.
pub(crate) fn text_of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_are_told_apart_whatever_their_case_and_parameters() {
        assert!(matches!(parse("Application/JSON; charset=utf-8", b"{}"), Ok(Input::Json(_))));
        let form = parse("application/x-www-form-urlencoded", b"a=1&a=2%20x");
        let Ok(Input::Form(pairs)) = form else { panic!("{form:?}") };
        assert_eq!(pairs[1], ("a".to_owned(), "2 x".to_owned()));
        let text = parse("text/plain", b"x").err().map(|error| error.to_string());
        assert_eq!(text.as_deref(), Some("Unsupported media type \"text/plain\" in request."));
        assert!(parse("text/plain", b"").is_ok());
    }

    #[test]
    fn what_is_not_json_says_so() {
        for bytes in [&b"{"[..], b"nope", b"{\"a\": \"\xff\"}", b"{} x", b" "] {
            let error = parse("application/json", bytes).err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.starts_with("JSON parse error - ")));
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for media_type in PARSES {
                let _ = parse(media_type, &bytes);
            }
        }
    }
}
