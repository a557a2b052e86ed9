//! The data folder: made when missing, and held by one process at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
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
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("ihs.lock"))
            .map_err(unusable)?;
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
