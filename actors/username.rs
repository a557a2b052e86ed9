//! The name by which people are known.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// Most characters of a username, as in Django.
pub const MAX_CHARS: usize = 150;

/// A username: 1 to [`MAX_CHARS`] characters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(Arc<str>);

/// A text that cannot be a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a username has 1 to {MAX_CHARS} characters")]
pub struct InvalidUsername;

impl Username {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Username {
    type Error = InvalidUsername;

    fn try_from(text: &str) -> Result<Self, InvalidUsername> {
        let fits = !text.is_empty() && text.chars().count() <= MAX_CHARS;
        if fits { Ok(Self(text.into())) } else { Err(InvalidUsername) }
    }
}

impl TryFrom<String> for Username {
    type Error = InvalidUsername;

    fn try_from(text: String) -> Result<Self, InvalidUsername> {
        Self::try_from(text.as_str())
    }
}

impl From<Username> for String {
    fn from(username: Username) -> Self {
        username.as_str().to_owned()
    }
}

impl Borrow<str> for Username {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}
