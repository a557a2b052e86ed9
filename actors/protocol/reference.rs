//! The client's `ref`: comes back in the answer as it was sent.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Most characters of a `ref`.
pub const MAX_CHARS: usize = 64;

/// A string or number of the client's, at most [`MAX_CHARS`] characters, kept as the JSON it came
/// as, so that numbers of any size come back unchanged.
#[derive(Debug, Clone)]
pub struct Reference(Box<RawValue>);

impl Reference {
    /// Takes a `ref` as it stands in a frame; `None` when it is neither string nor number, or too
    /// long.
    #[must_use]
    pub fn parse(raw: &RawValue) -> Option<Self> {
        let json = raw.get();
        let chars = match json.as_bytes().first()? {
            b'"' => serde_json::from_str::<String>(json).ok()?.chars().count(),
            b'-' | b'0'..=b'9' => json.len(),
            _ => return None,
        };
        (chars <= MAX_CHARS).then(|| Self(raw.to_owned()))
    }
}

impl PartialEq for Reference {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
