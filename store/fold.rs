//! Folding of text for search: case, Unicode form, and the letter variants of Arabic and Persian.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The version of the folding: to be raised whenever [`fold`] gives another text for any, so that
/// stores fold anew what they keep for search.
pub const FOLDING: u32 = 1;

/// Folds a text so that what people take for the same word compares equal: lower case, without
/// accents and vowel marks, Arabic and Persian letter variants and digits as one, without
/// half-spaces (U+200C) and stretching (U+0640), white space as single blanks.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match letter {
            _ if is_combining_mark(letter) || is_ignorable(letter) => {}
            _ if letter.is_whitespace() => {
                if !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            _ => folded.push(variant(letter)),
        }
    }
    folded
}

/// Joiners, directional marks, soft hyphen and tatweel: not seen, or only as decoration.
fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{00AD}'
            | '\u{0640}'
            | '\u{061C}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
    )
}

/// One letter for variants that keyboards and names use interchangeably.
fn variant(letter: char) -> char {
    match letter {
        'ي' | 'ى' | 'ې' | 'ے' => 'ی',
        'ك' | 'ڪ' => 'ک',
        'ة' | 'ۀ' | 'ە' => 'ه',
        'ٱ' => 'ا',
        'ß' => 's',
        'ς' => 'σ',
        'ı' => 'i',
        '٠'..='٩' => digit(letter, '٠'),
        '۰'..='۹' => digit(letter, '۰'),
        _ => letter,
    }
}

fn digit(letter: char, zero: char) -> char {
    char::from_digit(u32::from(letter) - u32::from(zero), 10).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_unicode_form_do_not_matter() {
        assert_eq!(fold("José ÁLVAREZ"), fold("jose\u{301} álvarez"));
        assert_eq!(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
        assert_eq!(fold("ﬁn"), "fin");
    }

    #[test]
    fn arabic_and_persian_variants_are_one() {
        assert_eq!(fold("علي كريمي"), fold("علی کریمی"));
        assert_eq!(fold("أحمد"), fold("احمد"));
        assert_eq!(fold("مُحَمَّد"), fold("محمد"));
        assert_eq!(fold("۱۲۳"), "123");
    }

    #[test]
    fn half_space_and_stretching_are_nothing() {
        assert_eq!(fold("می\u{200c}خواهم"), fold("میخواهم"));
        assert_eq!(fold("محـــمد"), fold("محمد"));
    }

    /// A sum over the foldings of all letters. Whoever has to change it raises [`FOLDING`].
    #[test]
    fn a_folding_that_changes_has_another_version() {
        let known = [(1, 7_743_295_670_947_089_875)];
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for letter in '\0'..'\u{20000}' {
            for byte in fold(letter.encode_utf8(&mut [0; 4])).bytes().chain([0xff]) {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        assert!(known.contains(&(FOLDING, sum)), "version {FOLDING} folds to {sum}");
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for text in ["ẞtraße", "İstanbul", "ﷺ", "Ǆ", "  a \t b "] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }
}
