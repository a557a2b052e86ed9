//! What is true of a field, apart from the kind of its values.

/// One thing that may be true of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Flag {
    /// Must be in every body that creates or replaces.
    Required = 1,
    /// May be null.
    Null = 1 << 1,
    /// May be the empty text.
    Blank = 1 << 2,
    /// Bodies cannot set it.
    ReadOnly = 1 << 3,
    /// Answers do not show it, and the layer does not store it.
    WriteOnly = 1 << 4,
    /// Counts as read-only once the record exists.
    CreateOnly = 1 << 5,
    /// Worked out when it is shown.
    Derived = 1 << 6,
    /// No two records have the same.
    Unique = 1 << 7,
    /// `?search=` looks into it.
    Search = 1 << 8,
    /// `?ordering=` may name it.
    Sort = 1 << 9,
    /// A parameter of its name filters by it.
    Filter = 1 << 10,
    /// The record is deleted together with what it refers to.
    Cascade = 1 << 11,
    /// The record goes on naming what it refers to when that is gone.
    Lasting = 1 << 12,
}

/// A set of flags, for const builders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags(u16);

impl Flags {
    /// None of them.
    pub(crate) const NONE: Self = Self(0);

    /// These and one more.
    pub(crate) const fn with(self, flag: Flag) -> Self {
        Self(self.0 | flag as u16)
    }

    /// Whether it is among them.
    pub(crate) const fn has(self, flag: Flag) -> bool {
        self.0 & flag as u16 != 0
    }
}
