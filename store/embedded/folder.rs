//! The data folder: made when missing, and held by one process at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::error::StoreError;

/// A data folder that this process holds until the value is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder when it is missing, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let unusable = |source: io::Error| StoreError::Folder { folder: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = private(&path.join("ihs.lock")).map_err(unusable)?;
        // SQLite gives its other files the permissions of this one.
        private(&path.join("ihs.db")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// The database file in it.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("ihs.db")
    }
}

/// Opens a file, made when it is missing for nobody but this user to read.
fn private(file: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file)
}
