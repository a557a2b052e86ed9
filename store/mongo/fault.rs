//! MongoDB's errors as the port means them.

use mongodb::error::{
    Error, ErrorKind, NO_WRITES_PERFORMED, SYSTEM_OVERLOADED_ERROR, TRANSIENT_TRANSACTION_ERROR,
    WriteFailure,
};

use crate::{
    document::InvalidDocument,
    error::{Cause, StoreError},
};

/// A write broke a unique index.
const DUPLICATE: i32 = 11_000;

/// Two transactions wrote the same document.
const CONFLICT: i32 = 112;

/// The document is too large.
const TOO_LARGE: [i32; 4] = [10_334, 17_280, 17_419, 17_420];

/// The stages of [`super::translate::change`] met a field of the wrong kind: type mismatch,
/// failed conversion, and the operators' own numbers for the same.
const WRONG_KIND: [i32; 7] = [14, 241, 16_554, 28_651, 28_664, 40_081, 9_534_700];

/// The server cannot serve just now: not primary, stepping down, shutting down, recovering,
/// network trouble within the cluster, a stale view of it, or time ran out.
const BUSY: [i32; 17] = [
    6, 7, 50, 89, 91, 134, 189, 202, 262, 9_001, 10_058, 10_107, 11_600, 11_602, 13_388, 13_435,
    13_436,
];

/// Refused before anything was executed: this server is not the primary.
const NOT_PRIMARY: [i32; 3] = [10_058, 10_107, 13_435];

/// Why one write was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The port refuses it.
    Refused(StoreError),
    /// MongoDB could not do it.
    Mongo(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Mongo(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    /// For a write outside a transaction.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Mongo(error) => write(error),
        }
    }

    /// For a write within a transaction that was not committed: nothing of it is left.
    pub(super) fn into_undone(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Mongo(error) => refused(&error).unwrap_or_else(|| read(error)),
        }
    }

    /// Whether the whole transaction may be tried again.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Mongo(error) => {
                error.contains_label(TRANSIENT_TRANSACTION_ERROR) || code(error) == Some(CONFLICT)
            }
        }
    }
}

/// A fault of what is stored, or of the caller's use of the port.
pub(super) fn failed(cause: impl Into<Cause>) -> StoreError {
    StoreError::Failed(cause.into())
}

/// A read that failed, or anything else that left nothing behind.
pub(super) fn read(error: Error) -> StoreError {
    let is_passing = match &*error.kind {
        ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::Shutdown => true,
        _ => code(&error).is_some_and(|code| BUSY.contains(&code) || code == CONFLICT),
    };
    if is_passing || error.contains_label(SYSTEM_OVERLOADED_ERROR) {
        StoreError::Unavailable(Box::new(error))
    } else {
        StoreError::Failed(Box::new(error))
    }
}

/// A write that failed. What may have reached a server has an unknown outcome, unless the server
/// said that it did nothing. (The driver retries a write once, and of two errors reports the one
/// that may have done something.)
pub(super) fn write(error: Error) -> StoreError {
    if let Some(refused) = refused(&error) {
        return refused;
    }
    let is_unknown = match &*error.kind {
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => true,
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        ErrorKind::InsertMany(many) if many.write_concern_error.is_some() => true,
        _ => code(&error).is_some_and(|code| BUSY.contains(&code) && !NOT_PRIMARY.contains(&code)),
    };
    let is_certain =
        error.contains_label(NO_WRITES_PERFORMED) || error.contains_label(SYSTEM_OVERLOADED_ERROR);
    if is_unknown && !is_certain {
        StoreError::OutcomeUnknown(Box::new(error))
    } else {
        read(error)
    }
}

/// What the server refused because of the document itself.
fn refused(error: &Error) -> Option<StoreError> {
    let code = code(error)?;
    if TOO_LARGE.contains(&code) {
        Some(InvalidDocument::Size.into())
    } else if WRONG_KIND.contains(&code) {
        Some(InvalidDocument::Field("?".to_owned()).into())
    } else {
        None
    }
}

/// The server's number for what went wrong, and its words.
fn code_and_message(error: &Error) -> Option<(i32, &str)> {
    match &*error.kind {
        ErrorKind::Command(command) => Some((command.code, &command.message)),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some((write.code, &write.message)),
        ErrorKind::InsertMany(many) => {
            let write = many.write_errors.as_ref()?.first()?;
            Some((write.code, &write.message))
        }
        _ => None,
    }
}

/// The server's number for what went wrong.
pub(super) fn code(error: &Error) -> Option<i32> {
    code_and_message(error).map(|(code, _)| code)
}

/// The unique index that a write broke, as it is called in the database.
pub(super) fn violated_index(error: &Error) -> Option<&str> {
    let (code, message) = code_and_message(error)?;
    if code != DUPLICATE {
        return None;
    }
    let (_, rest) = message.split_once(" index: ")?;
    rest.split_once(" dup key").map(|(name, _)| name)
}

/// Which of many insertions failed, and whether it is certain that those before it are durable.
pub(super) fn failed_insertion(error: &Error) -> Option<usize> {
    match &*error.kind {
        ErrorKind::InsertMany(many) if many.write_concern_error.is_none() => {
            many.write_errors.as_ref()?.first().map(|write| write.index)
        }
        _ => None,
    }
}
