//! What can be wrong with settings, said so that the reader knows which line to mend.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the built-in one.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// One setting that cannot be used. Its message never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `section.key`, or the section.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
    /// Where it was set.
    pub origin: Origin,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, message, origin } = self;
        write!(formatter, "{key}: {message} (set by {origin})")
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML. The line itself is not shown: it may hold a secret.
    #[error("the settings file {} is not valid TOML, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// An environment variable is not UTF-8.
    #[error("the environment variable {0} is not valid UTF-8")]
    NotText(String),
    /// Keys that do not exist, or values that cannot be.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

fn lines(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    lines.join("\n")
}

/// Collects what the checks of the sections find, with where each key was set.
pub(crate) struct Faults<'a> {
    origins: &'a BTreeMap<String, Origin>,
    found: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(crate) const fn new(origins: &'a BTreeMap<String, Origin>) -> Self {
        Self { origins, found: Vec::new() }
    }

    /// Notes that the key's value cannot be used.
    pub(crate) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.found.push(Fault {
            key: key.to_owned(),
            message: message.into(),
            origin: self.origins.get(key).cloned().unwrap_or(Origin::Default),
        });
    }

    /// The value lies within these bounds, both included.
    pub(crate) fn within<T>(&mut self, key: &str, value: T, least: T, most: T)
    where
        T: PartialOrd + fmt::Display + Copy,
    {
        if value < least || value > most {
            self.add(key, format!("must be from {least} to {most}, is {value}"));
        }
    }

    /// The value is at least this.
    pub(crate) fn at_least<T: PartialOrd + fmt::Display + Copy>(
        &mut self,
        key: &str,
        value: T,
        least: T,
    ) {
        if value < least {
            self.add(key, format!("must be at least {least}, is {value}"));
        }
    }

    pub(crate) fn into_result(self) -> Result<(), SettingsError> {
        if self.found.is_empty() { Ok(()) } else { Err(SettingsError::Faults(self.found)) }
    }
}
