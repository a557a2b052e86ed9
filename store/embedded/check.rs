//! Whether a file is a whole database of ours, found out without changing it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use rusqlite::{Connection, OpenFlags};

use super::connection::{APPLICATION, FORMAT};
use crate::error::{Cause, StoreError};

/// Every SQLite database starts with this.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Databases up to this size are read as a whole; of larger ones only the catalogue.
const SMALL_BYTES: u64 = 16 * 1024 * 1024;

/// Checks the database file, if there is one.
///
/// # Errors
/// [`StoreError::Damaged`] or [`StoreError::TooNew`].
pub(super) fn check(file: &Path) -> Result<(), StoreError> {
    let damaged = |source: Cause| StoreError::Damaged { file: file.to_owned(), source };
    let Some(length) = length(file).map_err(|error| damaged(error.into()))? else {
        return Ok(());
    };
    check_header(file, length).map_err(damaged)?;
    let format = check_content(file, length).map_err(damaged)?;
    if format > FORMAT {
        return Err(StoreError::TooNew { file: file.to_owned(), found: format, known: FORMAT });
    }
    Ok(())
}

/// The length of a file; `None` when it is missing or empty, which is a new database.
fn length(file: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(Some(metadata.len()).filter(|length| *length > 0)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Compares the header with the length. While there is a write-ahead log, the file alone may be
/// shorter than its header says.
fn check_header(file: &Path, length: u64) -> Result<(), Cause> {
    let mut header = [0; 100];
    File::open(file)?.read_exact(&mut header).map_err(|_| "it is shorter than a header")?;
    if !header.starts_with(MAGIC) {
        return Err("it is not a SQLite database".into());
    }
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    if length < page * pages && self::length(Path::new(&log))?.is_none() {
        return Err(format!("it has {length} bytes, not {}", page * pages).into());
    }
    Ok(())
}

/// Reads the format number and the catalogue, and all of a small database.
fn check_content(file: &Path, length: u64) -> Result<i64, Cause> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let format = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables > 0 && number("PRAGMA application_id")? != i64::from(APPLICATION) {
        return Err("it is a database of another application".into());
    }
    if length <= SMALL_BYTES && format <= FORMAT {
        let verdict: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(verdict.into());
        }
    }
    Ok(format)
}
