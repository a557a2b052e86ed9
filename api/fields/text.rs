//! Texts: email addresses and usernames.

use std::net::IpAddr;

use unicode_normalization::UnicodeNormalization;

/// What Django says about a username that breaks its rule.
pub(crate) const BAD_USERNAME: &str = "Enter a valid username. This value may contain only \
     letters, numbers, and @/./+/-/_ characters.";

/// What Django says about an address that is none.
pub(crate) const BAD_EMAIL: &str = "Enter a valid email address.";

/// Longest address that Django takes.
const EMAIL_MAX: usize = 320;

/// A username in the one form in which it is stored, as Django does: NFKC.
pub(crate) fn normal_form(username: &str) -> String {
    username.nfkc().collect()
}

/// Whether Django's rule takes it: letters and digits of any script, and `@.+-_`. Names that are a
/// step in a path (RFC 3986, 5.2.4) would lead elsewhere, and are refused.
pub(crate) fn is_username(text: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || "@.+-_".contains(letter);
    !matches!(text, "" | "." | "..") && text.chars().all(allowed)
}

/// Whether Django takes it for an email address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((user, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().count() <= EMAIL_MAX && is_local_part(user) && is_domain(domain)
}

fn is_local_part(text: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{}|~-".contains(letter);
    text.split('.').all(|part| !part.is_empty() && part.chars().all(allowed))
}

fn is_domain(text: &str) -> bool {
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<IpAddr>().is_ok();
    }
    match text.rsplit_once('.') {
        Some((rest, top)) => is_top(top) && rest.split('.').all(is_label),
        None => text.eq_ignore_ascii_case("localhost"),
    }
}

/// A top-level domain: two letters at least, and no digits, unless it is encoded.
fn is_top(text: &str) -> bool {
    let letters = || text.chars().all(|letter| letter.is_alphabetic() || letter == '-');
    is_label(text) && (text.starts_with("xn--") || (text.chars().count() >= 2 && letters()))
}

fn is_label(text: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || letter == '-';
    !text.is_empty()
        && text.chars().count() <= 63
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_follow_the_rule_of_django() {
        for good in ["ada", "ada.l+x@y-z_9", "علی", "José"] {
            assert!(is_username(good), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a!", "a\u{200c}b", "a:b"] {
            assert!(!is_username(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_have_a_name_an_at_and_a_domain() {
        for good in [
            "a@b.co",
            "ada.lovelace+x@mail.example.org",
            "a@localhost",
            "a@bücher.example",
            "a@[127.0.0.1]",
            "a@[::1]",
            "a@b.xn--p1ai",
            "a@1.de",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a..b@c.de",
            "a b@c.de",
            "a@-b.co",
            "a@b..co",
            "a@b.c",
            "a@b.12",
            "a@[x]",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
