//! `?search=`: every term in at least one of the search fields.

use ihs_store::Filter;

use super::{filters::may_ask, resource::Resource};
use crate::{auth::Caller, faults::Faults, fields::flags::Flag};

/// Most terms of one search; each costs a scan of its own.
const TERMS: usize = 24;

/// What a search means here.
pub(crate) fn filter(resource: &Resource, caller: &Caller, search: &str) -> Result<Filter, Faults> {
    if !resource.fields.iter().any(|field| field.is(Flag::Search)) {
        // Refused where unknown parameters are; where they are not, DRF searches nothing either.
        return Ok(Filter::everything());
    }
    if search.contains('\0') {
        return Err(Faults::one("search", "Null characters are not allowed."));
    }
    let terms = terms(search);
    if terms.len() > TERMS {
        return Err(Faults::one("search", format!("At most {TERMS} terms can be searched for.")));
    }
    let asked = |field: &&crate::fields::Field| field.is(Flag::Search) && may_ask(field, caller);
    let fields: Vec<&'static str> =
        resource.fields.iter().filter(asked).map(|field| field.source).collect();
    let somewhere = |term: String| {
        Filter::Any(fields.iter().map(|field| Filter::Contains(field, term.clone())).collect())
    };
    Ok(Filter::All(terms.into_iter().map(somewhere).collect()))
}

/// Blanks and commas part terms; double quotes hold a phrase together.
pub(crate) fn terms(search: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for (place, part) in search.split('"').enumerate() {
        if place % 2 == 1 {
            terms.push(part.trim().to_owned());
        } else {
            let words = part.split(|letter: char| letter == ',' || letter.is_whitespace());
            terms.extend(words.map(str::to_owned));
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_and_commas_part_terms_and_quotes_hold_them_together() {
        assert_eq!(terms("a b,\"c d\""), ["a", "b", "c d"]);
        assert_eq!(terms(" ,a,, \"\" b\t"), ["a", "b"]);
        assert_eq!(terms("a\"b c\"d"), ["a", "b c", "d"]);
        assert_eq!(terms("\"open end"), ["open end"]);
        assert!(terms(" , \" \"").is_empty());
    }

    proptest! {
        #[test]
        fn no_term_is_empty_and_words_have_no_separators(search in "[a-c ,\"]{0,40}") {
            for term in terms(&search) {
                prop_assert!(!term.trim().is_empty());
                prop_assert!(search.contains('"') || !term.contains([' ', ',']));
            }
        }
    }
}
