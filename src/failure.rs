//! Why a command ended, and with which exit code.

use std::{error::Error, fmt, process::ExitCode};

use ihs_config::SettingsError;

/// The end of a command that did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Exit code 1.
    Failed,
    /// Exit code 2.
    Usage,
}

impl Failure {
    /// The work could not be done.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, message: message.into(), source: None }
    }

    /// The command line or a setting cannot be used.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), source: None }
    }

    /// With the cause below it.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Tells the person who started the command.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        match self.kind {
            Kind::Failed => ExitCode::from(1),
            Kind::Usage => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    /// The message and its causes, each on a line. A cause that only repeats what stands above it
    /// is left out: some libraries put their source into their own text as well.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        let mut above = self.message.clone();
        let mut cause: Option<&(dyn Error + 'static)> = match &self.source {
            Some(source) => Some(&**source),
            None => None,
        };
        while let Some(error) = cause {
            let text = error.to_string();
            if !above.contains(&text) {
                write!(formatter, "\n  because: {text}")?;
                above = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage("the settings cannot be used").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_message_names_every_cause_once() {
        let failure =
            Failure::failed("cannot start").because(Outer(std::io::Error::other("inner")));
        assert_eq!(failure.to_string(), "cannot start\n  because: outer\n  because: inner");
    }

    #[test]
    fn a_repeated_cause_is_left_out() {
        let failure = Failure::failed("cannot start: inner").because("inner");
        assert_eq!(failure.to_string(), "cannot start: inner");
    }
}
