//! Writes the lines of an export, with a checkpoint wherever one is due.

use std::io::{self, Write};

use ihs_store::{Document, LogEntry, RoomId};

use super::{
    line::{Header, Tally, Written},
    seal::Seal,
};

/// Lines on their way to somewhere.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    out: W,
    seal: Seal,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins with the first line.
    pub(crate) fn begin(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self::resume(out, Seal::default());
        writer.put(Written::Header { export: header })?;
        Ok(writer)
    }

    /// Goes on behind the lines that have this seal.
    pub(crate) const fn resume(out: W, seal: Seal) -> Self {
        Self { out, seal, line: Vec::new() }
    }

    /// How many bytes there are so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.seal.bytes()
    }

    /// Writes a document.
    pub(crate) fn document(&mut self, collection: &str, document: &Document) -> io::Result<()> {
        self.item(Written::Document { collection, document })
    }

    /// Writes an entry of a log.
    pub(crate) fn entry(&mut self, room: RoomId, entry: &LogEntry) -> io::Result<()> {
        self.item(Written::Entry { room, entry })
    }

    /// Writes an item, and the checkpoint that may be due behind it.
    pub(crate) fn item(&mut self, item: Written<'_>) -> io::Result<()> {
        item.encode(&mut self.line)?;
        self.out.write_all(&self.line)?;
        self.seal.take_item(item, &self.line);
        if self.seal.is_due() {
            let checkpoint = &self.seal.tally();
            self.put(Written::Checkpoint { checkpoint })?;
        }
        Ok(())
    }

    /// Writes the last line, and gives what there is.
    pub(crate) fn end(mut self) -> io::Result<(W, Tally)> {
        let tally = self.seal.tally();
        self.put(Written::End { end: &tally })?;
        self.out.flush()?;
        Ok((self.out, tally))
    }

    fn put(&mut self, line: Written<'_>) -> io::Result<()> {
        line.encode(&mut self.line)?;
        self.out.write_all(&self.line)?;
        self.seal.take(&self.line);
        Ok(())
    }
}
