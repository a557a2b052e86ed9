//! The file of an export on its way: under a temporary name, for its owner's eyes only, until it is
//! complete.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, BufReader, BufWriter, Seek as _, SeekFrom},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use ihs_api::audit;
use ihs_store::Document;

use super::{
    line::{Header, Item},
    position::Position,
    reader::{Broken, Reader},
    seal::Seal,
    writer::Writer,
};
use crate::failure::Failure;

/// Its owner reads and writes it, and nobody else.
const PRIVATE: u32 = 0o600;

/// What the name of an unfinished file ends with.
const SUFFIX: &str = ".part";

/// A file that is not complete.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

/// What an earlier export left behind, up to its last checkpoint.
#[derive(Debug)]
pub(crate) struct Begun {
    /// Its first line.
    pub(crate) header: Header,
    /// The seal of its lines.
    pub(crate) seal: Seal,
    /// Its last item.
    pub(crate) position: Position,
    /// Where the audit log ends in it, if it is so far.
    pub(crate) audit: Option<Document>,
    /// Whether it lacks nothing but its name.
    pub(crate) is_complete: bool,
}

impl Part {
    /// Takes the temporary file of a target, which must not be there.
    pub(crate) fn open(target: &Path) -> Result<Self, Failure> {
        let mut path = target.as_os_str().to_owned();
        path.push(SUFFIX);
        let path = PathBuf::from(path);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(PRIVATE)
            .open(&path);
        let file = opened.map_err(|error| cannot_write(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another export is writing {}", path.display());
                return Err(Failure::failed(message));
            }
            Err(TryLockError::Error(error)) => return Err(cannot_write(&path, error)),
        }
        let part = Self { file, path, target: target.to_owned() };
        part.refuse_to_replace()?;
        let private = part.file.set_permissions(Permissions::from_mode(PRIVATE));
        private.map_err(|error| part.failed(error))?;
        Ok(part)
    }

    /// A complete file is never written over.
    fn refuse_to_replace(&self) -> Result<(), Failure> {
        if !self.target.exists() {
            return Ok(());
        }
        if self.file.metadata().is_ok_and(|made| made.len() == 0) {
            // It was made a moment ago, for nothing.
            let _ = fs::remove_file(&self.path);
        }
        Err(Failure::failed(format!("{} is there already", self.target.display())))
    }

    /// What an earlier export left behind; `None` when that is less than a line.
    pub(crate) fn begun(&self) -> Result<Option<Begun>, Broken> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = match Reader::open(BufReader::new(file)) {
            Ok(reader) => reader,
            Err(Broken::CutOff { .. }) => return Ok(None),
            Err(broken) => return Err(broken),
        };
        let (mut position, mut audit, mut is_complete) = (Position::Start, None, false);
        loop {
            match reader.next_run() {
                Ok(Some(run)) => {
                    position = run.items.last().map_or(position, Position::from);
                    is_complete = run.is_last;
                    audit = run.items.into_iter().find_map(end_of_audit).or(audit);
                }
                Err(Broken::Unreadable(error)) => return Err(error.into()),
                Ok(None) | Err(_) => break,
            }
        }
        let (header, seal) = (reader.header().clone(), reader.seal().clone());
        Ok(Some(Begun { header, seal, position, audit, is_complete }))
    }

    /// Writes it from the beginning.
    pub(crate) fn begin(&self, header: &Header) -> io::Result<Writer<BufWriter<&File>>> {
        Writer::begin(self.behind(0)?, header)
    }

    /// Writes it on behind what this seal is of. What follows there is cut off.
    pub(crate) fn resume(&self, seal: Seal) -> io::Result<Writer<BufWriter<&File>>> {
        Ok(Writer::resume(self.behind(seal.bytes())?, seal))
    }

    fn behind(&self, bytes: u64) -> io::Result<BufWriter<&File>> {
        let mut file = &self.file;
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        Ok(BufWriter::with_capacity(256 * 1024, file))
    }

    /// Makes it durable, and gives it its name.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let folder = self.target.parent().filter(|path| !path.as_os_str().is_empty());
        let named = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, &self.target))
            .and_then(|()| File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
        named.map_err(|error| self.failed(error))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// It cannot be written.
    pub(crate) fn failed(&self, error: io::Error) -> Failure {
        cannot_write(&self.path, error)
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written", path.display())).because(error)
}

fn end_of_audit(item: Item) -> Option<Document> {
    match item {
        Item::Document { collection, document } => (collection == audit::HEADS).then_some(document),
        Item::Entry { .. } => None,
    }
}

#[cfg(test)]
#[path = "part_tests.rs"]
mod tests;
