//! What FTS5 is asked for. Its index is of trigrams, so that a phrase of them is a part of a text.

use super::schema::search_column;
use crate::{filter::Filter, fold::fold};

/// Longer needles are looked up by their beginning, and then compared.
const LOOKED_UP_CHARS: usize = 32;

/// Shorter needles have no trigram.
const TRIGRAM: usize = 3;

/// An expression of FTS5's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    /// Its text.
    pub(super) text: String,
    /// Whether what it finds is all that is meant, and not more.
    pub(super) is_exact: bool,
}

/// Whether a filter looks for texts.
pub(super) fn searches(filter: &Filter) -> bool {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().any(searches),
        Filter::Contains(..) => true,
        _ => false,
    }
}

/// A filter that does nothing but look for needles long enough, as one expression.
pub(super) fn expression(filter: &Filter, searched: &[&str]) -> Option<Expression> {
    match filter {
        Filter::All(filters) => joined(filters, " AND ", searched),
        Filter::Any(filters) => joined(filters, " OR ", searched),
        Filter::Contains(field, needle) if searched.contains(field) => phrase(field, &fold(needle)),
        _ => None,
    }
}

fn joined(filters: &[Filter], word: &str, searched: &[&str]) -> Option<Expression> {
    let parts: Option<Vec<Expression>> =
        filters.iter().map(|filter| expression(filter, searched)).collect();
    let parts = parts.filter(|parts| !parts.is_empty())?;
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    Some(Expression {
        text: format!("({})", texts.join(word)),
        is_exact: parts.iter().all(|part| part.is_exact),
    })
}

/// A folded needle as a phrase in the column of a field. Within quotes only the quote has a
/// meaning.
pub(super) fn phrase(field: &str, needle: &str) -> Option<Expression> {
    let chars = needle.chars().count();
    if chars < TRIGRAM || needle.contains('\0') {
        return None;
    }
    let start: String = needle.chars().take(LOOKED_UP_CHARS).collect();
    Some(Expression {
        text: format!("{} : \"{}\"", search_column(field), start.replace('"', "\"\"")),
        is_exact: chars <= LOOKED_UP_CHARS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(needle: &str) -> Filter {
        Filter::Contains("t", needle.to_owned())
    }

    #[test]
    fn quotes_in_needles_are_doubled() {
        let expression = phrase("t", "a\"b").unwrap();
        assert_eq!(expression.text, "\"f_t\" : \"a\"\"b\"");
    }

    #[test]
    fn needles_are_joined_only_when_all_are_long_enough() {
        let either = Filter::Any(vec![contains("abc"), contains("Def")]);
        let both = either.clone().and(contains(&"x".repeat(99)));
        let expression = expression(&both, &["t"]).unwrap();
        assert!(expression.text.starts_with("((\"f_t\" : \"abc\" OR \"f_t\" : \"def\") AND "));
        assert!(!expression.is_exact);
        assert_eq!(super::expression(&either.clone().and(contains("ab")), &["t"]), None);
        assert_eq!(super::expression(&either.and(Filter::eq("a", 1)), &["t"]), None);
        assert_eq!(super::expression(&Filter::everything(), &["t"]), None);
    }
}
