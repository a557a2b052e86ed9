//! Entity tags: which version of a record, and a hash of how it was shown.

use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use ihs_store::Document;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of a stored record.
pub(crate) fn version_of(document: &Document) -> i64 {
    document.get("_version").and_then(Value::as_i64).unwrap_or_default()
}

/// The tag of a record: its version, and a hash, since what is derived changes without it.
pub(crate) fn tag(version: i64, shown: &[u8]) -> String {
    let hash = Sha256::digest(shown);
    let short = hex::encode(&hash[..8]);
    format!("\"{version}-{short}\"")
}

/// The versions that a header names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// `*`
    Every,
    /// These.
    Versions(Vec<i64>),
}

/// Which versions a request is for: those of `If-Match`, but for those of `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Precondition {
    only: Option<Named>,
    never: Option<Named>,
}

impl Precondition {
    /// Reads both headers, all lines of them. A tag that is none of ours names nothing, and neither
    /// does a line that cannot be read: what a client made conditional stays so.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            only: Named::in_header(headers, &IF_MATCH),
            never: Named::in_header(headers, &IF_NONE_MATCH),
        }
    }

    /// Whether it allows every version.
    pub(crate) fn is_any(&self) -> bool {
        self.only.as_ref().is_none_or(|only| *only == Named::Every) && self.never.is_none()
    }

    /// Whether `If-Match` allows this version.
    pub(crate) fn matches(&self, version: i64) -> bool {
        self.only.as_ref().is_none_or(|only| only.has(version))
    }

    /// Whether it allows to change this version.
    pub(crate) fn allows(&self, version: i64) -> bool {
        self.matches(version) && !self.never.as_ref().is_some_and(|never| never.has(version))
    }
}

impl Named {
    fn in_header(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut lines = headers.get_all(name).peekable();
        lines.peek()?;
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        if lines.iter().any(|line| line.trim() == "*") {
            return Some(Self::Every);
        }
        let tags = lines.iter().flat_map(|line| line.split(','));
        Some(Self::Versions(tags.filter_map(version_in).collect()))
    }

    fn has(&self, version: i64) -> bool {
        match self {
            Self::Every => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// Whether `If-None-Match` names this tag.
pub(crate) fn names(header: Option<&str>, tag: &str) -> bool {
    header.is_some_and(|list| {
        list.split(',').any(|one| {
            let one = one.trim();
            one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
        })
    })
}

/// A proxy that compresses makes tags weak; the version in them is as good.
fn version_in(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    inner.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn precondition(lines: &[&[u8]]) -> Precondition {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line).unwrap());
        }
        Precondition::of(&headers)
    }

    #[test]
    fn a_tag_tells_its_version_and_what_was_shown() {
        let first = tag(3, b"{}");
        assert_ne!(first, tag(3, b"{\"online\":true}"));
        assert!(precondition(&[first.as_bytes()]).allows(3));
        assert!(!precondition(&[first.as_bytes()]).allows(4));
        assert!(names(Some(&format!("\"x\", W/{first}")), &first));
        assert!(!names(Some("\"x\""), &first));
    }

    #[test]
    fn if_match_takes_a_star_and_refuses_what_is_not_ours() {
        assert!(precondition(&[]).allows(1));
        assert!(precondition(&[b" * "]).allows(1));
        for odd in [&b""[..], b"x", b"\"x\"", b"\"-\"", b"1-2", b"\xff", b"\"1-\xff\""] {
            assert!(!precondition(&[odd]).allows(1), "{odd:?}");
        }
    }

    #[test]
    fn what_if_none_match_names_is_not_changed() {
        let unless = |tag: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(IF_NONE_MATCH, HeaderValue::from_static(tag));
            Precondition::of(&headers)
        };
        assert!(!unless("*").allows(1) && unless("*").matches(1));
        let first = unless("W/\"1-a\"");
        assert!(!first.allows(1) && first.allows(2) && !first.is_any());
        assert!(precondition(&[b"*"]).is_any());
    }

    #[test]
    fn every_line_of_if_match_counts() {
        let both = precondition(&[b"\"1-a\"", b"\"2-b\", \xff", b"\"3-c\""]);
        assert!(both.allows(1) && both.allows(3) && !both.allows(2));
    }
}
