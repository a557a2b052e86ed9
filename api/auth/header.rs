//! The `Authorization` header, as DRF reads it.

use crate::error::ApiError;

/// The token in the header; `None` when there is none of ours, other schemes included.
pub(crate) fn token_in(header: Option<&[u8]>) -> Result<Option<&str>, ApiError> {
    let Some(header) = header else {
        return Ok(None);
    };
    let mut words = header.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if !words.next().is_some_and(is_ours) {
        return Ok(None);
    }
    match (words.next(), words.next()) {
        (None, _) => refuse("Invalid token header. No credentials provided."),
        (Some(_), Some(_)) => {
            refuse("Invalid token header. Token string should not contain spaces.")
        }
        (Some(token), None) => match std::str::from_utf8(token) {
            Ok(token) => Ok(Some(token)),
            Err(_) => {
                refuse("Invalid token header. Token string should not contain invalid characters.")
            }
        },
    }
}

fn is_ours(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"bearer") || word.eq_ignore_ascii_case(b"token")
}

fn refuse<T>(message: &'static str) -> Result<T, ApiError> {
    Err(ApiError::Unauthenticated(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keywords_count_in_any_case() {
        for header in ["Bearer x", "token x", "TOKEN   x", "bEARER x "] {
            assert_eq!(token_in(Some(header.as_bytes())).unwrap(), Some("x"), "{header}");
        }
    }

    #[test]
    fn other_schemes_are_no_credentials() {
        for header in ["Basic YTpi", "", "x", "Bearerx y"] {
            assert_eq!(token_in(Some(header.as_bytes())).unwrap(), None, "{header}");
        }
        assert_eq!(token_in(None).unwrap(), None);
    }

    #[test]
    fn broken_headers_are_refused_in_the_words_of_drf() {
        let said = |header: &[u8]| token_in(Some(header)).unwrap_err().to_string();
        assert_eq!(said(b"Token"), "Invalid token header. No credentials provided.");
        assert_eq!(
            said(b"Bearer a b"),
            "Invalid token header. Token string should not contain spaces."
        );
        assert_eq!(
            said(b"Bearer \xff"),
            "Invalid token header. Token string should not contain invalid characters."
        );
    }
}
