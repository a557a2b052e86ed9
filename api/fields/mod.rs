//! Fields: what a resource says about each of its fields, once.
//!
//! - this file: [`Field`] and its const builder
//! - [`kind`]: the kinds of values
//! - [`flags`]: what else is true of a field
//! - [`input`]: a body, JSON or form
//! - [`clean`]: from a body to values that may be stored
//! - [`coerce`]: one value, as leniently as DRF takes it; [`scalar`], [`text`]: its parts
//! - [`python`]: values as Python writes and reads them
//! - [`looks`]: usernames that people cannot tell apart
//! - [`metadata`]: what OPTIONS says about a field

pub(crate) mod clean;
pub(crate) mod coerce;
pub(crate) mod flags;
pub(crate) mod input;
pub(crate) mod kind;
pub(crate) mod looks;
pub(crate) mod metadata;
pub(crate) mod python;
pub(crate) mod scalar;
pub(crate) mod text;

use flags::{Flag, Flags};
use kind::{Format, Kind, Operation, TextRule};

use crate::viewset::policy::Grant;

/// A filter under a name of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alias {
    /// The query parameter.
    pub(crate) name: &'static str,
    /// How the field is compared with it.
    pub(crate) operation: Operation,
}

/// What an absent field gets when a record is created.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preset {
    /// Null, or the empty text or list where null is not allowed.
    Nothing,
    /// A text.
    Text(&'static str),
    /// Yes.
    True,
    /// No.
    False,
}

/// A field of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// Its name in the stored document.
    pub(crate) source: &'static str,
    /// The kind of its values.
    pub(crate) kind: Kind,
    /// What an absent one gets.
    pub(crate) preset: Preset,
    /// Filters under other names.
    pub(crate) aliases: [Option<Alias>; 2],
    /// In which records it can be read; `None`: in all.
    pub(crate) readable: Option<Grant>,
    /// In which records it can be written; `None`: in all.
    pub(crate) writable: Option<Grant>,
    flags: Flags,
}

impl Field {
    /// A field of this kind.
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            source: name,
            kind,
            preset: Preset::Nothing,
            aliases: [None, None],
            readable: None,
            writable: None,
            flags: Flags::NONE,
        }
    }

    /// The id of the record.
    pub(crate) const fn id() -> Self {
        Self::text("id").stored_as("_id").read_only()
    }

    /// The owner of the record, a username.
    pub(crate) const fn owner() -> Self {
        Self::text("owner").stored_as("_owner").read_only()
    }

    /// A text.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text(TextRule::PLAIN))
    }

    /// A text of a form of its own.
    pub(crate) const fn formatted(name: &'static str, format: Format) -> Self {
        Self::new(name, Kind::Text(TextRule { format, ..TextRule::PLAIN }))
    }

    /// How many, or which one of many.
    pub(crate) const fn count(name: &'static str) -> Self {
        Self::new(name, Kind::Integer { min: Some(0), max: None })
    }

    /// A floating-point number.
    pub(crate) const fn float(name: &'static str) -> Self {
        Self::new(name, Kind::Float { min: None, max: None })
    }

    /// Yes or no.
    pub(crate) const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A point in time.
    pub(crate) const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }

    /// One of these texts.
    pub(crate) const fn choice(name: &'static str, choices: &'static [&'static str]) -> Self {
        Self::new(name, Kind::Choice(choices))
    }

    /// The id of a record of another resource.
    pub(crate) const fn reference(name: &'static str, resource: &'static str) -> Self {
        Self::new(name, Kind::Reference(resource))
    }

    /// A username.
    pub(crate) const fn person(name: &'static str) -> Self {
        Self::new(name, Kind::Person)
    }

    /// Usernames.
    pub(crate) const fn people(name: &'static str) -> Self {
        Self::new(name, Kind::People)
    }

    /// Anything that the layer only shows.
    pub(crate) const fn shown(name: &'static str, kind: Kind) -> Self {
        Self::new(name, kind).derived()
    }

    /// A stored text that is only there to be asked for by filters.
    pub(crate) const fn asked(name: &'static str) -> Self {
        Self::text(name).read_only().write_only()
    }

    /// Stored under another name.
    pub(crate) const fn stored_as(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// Must be in every body that creates or replaces.
    pub(crate) const fn required(self) -> Self {
        self.with(Flag::Required)
    }

    /// May be null.
    pub(crate) const fn null(self) -> Self {
        self.with(Flag::Null)
    }

    /// May be the empty text.
    pub(crate) const fn blank(self) -> Self {
        self.with(Flag::Blank)
    }

    /// Bodies cannot set it.
    pub(crate) const fn read_only(self) -> Self {
        self.with(Flag::ReadOnly)
    }

    /// Answers do not show it, and it is not stored by the layer.
    pub(crate) const fn write_only(self) -> Self {
        self.with(Flag::WriteOnly)
    }

    /// Counts as read-only once the record exists.
    pub(crate) const fn create_only(self) -> Self {
        self.with(Flag::CreateOnly)
    }

    /// Worked out when it is shown, not stored.
    pub(crate) const fn derived(self) -> Self {
        self.read_only().with(Flag::Derived)
    }

    /// The record is deleted together with what it refers to.
    pub(crate) const fn cascade(self) -> Self {
        self.with(Flag::Cascade)
    }

    /// The record goes on naming what it refers to when that is gone.
    pub(crate) const fn lasting(self) -> Self {
        self.with(Flag::Lasting)
    }

    /// No two records have the same.
    pub(crate) const fn unique(self) -> Self {
        self.with(Flag::Unique)
    }

    /// `?search=` looks into it.
    pub(crate) const fn search(self) -> Self {
        self.with(Flag::Search)
    }

    /// `?ordering=` may name it.
    pub(crate) const fn sort(self) -> Self {
        self.with(Flag::Sort)
    }

    /// A parameter of its name filters by it.
    pub(crate) const fn filter(self) -> Self {
        self.with(Flag::Filter)
    }

    /// A parameter of another name filters by it.
    pub(crate) const fn filter_as(mut self, name: &'static str, operation: Operation) -> Self {
        let alias = Some(Alias { name, operation });
        if self.aliases[0].is_none() {
            self.aliases[0] = alias;
        } else {
            self.aliases[1] = alias;
        }
        self
    }

    /// At most so many characters.
    pub(crate) const fn max(mut self, length: usize) -> Self {
        if let Kind::Text(rule) = self.kind {
            self.kind = Kind::Text(TextRule { max: Some(length), ..rule });
        }
        self
    }

    /// A number in this range.
    pub(crate) const fn between(mut self, least: f64, most: f64) -> Self {
        if let Kind::Float { .. } = self.kind {
            self.kind = Kind::Float { min: Some(least), max: Some(most) };
        }
        self
    }

    /// What an absent one gets.
    pub(crate) const fn preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    /// Shown, filtered, searched and ordered by only where this allows it.
    pub(crate) const fn readable_by(mut self, grant: Grant) -> Self {
        self.readable = Some(grant);
        self
    }

    /// 403 to whoever sends it where this does not allow it.
    pub(crate) const fn writable_by(mut self, grant: Grant) -> Self {
        self.writable = Some(grant);
        self
    }

    /// Whether this is true of the field.
    pub(crate) const fn is(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }

    /// Whether [`ihs_store::Filter::Contains`] may be asked of it.
    pub(crate) fn is_searched(&self) -> bool {
        let contains = |alias: &Alias| alias.operation == Operation::Contains;
        self.is(Flag::Search) || self.aliases.iter().flatten().any(contains)
    }

    const fn with(mut self, flag: Flag) -> Self {
        self.flags = self.flags.with(flag);
        self
    }
}
