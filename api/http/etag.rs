//! Entity tags: which version of a record, and a hash of how it was shown.

use ihs_store::Document;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::hex;

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

/// Which versions `If-Match` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// There was no such header, or it was `*`.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

impl Precondition {
    /// Reads `If-Match`. A tag that is none of ours allows nothing.
    pub(crate) fn parse(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            None | Some("*") => Self::Any,
            Some(list) => Self::Versions(list.split(',').filter_map(version_in).collect()),
        }
    }

    /// Whether it allows this version.
    pub(crate) fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
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
    use super::*;

    #[test]
    fn a_tag_tells_its_version_and_what_was_shown() {
        let first = tag(3, b"{}");
        assert_ne!(first, tag(3, b"{\"online\":true}"));
        assert!(Precondition::parse(Some(&first)).allows(3));
        assert!(!Precondition::parse(Some(&first)).allows(4));
        assert!(names(Some(&format!("\"x\", W/{first}")), &first));
        assert!(!names(Some("\"x\""), &first));
    }

    #[test]
    fn if_match_takes_a_star_and_refuses_what_is_not_ours() {
        assert!(Precondition::parse(None).allows(1));
        assert!(Precondition::parse(Some("*")).allows(1));
        for odd in ["", "x", "\"x\"", "\"-\"", "1-2"] {
            assert!(!Precondition::parse(Some(odd)).allows(1), "{odd}");
        }
    }
}
