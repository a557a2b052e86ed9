//! The text and the idempotency key of a message.

/// Most characters of an idempotency key.
pub const MAX_KEY_CHARS: usize = 64;

/// A text that may be sent: not blank, within the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

/// Why a text may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("text may not be blank")]
    Blank,
    /// A NUL character.
    #[error("Null characters are not allowed.")]
    Nul,
    /// Longer than the limit.
    #[error("text has more than {0} characters")]
    TooLong(usize),
}

impl MessageText {
    /// Takes a text of at most `max_chars` characters.
    ///
    /// # Errors
    /// The rule of [`InvalidText`] that it breaks.
    pub fn parse(text: String, max_chars: usize) -> Result<Self, InvalidText> {
        if text.trim().is_empty() {
            Err(InvalidText::Blank)
        } else if text.contains('\0') {
            Err(InvalidText::Nul)
        } else if text.len() > max_chars && text.chars().count() > max_chars {
            Err(InvalidText::TooLong(max_chars))
        } else {
            Ok(Self(text))
        }
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// An idempotency key: 1 to [`MAX_KEY_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKey(String);

impl MessageKey {
    /// Takes a key; `None` when it is empty, too long, or has a NUL in it.
    #[must_use]
    pub fn parse(key: String) -> Option<Self> {
        let fits = !key.is_empty() && key.chars().count() <= MAX_KEY_CHARS && !key.contains('\0');
        fits.then_some(Self(key))
    }

    /// The key.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}
