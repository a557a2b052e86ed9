//! SQLite's errors as the port means them.

use std::fmt;

use rusqlite::ErrorCode;

use crate::{
    document::InvalidDocument,
    error::{Cause, StoreError},
};

/// Why one piece of work inside a transaction was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The port refuses it.
    Refused(StoreError),
    /// SQLite could not do it.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<InvalidDocument> for Fault {
    fn from(error: InvalidDocument) -> Self {
        Self::Refused(error.into())
    }
}

impl Fault {
    /// What the caller is told, once nothing of the work is left.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Sqlite(error) => undone(error),
        }
    }

    /// What the caller is told, when a part of the work may stay.
    pub(super) fn into_partly(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Sqlite(error) => StoreError::OutcomeUnknown(Box::new(error)),
        }
    }
}

/// What happened to a whole transaction that was lost.
#[derive(Debug, Clone)]
pub(super) enum Lost {
    /// Nothing of it was done.
    Undone(String),
    /// It may or may not outlive a crash.
    Unknown(String),
}

impl Lost {
    /// For a transaction that failed before its end.
    pub(super) fn before_commit(error: &rusqlite::Error) -> Self {
        Self::Undone(error.to_string())
    }

    /// For a commit that failed. Only when the log could not even be written is it certain that
    /// no later recovery finds it.
    pub(super) fn at_commit(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Undone(error.to_string())
            }
            _ => Self::Unknown(error.to_string()),
        }
    }

    /// What each caller in the transaction is told.
    pub(super) fn error(&self) -> StoreError {
        match self {
            Self::Undone(text) => StoreError::Unavailable(text.clone().into()),
            Self::Unknown(text) => StoreError::OutcomeUnknown(text.clone().into()),
        }
    }
}

/// A failure after which nothing is left of the work.
pub(super) fn undone(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OperationInterrupted
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure,
        ) => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Failed(Box::new(error)),
    }
}

/// A fault of what is stored, or of the caller's use of the port.
pub(super) fn failed(cause: impl Into<Cause>) -> StoreError {
    StoreError::Failed(cause.into())
}

/// A store that is closed or too busy.
pub(super) fn unavailable(cause: impl Into<Cause>) -> StoreError {
    StoreError::Unavailable(cause.into())
}

/// The unique index that an error names, as it is called in the database.
pub(super) fn violated_index(error: &rusqlite::Error) -> Option<&str> {
    match error {
        rusqlite::Error::SqliteFailure(failure, Some(text))
            if failure.code == ErrorCode::ConstraintViolation =>
        {
            let named = text.strip_prefix("UNIQUE constraint failed: ")?;
            let quoted = named.strip_prefix("index '").and_then(|name| name.strip_suffix('\''));
            Some(quoted.unwrap_or("_id"))
        }
        _ => None,
    }
}

/// A collection that `prepare` was not called for.
#[derive(Debug)]
pub(super) struct Unprepared(pub(super) String);

impl fmt::Display for Unprepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the collection {} is not prepared", self.0)
    }
}

impl std::error::Error for Unprepared {}
