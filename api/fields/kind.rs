//! The kinds of values that fields have.

/// How a text must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Anything, trimmed at its ends.
    Plain,
    /// Anything, taken as it is.
    Exact,
    /// An email address.
    Email,
    /// A username, by Django's rule.
    Username,
    /// Taken as it is; its length is checked against the settings.
    Password,
}

/// Which texts a field takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    /// Most characters.
    pub(crate) max: Option<usize>,
    /// How it must look.
    pub(crate) format: Format,
}

impl TextRule {
    /// Any text.
    pub(crate) const PLAIN: Self = Self { max: None, format: Format::Plain };
}

/// The kind of a field's values.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text.
    Text(TextRule),
    /// A whole number.
    Integer {
        /// The least.
        min: Option<i64>,
        /// The most.
        max: Option<i64>,
    },
    /// A floating-point number.
    Float {
        /// The least.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
    },
    /// Yes or no.
    Boolean,
    /// A point in time.
    Time,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// The id of a record of the resource with this name.
    Reference(&'static str),
    /// The username of a user.
    Person,
    /// Usernames, each once.
    People,
    /// A list of objects with these fields.
    Rows(&'static [super::Field]),
    /// An object with these fields that is only shown.
    Object(&'static [super::Field]),
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Equal.
    Exact,
    /// The text has it in it, both folded.
    Contains,
    /// At least.
    Gte,
    /// At most.
    Lte,
    /// One of several, separated by commas.
    In,
    /// Null, or not.
    IsNull,
}
