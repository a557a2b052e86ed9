//! The query string.

use crate::error::ApiError;

/// Longest query string that is read.
const QUERY_BYTES: usize = 8_192;

/// The parameters of a query string, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query string; bytes that are not UTF-8 become replacement characters.
    pub(crate) fn parse(query: &str) -> Result<Self, ApiError> {
        if query.len() > QUERY_BYTES {
            return Err(ApiError::QueryTooLarge(QUERY_BYTES));
        }
        let pairs = serde_urlencoded::from_str(query);
        pairs.map(Self).map_err(|error| ApiError::Malformed(error.to_string()))
    }

    /// The value of a parameter; the last one where it comes several times.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The same, but nothing when it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The names, each once.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(key, _)| key.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// With another value, or without the parameter; by name, as DRF writes its links.
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> Self {
        let others = self.0.iter().filter(|(key, _)| key != name).cloned();
        let own = value.map(|value| (name.to_owned(), value.to_owned()));
        let mut pairs: Vec<(String, String)> = others.chain(own).collect();
        pairs.sort_by(|left, right| left.0.cmp(&right.0));
        Self(pairs)
    }

    /// As a query string with its question mark; empty when there are none.
    pub(crate) fn to_query(&self) -> String {
        match serde_urlencoded::to_string(&self.0) {
            Ok(text) if !text.is_empty() => format!("?{text}"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_of_several_counts() {
        let params = Params::parse("a=1&b=2&a=3&c=").unwrap();
        assert_eq!(params.get("a"), Some("3"));
        assert_eq!(params.filled("c"), None);
        assert_eq!(params.names(), ["a", "b", "c"]);
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let params = Params::parse("search=a+b&page=2&ordering=-name").unwrap();
        assert_eq!(params.with("page", Some("3")).to_query(), "?ordering=-name&page=3&search=a+b");
        assert_eq!(params.with("page", None).to_query(), "?ordering=-name&search=a+b");
    }

    #[test]
    fn a_query_string_is_bounded() {
        assert!(Params::parse(&"a".repeat(QUERY_BYTES + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_query_string_is_too_odd(query in ".{0,200}") {
            let params = Params::parse(&query).unwrap();
            let again = Params::parse(params.to_query().trim_start_matches('?')).unwrap();
            prop_assert_eq!(params.names(), again.names());
        }

        #[test]
        fn broken_escapes_are_read_as_they_can_be(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let escapes: Vec<String> =
                bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
            let query = format!("a={}%", escapes.concat());
            prop_assert!(Params::parse(&query).is_ok());
        }
    }
}
