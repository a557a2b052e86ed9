//! What a new password may not be: Django's rules, in its words. Those about length count always,
//! those about what others could guess where weak passwords are refused: clients of the old system
//! send what it took.
//!
//! [`COMMON`] is the head of Django's list of common passwords (© Django Software Foundation and
//! Royce Williams, BSD 3-Clause): lower case, one a line.

use std::collections::BTreeMap;

use ihs_config::{Profile, Settings};

const COMMON: &str = include_str!("common_passwords.txt");

/// Shorter pieces are in many a name by chance.
const PIECE_MIN: usize = 3;

/// How many of the letters of password and name, out of a hundred, are in both when the two are too
/// much like each other.
const ALIKE: usize = 70;

/// Whose password it is.
pub(crate) struct Owner<'a> {
    /// The username.
    pub(crate) username: &'a str,
    /// The email address; empty if there is none.
    pub(crate) email: &'a str,
}

/// The rules.
pub(crate) struct Rules {
    least: usize,
    /// Longest password, in characters.
    pub(crate) most: usize,
    weak: Weak,
}

/// What becomes of a password that others could guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weak {
    Taken,
    Refused,
}

impl Rules {
    /// As the settings have them.
    pub(crate) fn new(settings: &Settings) -> Self {
        let auth = &settings.auth;
        let refused = auth.refuse_weak_passwords || settings.server.profile == Profile::Production;
        Self {
            least: auth.password_min,
            most: auth.password_max,
            weak: if refused { Weak::Refused } else { Weak::Taken },
        }
    }

    /// What is wrong with a new password; empty when nothing is.
    pub(crate) fn faults(&self, password: &str, owner: &Owner<'_>) -> Vec<String> {
        let Self { least, most, weak } = *self;
        let length = password.chars().count();
        let mut faults = Vec::new();
        if length < least {
            faults.push(format!("Ensure this field has at least {least} characters."));
        }
        if length > most {
            return vec![format!("Ensure this field has no more than {most} characters.")];
        }
        if password.contains('\0') {
            faults.push("Null characters are not allowed.".to_owned());
        }
        if weak == Weak::Refused {
            faults.extend(self.weaknesses(password, owner));
        }
        faults
    }

    /// Why somebody else could guess a password.
    fn weaknesses(&self, password: &str, owner: &Owner<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let folded = password.trim().to_lowercase();
        if self.resembles(&folded, owner.username) {
            faults.push("The password is too similar to the username.".to_owned());
        }
        if self.resembles_address(&folded, owner.email) {
            faults.push("The password is too similar to the email address.".to_owned());
        }
        if COMMON.lines().any(|common| common == folded) {
            faults.push("This password is too common.".to_owned());
        }
        if !password.is_empty() && password.chars().all(char::is_numeric) {
            faults.push("This password is entirely numeric.".to_owned());
        }
        faults
    }

    /// As Django sees it; but a name is welcome beside what would do as a password by itself.
    fn resembles(&self, password: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        is_in(password, &name) || !self.is_beside(password, &name) && has_like(&name, password)
    }

    fn resembles_address(&self, password: &str, address: &str) -> bool {
        let address = address.to_lowercase();
        let (user, _) = address.rsplit_once('@').unwrap_or((&address, ""));
        is_in(password, &address) || !self.is_beside(password, user) && has_like(&address, password)
    }

    /// Whether a password has the name in it, and enough besides.
    fn is_beside(&self, password: &str, name: &str) -> bool {
        let rest = password.chars().count().saturating_sub(name.chars().count());
        !name.is_empty() && password.contains(name) && rest >= self.least
    }
}

fn is_in(password: &str, name: &str) -> bool {
    password.chars().count() >= PIECE_MIN && name.contains(password)
}

/// Whether the name, or a word of it, is much like the password.
fn has_like(name: &str, password: &str) -> bool {
    let mut words = name.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    alike(password, name) || words.any(|word| alike(password, word))
}

/// `SequenceMatcher.quick_ratio` of Python.
fn alike(password: &str, name: &str) -> bool {
    let mut letters: BTreeMap<char, usize> = BTreeMap::new();
    for letter in name.chars() {
        *letters.entry(letter).or_default() += 1;
    }
    let mut common = 0;
    for letter in password.chars() {
        if let Some(left) = letters.get_mut(&letter).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    200 * common >= ALIKE * (password.chars().count() + name.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(password: &str, username: &str, email: &str) -> Vec<String> {
        let mut settings = Settings::default();
        settings.auth.refuse_weak_passwords = true;
        Rules::new(&settings).faults(password, &Owner { username, email })
    }

    #[test]
    fn weak_passwords_are_refused_in_production() {
        let mut settings = Settings::default();
        let owner = Owner { username: "ada", email: "" };
        assert!(Rules::new(&settings).faults("password1", &owner).is_empty());
        assert_eq!(Rules::new(&settings).faults("x", &owner).len(), 1);
        settings.server.profile = Profile::Production;
        assert!(!Rules::new(&settings).faults("password1", &owner).is_empty());
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(faults("xyz", "ada", ""), ["Ensure this field has at least 8 characters."]);
        assert_eq!(
            faults(&"x".repeat(5_000), "ada", ""),
            ["Ensure this field has no more than 1024 characters."]
        );
        assert!(faults("گذرواژه۱", "ada", "").is_empty());
    }

    #[test]
    fn what_everybody_takes_is_refused_in_any_case() {
        for common in ["password1", "PassWord1", "qwertyuiop", "iloveyou", "1q2w3e4r5t"] {
            assert_eq!(faults(common, "ada", ""), ["This password is too common."], "{common}");
        }
        assert_eq!(
            faults("qwerty", "ada", ""),
            ["Ensure this field has at least 8 characters.", "This password is too common."]
        );
    }

    #[test]
    fn digits_alone_are_refused_in_any_script() {
        for digits in ["8473920184", "۸۴۷۳۹۲۰۱۸۴"] {
            assert_eq!(faults(digits, "ada", ""), ["This password is entirely numeric."]);
        }
    }

    #[test]
    fn the_own_name_is_no_password() {
        let name = "The password is too similar to the username.";
        for similar in ["ada.lovelace", "Ada.Lovelace1", "lovelace", "ada-lovelace", "ecalevol.ada"]
        {
            assert_eq!(faults(similar, "ada.lovelace", ""), [name], "{similar}");
        }
        let address = "The password is too similar to the email address.";
        for similar in ["countess@example.org", "countess1", "COUNTESS", "example.org"] {
            assert_eq!(faults(similar, "ada", "countess@example.org"), [address], "{similar}");
        }
    }

    #[test]
    fn what_is_long_enough_beside_the_name_is_taken() {
        for (password, username) in [
            ("ada-likes-tea", "ada"),
            ("bob-likes-tea", "bob"),
            ("correct horse", "ada"),
            ("correct horse battery", "horse"),
            ("battery staple", "bat"),
            ("demo-clinic", "demo"),
            ("bob-secret", "bob"),
            ("bench-0123abcd-17-password", "bench-0123abcd-17"),
        ] {
            let email = format!("{username}@example.org");
            assert!(faults(password, username, &email).is_empty(), "{password}");
        }
    }
}
