//! Single writes, within a transaction or without one.

use bson::{Document as BsonDocument, doc};
use mongodb::{ClientSession, error::Error, options::ReturnDocument};

use super::{
    convert::{from_document, to_document},
    entries,
    fault::{Fault, failed_insertion, violated_index},
    inner::Inner,
    shadow, translate,
};
use crate::{
    document::{Document, SEARCH},
    error::{LOG, LOG_KEY, StoreError},
    filter::Filter,
    id::{RoomId, Seq},
    log::{Body, LogEntry},
    write::{Change, Write, Written},
};

/// Runs an action within the session, if there is one.
macro_rules! run {
    ($session:expr, $action:expr) => {
        match $session.as_deref_mut() {
            Some(session) => $action.session(session).await,
            None => $action.await,
        }
    };
}

/// Where writes go.
pub(super) struct Writing<'a> {
    /// The database.
    pub(super) inner: &'a Inner,
    /// The transaction, if any.
    pub(super) session: Option<&'a mut ClientSession>,
}

impl Writing<'_> {
    /// Does one write, which has this position in its commit.
    pub(super) async fn write(&mut self, position: usize, write: &Write) -> Result<Written, Fault> {
        let done = match write {
            Write::Insert { collection, document } => self.insert(collection, document).await,
            Write::Update { collection, filter, change } => {
                self.update(collection, filter, change, position).await
            }
            Write::UpdateEvery { collection, filter, change } => {
                self.update_every(collection, filter, change).await
            }
            Write::Delete { collection, filter } => self.delete(collection, filter, position).await,
            Write::DeleteEvery { collection, filter } => {
                self.delete_every(collection, filter).await
            }
            Write::Append { room, entries } => self.append(*room, entries).await,
            Write::Restore { room, entries } => self.restore(*room, entries).await,
        };
        done.map_err(|fault| taken(fault, position, write))
    }

    /// Does writes that all insert into this collection, in one go. The first has this position in
    /// its commit.
    pub(super) async fn insert_many(
        &mut self,
        position: usize,
        collection: &'static str,
        run: &[Write],
    ) -> Result<Vec<Written>, Fault> {
        let searched = self.inner.searched(collection)?;
        let documents: Vec<BsonDocument> =
            run.iter().filter_map(inserted).map(|document| stored(document, &searched)).collect();
        let into = self.inner.collection(collection);
        match run!(self.session, into.insert_many(documents).ordered(true)) {
            Ok(_) => Ok(vec![Written::Inserted; run.len()]),
            Err(error) => {
                let at = failed_insertion(&error);
                let fault = Fault::from(error);
                Err(match at.and_then(|at| Some((at, run.get(at)?))) {
                    Some((at, write)) => taken(fault, position + at, write),
                    None => fault,
                })
            }
        }
    }

    async fn insert(
        &mut self,
        collection: &'static str,
        document: &Document,
    ) -> Result<Written, Fault> {
        let searched = self.inner.searched(collection)?;
        let stored = stored(document, &searched);
        let documents = self.inner.collection(collection);
        run!(self.session, documents.insert_one(stored))?;
        Ok(Written::Inserted)
    }

    async fn update(
        &mut self,
        collection: &'static str,
        filter: &Filter,
        change: &Change,
        write: usize,
    ) -> Result<Written, Fault> {
        let searched = self.inner.searched(collection)?;
        let filter = translate::filter(filter, &searched)?;
        let documents = self.inner.collection(collection);
        let found = if *change == Change::default() {
            run!(self.session, documents.find_one(filter).projection(doc! { SEARCH: 0 }))?
        } else {
            let action = documents
                .find_one_and_update(filter, translate::change(change, &searched))
                .projection(doc! { SEARCH: 0 })
                .return_document(ReturnDocument::After);
            run!(self.session, action)?
        };
        let after = found.ok_or(StoreError::Unmatched { write })?;
        Ok(Written::Updated(from_document(after)?))
    }

    async fn update_every(
        &mut self,
        collection: &'static str,
        filter: &Filter,
        change: &Change,
    ) -> Result<Written, Fault> {
        let searched = self.inner.searched(collection)?;
        let filter = translate::filter(filter, &searched)?;
        let documents = self.inner.collection(collection);
        if *change == Change::default() {
            let count = run!(self.session, documents.count_documents(filter))?;
            return Ok(Written::Count(count));
        }
        let change = translate::change(change, &searched);
        let done = run!(self.session, documents.update_many(filter, change))?;
        Ok(Written::Count(done.matched_count))
    }

    async fn delete(
        &mut self,
        collection: &'static str,
        filter: &Filter,
        write: usize,
    ) -> Result<Written, Fault> {
        let filter = translate::filter(filter, &self.inner.searched(collection)?)?;
        let documents = self.inner.collection(collection);
        let action = documents.find_one_and_delete(filter).projection(doc! { SEARCH: 0 });
        let before = run!(self.session, action)?.ok_or(StoreError::Unmatched { write })?;
        Ok(Written::Deleted(from_document(before)?))
    }

    async fn delete_every(
        &mut self,
        collection: &'static str,
        filter: &Filter,
    ) -> Result<Written, Fault> {
        let filter = translate::filter(filter, &self.inner.searched(collection)?)?;
        let documents = self.inner.collection(collection);
        let done = run!(self.session, documents.delete_many(filter))?;
        Ok(Written::Count(done.deleted_count))
    }

    async fn append(&mut self, room: RoomId, entries: &[LogEntry]) -> Result<Written, Fault> {
        self.go_on(room, entries).await?;
        for entry in entries {
            self.append_one(room, entry).await?;
        }
        Ok(Written::Appended)
    }

    /// Whether these entries are in a row and go on where the log ends.
    async fn go_on(&mut self, room: RoomId, entries: &[LogEntry]) -> Result<(), Fault> {
        if let Some(first) = entries.first() {
            let in_row =
                entries.iter().zip(first.seq.get()..).all(|(entry, seq)| entry.seq.get() == seq);
            if !in_row || !self.follows(room, first.seq).await? {
                return Err(StoreError::SeqTaken.into());
            }
        }
        Ok(())
    }

    /// Stores entries as they are, all at once, and then does to their targets what they say.
    async fn restore(&mut self, room: RoomId, entries: &[LogEntry]) -> Result<Written, Fault> {
        self.go_on(room, entries).await?;
        let documents: Vec<BsonDocument> =
            entries.iter().map(|entry| entries::to_document(room, entry)).collect();
        if documents.is_empty() {
            return Ok(Written::Appended);
        }
        let log = &self.inner.log;
        run!(self.session, log.insert_many(documents).ordered(true))?;
        for entry in entries {
            match &entry.body {
                Body::Edited { target, text } => {
                    let mut message = message_at(room, *target);
                    message.insert("deleted", false);
                    self.set_text(message, entry, text).await?;
                }
                Body::Deleted { target } => {
                    self.set_deleted(message_at(room, *target), room, entry, *target).await?;
                }
                Body::Message { .. } | Body::Members { .. } => {}
            }
        }
        Ok(Written::Appended)
    }

    /// Whether an entry with this seq would leave no gap. Entries are never removed, so what is
    /// there when it is looked for is still there when the entry is inserted, which is what
    /// proves that no two nodes, however they race, can make a gap: each entry is inserted only
    /// after its predecessor was there.
    pub(super) async fn follows(&mut self, room: RoomId, seq: Seq) -> Result<bool, Fault> {
        let Some(before) = seq.get().checked_sub(1) else {
            return Ok(false);
        };
        Ok(before == 0 || self.is_taken(room, Seq::new(before)).await?)
    }

    async fn is_taken(&mut self, room: RoomId, seq: Seq) -> Result<bool, Fault> {
        let place = doc! {"_id": entries::place(room, seq)};
        let log = &self.inner.log;
        let found = run!(self.session, log.find_one(place).projection(doc! {"_id": 1}))?;
        Ok(found.is_some())
    }

    async fn append_one(&mut self, room: RoomId, entry: &LogEntry) -> Result<(), Fault> {
        match &entry.body {
            Body::Edited { target, text } => self.edit(room, entry, *target, text).await?,
            Body::Deleted { target } => self.empty(room, entry, *target).await?,
            Body::Message { .. } | Body::Members { .. } => {}
        }
        let log = &self.inner.log;
        run!(self.session, log.insert_one(entries::to_document(room, entry)))?;
        Ok(())
    }

    /// Replaces the text of a message.
    async fn edit(
        &mut self,
        room: RoomId,
        by: &LogEntry,
        target: Seq,
        text: &str,
    ) -> Result<(), Fault> {
        let message = self.there(room, by, target).await?;
        self.set_text(message, by, text).await
    }

    async fn set_text(
        &mut self,
        message: BsonDocument,
        by: &LogEntry,
        text: &str,
    ) -> Result<(), Fault> {
        let change = doc! {"$set": {
            "text": text, "edited": true,
            "amended": by.seq.get().cast_signed(), "updated": by.time.millis(),
        }};
        let log = &self.inner.log;
        run!(self.session, log.update_one(message, change))?;
        Ok(())
    }

    /// Where the message stands that an entry changes, if it is not deleted.
    async fn there(
        &mut self,
        room: RoomId,
        by: &LogEntry,
        target: Seq,
    ) -> Result<BsonDocument, Fault> {
        let target = message_at(room, target);
        let log = &self.inner.log;
        let found = run!(self.session, log.find_one(target.clone()))?;
        if found.is_some_and(|found| found.get_bool("deleted").unwrap_or_default()) {
            // What deleted it may be this very entry, by an earlier try of unknown outcome.
            let is_taken = self.is_taken(room, by.seq).await?;
            let refused = if is_taken { StoreError::SeqTaken } else { StoreError::TargetGone };
            return Err(refused.into());
        }
        Ok(target)
    }

    /// Empties a message and its edits.
    async fn empty(&mut self, room: RoomId, by: &LogEntry, target: Seq) -> Result<(), Fault> {
        let message = self.there(room, by, target).await?;
        self.set_deleted(message, room, by, target).await
    }

    async fn set_deleted(
        &mut self,
        message: BsonDocument,
        room: RoomId,
        by: &LogEntry,
        target: Seq,
    ) -> Result<(), Fault> {
        let change = doc! {"$set": {
            "text": "", "deleted": true,
            "amended": by.seq.get().cast_signed(), "updated": by.time.millis(),
        }};
        let log = &self.inner.log;
        let done = run!(self.session, log.update_one(message, change))?;
        if done.matched_count > 0 {
            let edits = doc! {
                "room": entries::room_id(room),
                "target": target.get().cast_signed(),
                "kind": entries::EDITED,
            };
            let change = doc! {"$set": {"text": ""}};
            run!(self.session, log.update_many(edits, change))?;
        }
        Ok(())
    }
}

/// The document that a write inserts.
fn inserted(write: &Write) -> Option<&Document> {
    match write {
        Write::Insert { document, .. } => Some(document),
        _ => None,
    }
}

/// A document as it is stored, with its shadow.
fn stored(document: &Document, searched: &[&'static str]) -> BsonDocument {
    let mut stored = to_document(document);
    if let Some(shadow) = shadow::of(document, searched) {
        stored.insert(SEARCH, shadow);
    }
    stored
}

/// A message, if there is one with this seq.
fn message_at(room: RoomId, seq: Seq) -> BsonDocument {
    doc! {"_id": entries::place(room, seq), "kind": entries::MESSAGE}
}

/// A duplicate key as the port means it.
fn taken(fault: Fault, position: usize, write: &Write) -> Fault {
    let Fault::Mongo(error) = &fault else {
        return fault;
    };
    let Some(index) = violated_index(error) else {
        return fault;
    };
    let taken = |collection: &str, index: &str| StoreError::Taken {
        write: position,
        collection: collection.to_owned(),
        index: index.to_owned(),
    };
    let refused = match write {
        Write::Append { .. } | Write::Restore { .. } if index == LOG_KEY => taken(LOG, LOG_KEY),
        Write::Append { .. } | Write::Restore { .. } => StoreError::SeqTaken,
        Write::Insert { collection, .. }
        | Write::Update { collection, .. }
        | Write::UpdateEvery { collection, .. }
        | Write::Delete { collection, .. }
        | Write::DeleteEvery { collection, .. } => {
            taken(collection, if index == "_id_" { "_id" } else { index })
        }
    };
    refused.into()
}

/// Inserts, all into this collection, one after the other, and then these writes, each by itself.
pub(super) async fn in_order(
    inner: &Inner,
    collection: &'static str,
    inserts: &[Write],
    then: &[Write],
) -> Result<Vec<Written>, StoreError> {
    let mut writing = Writing { inner, session: None };
    if !inserts.is_empty() {
        writing.insert_many(0, collection, inserts).await.map_err(Fault::into_error)?;
    }
    let mut written = Vec::with_capacity(then.len());
    for (position, write) in (inserts.len()..).zip(then) {
        let done = writing.write(position, write).await;
        written.push(done.map_err(|fault| match fault.into_error() {
            StoreError::Unavailable(cause) => StoreError::OutcomeUnknown(cause),
            error => error,
        })?);
    }
    Ok(written)
}

/// Inserts entries that change nothing else, one after the other, until one cannot be.
pub(super) async fn insert_entries(
    inner: &Inner,
    room: RoomId,
    entries: &[LogEntry],
) -> Result<(), Error> {
    let documents: Vec<BsonDocument> =
        entries.iter().map(|entry| entries::to_document(room, entry)).collect();
    inner.log.insert_many(documents).ordered(true).await.map(drop)
}
