//! The shadow of searched texts: what a document has, unseen by callers, so that parts of its
//! texts are found. Field `_search` holds the folded texts and their trigrams, by field.

use std::collections::BTreeSet;

use bson::{Bson, Document as BsonDocument, doc};
use serde_json::Value;

use crate::{
    document::{Document, SEARCH},
    fold::fold,
};

/// Shorter needles have no trigram: they are the beginning of one, or of the rest of a text.
const TRIGRAM: usize = 3;

/// How many trigrams of a needle are asked for; its whole is compared in any case.
const ASKED: usize = 6;

/// Where the folded text of a field is.
pub(super) fn folded_path(field: &str) -> String {
    format!("{SEARCH}.folded.{field}")
}

/// Where the trigrams of a field's text are.
pub(super) fn grams_path(field: &str) -> String {
    format!("{SEARCH}.grams.{field}")
}

/// The shadow of a document; `None` without any searched text.
pub(super) fn of(document: &Document, searched: &[&'static str]) -> Option<BsonDocument> {
    let (mut texts, mut trigrams) = (BsonDocument::new(), BsonDocument::new());
    for field in searched {
        if let Some(Value::String(text)) = document.get(*field) {
            let folded = fold(text);
            trigrams.insert(*field, grams(&folded));
            texts.insert(*field, folded);
        }
    }
    (!texts.is_empty()).then(|| doc! {"folded": texts, "grams": trigrams})
}

/// The different trigrams of a folded text, and its last two letters and its last one: so each of
/// its letters begins a gram.
pub(super) fn grams(folded: &str) -> Vec<String> {
    let letters: Vec<char> = folded.chars().collect();
    let all: BTreeSet<String> =
        (0..letters.len()).map(|start| letters[start..].iter().take(TRIGRAM).collect()).collect();
    all.into_iter().collect()
}

/// The trigrams of a needle.
fn whole_grams(needle: &str) -> Vec<String> {
    let mut grams = grams(needle);
    grams.retain(|gram| gram.chars().count() == TRIGRAM);
    grams
}

/// What a search for a folded needle asks of a field's shadow. Every text has a shadow, so the
/// empty needle finds all of them. All others begin at the index of grams; where these say it
/// all, no document need be looked at.
pub(super) fn contains(field: &str, needle: &str) -> BsonDocument {
    let (folded, grams) = (folded_path(field), grams_path(field));
    match needle.chars().count() {
        0 => doc! { folded: {"$exists": true} },
        1..TRIGRAM => doc! { grams: {"$regex": format!("^{}", escaped(needle))} },
        TRIGRAM => doc! { grams: {"$eq": needle} },
        _ => doc! {"$and": [
            { grams: {"$all": spread(whole_grams(needle))} },
            { folded: {"$regex": escaped(needle)} },
        ]},
    }
}

/// Some of many, from all along the list: neighbours tell little that is new.
fn spread(grams: Vec<String>) -> Vec<Bson> {
    let step = grams.len().div_ceil(ASKED).max(1);
    grams.into_iter().step_by(step).map(Bson::String).collect()
}

/// A regular expression that means just this text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_each_of_its_trigrams_once() {
        assert_eq!(grams("banana"), ["a", "ana", "ban", "na", "nan"]);
        assert_eq!(grams("ab"), ["ab", "b"]);
        assert_eq!(grams(""), [""; 0]);
        assert_eq!(grams("😀é漢字"), ["é漢字", "字", "漢字", "😀é漢"]);
    }

    #[test]
    fn whatever_is_looked_for_begins_at_the_index_of_grams() {
        let asked = |needle: &str| contains("t", needle);
        assert_eq!(asked("a."), doc! {"_search.grams.t": {"$regex": "^a\\."}});
        assert_eq!(asked("abc"), doc! {"_search.grams.t": {"$eq": "abc"}});
        let long = asked("abcde");
        let parts = long.get_array("$and").unwrap();
        let grams = doc! {"_search.grams.t": {"$all": ["abc", "bcd", "cde"]}};
        assert_eq!(parts[0], Bson::Document(grams));
        assert_eq!(parts[1], Bson::Document(doc! {"_search.folded.t": {"$regex": "abcde"}}));
    }

    #[test]
    fn a_needle_is_escaped_whole() {
        assert_eq!(escaped("a.b*c_1 é"), "a\\.b\\*c\\_1 é");
    }

    #[test]
    fn long_needles_ask_for_few_trigrams() {
        let long: String = ('a'..='z').collect();
        assert!(spread(whole_grams(&long)).len() <= ASKED);
    }
}
