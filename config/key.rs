//! Whether a key is easily guessed.

use std::collections::BTreeMap;

/// What a key of random bytes, however written, has in plenty; 32 random digits have about 100.
const ENTROPY_MIN_BITS: f64 = 80.0;

/// A key is weak if it is a piece of itself, so many times or more.
const REPEATS: usize = 4;

/// What stands in examples and defaults, without what is no letter or digit.
const TELLTALES: [&str; 10] = [
    "changeme",
    "changethis",
    "replaceme",
    "password",
    "placeholder",
    "example",
    "insecure",
    "default",
    "yourkey",
    "yoursecret",
];

/// Why a key is no good, unless it is good. Does not tell the key.
pub(crate) fn weakness(key: &str) -> Option<&'static str> {
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if TELLTALES.iter().any(|word| plain.contains(word)) {
        Some("looks like the key of an example")
    } else if repeats(key.as_bytes()) {
        Some("repeats itself")
    } else if entropy(key.as_bytes()) < ENTROPY_MIN_BITS {
        Some("has too few different characters")
    } else {
        None
    }
}

fn repeats(key: &[u8]) -> bool {
    (1..=key.len() / REPEATS).any(|period| key.iter().zip(&key[period..]).all(|(a, b)| a == b))
}

/// Bits, as if each byte were drawn by how often it occurs.
#[expect(clippy::cast_precision_loss, reason = "keys are short")]
fn entropy(key: &[u8]) -> f64 {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for byte in key {
        *counts.entry(*byte).or_default() += 1;
    }
    let length = key.len() as f64;
    counts.values().map(|count| *count as f64 * (length / *count as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_examples_and_ones_that_repeat_are_weak() {
        for weak in [
            "k".repeat(64),
            "0123".repeat(16),
            "secret12".repeat(4),
            "Change-Me-Change-Me-0123456789ab".to_owned(),
            "django-insecure-8f3k!x0z+q2m7w^e".to_owned(),
            "this is the PASSWORD of the nodes".to_owned(),
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb".to_owned(),
        ] {
            assert!(weakness(&weak).is_some(), "{weak}");
        }
    }

    proptest! {
        #[test]
        fn random_keys_are_strong(key in "[0-9a-f]{64}|[A-Za-z0-9+/]{43}|[0-9]{44}") {
            prop_assert_eq!(weakness(&key), None);
        }
    }
}
