//! The envelope of a stored record: what no body can reach.

use ihs_store::{Document, Timestamp};

/// Puts a record into its envelope.
pub(crate) fn wrap(mut record: Document, id: &str, owner: &str, now: Timestamp) -> Document {
    record.insert("_id".to_owned(), id.into());
    record.insert("_owner".to_owned(), owner.into());
    record.insert("_version".to_owned(), 1.into());
    record.insert("_created".to_owned(), now.into());
    record.insert("_updated".to_owned(), now.into());
    record
}
