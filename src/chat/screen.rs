//! Where the client writes: above the line being typed on a terminal, else plain lines.

use std::io::{self, Write as _};

use rustyline::ExternalPrinter;

/// What was said goes to standard output, remarks to standard error.
pub(crate) enum Screen {
    /// Lines of a pipe or file.
    Plain,
    /// A terminal on which a line is being typed.
    Terminal(Box<dyn ExternalPrinter>),
}

impl Screen {
    /// Shows what was said.
    pub(crate) fn show(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Plain => {
                let mut out = io::stdout().lock();
                writeln!(out, "{text}").and_then(|()| out.flush())
            }
            Self::Terminal(printer) => printer.print(format!("{text}\n")).map_err(io::Error::other),
        }
    }

    /// Tells the person something about the conversation.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Plain => writeln!(io::stderr(), "{text}"),
            Self::Terminal(_) => self.show(text),
        }
    }
}

/// The text without control characters: what others write must not steer this terminal.
pub(crate) fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\n', "\n  ");
    text.chars()
        .map(|character| match character {
            '\n' => character,
            '\t' => ' ',
            control if control.is_control() => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{7}"), "a\u{fffd}[2Jb\u{fffd}");
    }

    #[test]
    fn further_lines_are_indented_so_that_they_cannot_pose_as_messages() {
        assert_eq!(printable("hello\nbob: not me"), "hello\n  bob: not me");
    }
}
