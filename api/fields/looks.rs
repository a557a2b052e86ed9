//! What a username looks like, so that nobody takes one that people cannot tell from another's.
//!
//! Two names look alike when they have one of two keys in common. Skeletons are those of Unicode
//! Technical Standard 39: one text for all that can be confused with it.

use unicode_security::confusable_detection::skeleton;

use super::text::normal_form;

/// The keys of a username.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Looks {
    /// The same for names that differ in case: `ada`, `Ada`, and `ada` with a Cyrillic а.
    pub(crate) folded: String,
    /// The same for names that are confused as they are written: `Bob` with a Cyrillic В.
    pub(crate) skeleton: String,
}

impl Looks {
    /// Of this username.
    pub(crate) fn of(username: &str) -> Self {
        let plain: String =
            normal_form(username).chars().filter(|letter| is_visible(*letter)).collect();
        let skeleton_of = |text: &str| skeleton(text).collect::<String>();
        Self { folded: skeleton_of(&fold(&plain)), skeleton: fold(&skeleton_of(&plain)) }
    }
}

/// By upper case, so that `ß`, `ſ` and both forms of sigma have one form.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Fillers of Hangul are letters, and are not seen.
fn is_visible(letter: char) -> bool {
    !matches!(letter, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> bool {
        let (one, other) = (Looks::of(one), Looks::of(other));
        one.folded == other.folded || one.skeleton == other.skeleton
    }

    #[test]
    fn names_that_people_cannot_tell_apart_are_alike() {
        for (one, other) in [
            ("ada", "Ada"),
            ("ada", "ADA"),
            ("ada", "\u{430}da"),
            ("ada", "\u{410}da"),
            ("ada", "ａｄａ"),
            ("ada", "𝒶𝒹𝒶"),
            ("ada", "a\u{3164}da"),
            ("bob", "\u{412}ob"),
            ("Ian", "lan"),
            ("Ian", "\u{406}an"),
            ("bill", "bi11"),
            ("strasse", "straße"),
            ("José", "jose\u{301}"),
            ("علی", "علي"),
        ] {
            assert!(alike(one, other), "{one} {other}");
            assert!(alike(other, one), "{other} {one}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for (one, other) in [
            ("ada", "adam"),
            ("ian", "lan"),
            ("jose", "josé"),
            ("user2", "user3"),
            ("a.b", "ab"),
            ("علی", "رضا"),
            ("аня", "оля"),
        ] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }
}
