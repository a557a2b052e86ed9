//! `?cursor=`: where a page of a keyset walk begins, as an opaque text.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ihs_store::{Direction, Sort};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which way the walk goes from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// In the order of the list.
    #[serde(rename = "f")]
    Forward,
    /// Against it.
    #[serde(rename = "b")]
    Back,
}

/// A position in a list, and which way to go from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// Which way.
    #[serde(rename = "w")]
    pub(crate) way: Way,
    /// The values of the keys of the order at the position.
    #[serde(rename = "p")]
    pub(crate) position: Vec<Value>,
    /// The order that it belongs to.
    #[serde(rename = "o")]
    order: String,
}

impl Cursor {
    /// A position in a list of this order.
    pub(crate) fn new(way: Way, position: Vec<Value>, keys: &[Sort]) -> Self {
        Self { way, position, order: name_of(keys) }
    }

    /// As the value of a parameter.
    pub(crate) fn encode(&self) -> String {
        // Texts, numbers and booleans always make JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads one; `None` when it is none of ours, or belongs to another order.
    pub(crate) fn decode(text: &str, keys: &[Sort]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let cursor: Self = serde_json::from_slice(&bytes).ok()?;
        let plain = |value: &Value| !value.is_array() && !value.is_object();
        let sound = cursor.position.len() == keys.len() && cursor.position.iter().all(plain);
        let nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
        let fits = sound && !cursor.position.iter().any(nul) && cursor.order == name_of(keys);
        fits.then_some(cursor)
    }
}

fn name_of(keys: &[Sort]) -> String {
    let signed = |key: &Sort| match key.direction {
        Direction::Ascending => key.field.to_owned(),
        Direction::Descending => format!("-{}", key.field),
    };
    keys.iter().map(signed).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEYS: [Sort; 2] = [Sort::descending("name"), Sort::descending("_id")];

    #[test]
    fn a_cursor_is_read_back() {
        let cursor = Cursor::new(Way::Back, vec![json!("x"), json!("1")], &KEYS);
        assert_eq!(Cursor::decode(&cursor.encode(), &KEYS), Some(cursor));
    }

    #[test]
    fn a_cursor_of_another_order_does_not_count() {
        let text = Cursor::new(Way::Forward, vec![json!("x"), json!("1")], &KEYS).encode();
        let other = [Sort::ascending("name"), Sort::ascending("_id")];
        assert_eq!(Cursor::decode(&text, &other), None);
        assert_eq!(Cursor::decode(&text, &KEYS[..1]), None);
    }

    #[test]
    fn positions_are_plain_values() {
        for odd in [json!([1]), json!({"$gt": ""}), json!("a\0")] {
            let text = Cursor::new(Way::Forward, vec![odd, json!("1")], &KEYS).encode();
            assert_eq!(Cursor::decode(&text, &KEYS), None);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,60}") {
            prop_assert_eq!(Cursor::decode(&text, &KEYS), None);
        }
    }
}
