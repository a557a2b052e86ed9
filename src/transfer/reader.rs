//! Reads the lines of an export, and gives only what a checkpoint has confirmed.

use std::io::{self, BufRead, Read as _};

use super::{
    line::{FORMAT, Header, Item, Line, Tally, Written},
    seal::Seal,
};

/// No line is longer: the largest document with every character escaped is not.
const LONGEST_LINE: u64 = 128 * 1024 * 1024;

/// Why a file is not what was exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    /// It does not begin as an export does.
    #[error("it is no export: the first line does not say so")]
    NoExport,
    /// It was written by another version.
    #[error("it has format {found}, this version reads {FORMAT}")]
    Format {
        /// The format that it has.
        found: u32,
    },
    /// A line is none that can stand there.
    #[error("line {number} is damaged")]
    Line {
        /// Which, from 1.
        number: u64,
    },
    /// Lines are not those that were written.
    #[error("something between line {first} and line {last} was changed, added or removed")]
    Sum {
        /// The first that may be concerned.
        first: u64,
        /// The last.
        last: u64,
    },
    /// It ends before its end.
    #[error("it ends in or behind line {number}, before its last line")]
    CutOff {
        /// The last line that there is.
        number: u64,
    },
    /// It goes on behind its end.
    #[error("something follows its last line, {number}")]
    Trailing {
        /// The last line.
        number: u64,
    },
}

/// Lines that come from somewhere.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    source: R,
    header: Header,
    seal: Seal,
    line: Vec<u8>,
    is_over: bool,
}

/// Items that a checkpoint, or the end, has confirmed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    /// The items since the last one.
    pub(crate) items: Vec<Item>,
    /// The lines of the file up to here.
    pub(crate) lines: u64,
    /// The bytes of the file up to here.
    pub(crate) bytes: u64,
    /// What there is up to here.
    pub(crate) tally: Tally,
    /// Whether this was the end.
    pub(crate) is_last: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub(crate) fn open(mut source: R) -> Result<Self, Broken> {
        let (mut line, mut seal) = (Vec::new(), Seal::default());
        read_line(&mut source, &mut line, &seal)?;
        let Some(Line::Header(header)) = Line::decode(&line) else {
            return Err(Broken::NoExport);
        };
        if header.format != FORMAT {
            return Err(Broken::Format { found: header.format });
        }
        seal.take(&line);
        Ok(Self { source, header, seal, line, is_over: false })
    }

    /// What the first line says.
    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// The seal of what was given so far.
    pub(crate) const fn seal(&self) -> &Seal {
        &self.seal
    }

    /// The items up to the next checkpoint; `None` behind the end.
    pub(crate) fn next_run(&mut self) -> Result<Option<Run>, Broken> {
        if self.is_over {
            return Ok(None);
        }
        let (mut items, mut seal) = (Vec::new(), self.seal.clone());
        loop {
            read_line(&mut self.source, &mut self.line, &seal)?;
            let damaged = Broken::Line { number: seal.lines() + 1 };
            match Line::decode(&self.line) {
                Some(Line::Item(item)) if !seal.is_due() => {
                    seal.take_item(Written::from(&item), &self.line);
                    items.push(item);
                }
                Some(Line::Checkpoint(_)) if seal.is_due() => {
                    let tally = seal.tally();
                    self.confirm(&seal, Written::Checkpoint { checkpoint: &tally })?;
                    return Ok(Some(self.pass(seal, items, tally)));
                }
                Some(Line::End(_)) if !seal.is_due() => {
                    let tally = seal.tally();
                    self.confirm(&seal, Written::End { end: &tally })?;
                    self.is_over = true;
                    let run = self.pass(seal, items, tally);
                    return if self.source.fill_buf()?.is_empty() {
                        Ok(Some(run))
                    } else {
                        Err(Broken::Trailing { number: run.lines })
                    };
                }
                _ => return Err(damaged),
            }
        }
    }

    /// Compares a line, byte by byte, with the one that must stand here.
    fn confirm(&self, seal: &Seal, wanted: Written<'_>) -> Result<(), Broken> {
        let mut line = Vec::new();
        wanted.encode(&mut line)?;
        if line == self.line {
            return Ok(());
        }
        Err(Broken::Sum { first: self.seal.lines(), last: seal.lines() + 1 })
    }

    fn pass(&mut self, mut seal: Seal, items: Vec<Item>, tally: Tally) -> Run {
        seal.take(&self.line);
        self.seal = seal;
        Run {
            items,
            lines: self.seal.lines(),
            bytes: self.seal.bytes(),
            tally,
            is_last: self.is_over,
        }
    }
}

/// Reads a line with its end, behind those that have this seal.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>, seal: &Seal) -> Result<(), Broken> {
    line.clear();
    let count = source.by_ref().take(LONGEST_LINE).read_until(b'\n', line)? as u64;
    if line.ends_with(b"\n") {
        Ok(())
    } else if count == LONGEST_LINE {
        Err(Broken::Line { number: seal.lines() + 1 })
    } else {
        Err(Broken::CutOff { number: seal.lines() })
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
