//! What the writer's thread works with, and how one piece of work is kept apart from the others
//! of its transaction.

use std::sync::Arc;

use rusqlite::Connection;

use super::{
    documents::Writing,
    entries::{self, Origin},
    fault::{Fault, Lost},
    keys::Keys,
    needles::searches,
    prepare,
    recent::Changing,
    roster::{Maker, enrol},
    schema::Schema,
    search::Pending,
    writer::Apart,
};
use crate::{
    collection::Collection,
    error::{LOG, LOG_KEY, StoreError},
    id::RoomId,
    log::{Appended, LogEntry, Stop},
    write::{Write, Written},
};

/// The writer's connection and what is not yet published or written.
#[derive(Debug)]
pub(super) struct Session {
    /// The connection.
    pub(super) connection: Connection,
    /// The schema as this transaction sees it.
    pub(super) schema: Arc<Schema>,
    /// What the search tables lack.
    pub(super) pending: Pending,
    /// What the table of keys lacks.
    pub(super) keys: Keys,
    /// What the documents that are held must not show.
    pub(super) changing: Changing,
    /// Who makes rosters.
    pub(super) maker: Maker,
}

impl Session {
    /// Does a piece of work wholly or not at all.
    ///
    /// # Errors
    /// The outer one when the whole transaction was lost.
    pub(super) fn isolated<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Result<T, StoreError>, Lost> {
        let (mark, keys) = (self.pending.mark(), self.keys.mark());
        let schema = Arc::clone(&self.schema);
        self.execute("SAVEPOINT work")?;
        match work(self) {
            Ok(value) => {
                self.execute("RELEASE work")?;
                Ok(Ok(value))
            }
            Err(fault) => {
                self.pending.forget_behind(mark);
                self.keys.forget_behind(keys);
                self.schema = schema;
                self.undo(&fault)?;
                Ok(Err(fault.into_error()))
            }
        }
    }

    /// Does a piece of work of which, when it fails, a part may stay.
    ///
    /// # Errors
    /// The outer one when the whole transaction was lost.
    pub(super) fn stepwise<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Result<T, StoreError>, Lost> {
        let keys = self.keys.mark();
        match work(self) {
            Ok(value) => Ok(Ok(value)),
            Err(Fault::Sqlite(error)) if self.connection.is_autocommit() => {
                Err(Lost::before_commit(&error))
            }
            Err(fault) => {
                self.keys.forget_behind(keys);
                Ok(Err(fault.into_partly()))
            }
        }
    }

    /// Some failures (a full disk, say) end the whole transaction by themselves.
    fn undo(&self, fault: &Fault) -> Result<(), Lost> {
        match fault {
            Fault::Sqlite(error) if self.connection.is_autocommit() => {
                Err(Lost::before_commit(error))
            }
            _ => self.execute("ROLLBACK TO work").and_then(|()| self.execute("RELEASE work")),
        }
    }

    /// Executes a word of transaction control.
    pub(super) fn execute(&self, sql: &str) -> Result<(), Lost> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(drop)
            .map_err(|error| Lost::before_commit(&error))
    }

    /// Writes what the search tables lack.
    pub(super) fn write_pending(&mut self) -> Result<(), Lost> {
        self.pending.write(&self.connection).map_err(|error| Lost::before_commit(&error))
    }

    /// Appends to a log until an entry cannot be.
    pub(super) fn append(&mut self, room: RoomId, entries: &[LogEntry]) -> Result<Appended, Fault> {
        entries::append(&self.connection, &mut self.keys, room, entries, Origin::New)
    }

    /// Does all writes, or ends at the first that cannot be.
    pub(super) fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, Fault> {
        let mut done = Vec::with_capacity(writes.len());
        for (position, write) in writes.iter().enumerate() {
            done.push(self.write(position, write)?);
        }
        Ok(done)
    }

    fn write(&mut self, position: usize, write: &Write) -> Result<Written, Fault> {
        let mut writing = Writing {
            connection: &self.connection,
            pending: &mut self.pending,
            changing: &mut self.changing,
            write: position,
        };
        let table = |collection: &str| self.schema.table(collection);
        Ok(match write {
            Write::Insert { collection, document } => {
                writing.insert(table(collection)?, document)?;
                Written::Inserted
            }
            Write::Update { collection, filter, change } => {
                Written::Updated(writing.update(table(collection)?, filter, change)?)
            }
            Write::UpdateEvery { collection, filter, change } => {
                Written::Count(writing.update_every(table(collection)?, filter, change)?)
            }
            Write::Delete { collection, filter } => {
                Written::Deleted(writing.delete(table(collection)?, filter)?)
            }
            Write::DeleteEvery { collection, filter } => {
                Written::Count(writing.delete_every(table(collection)?, filter)?)
            }
            Write::Append { room, entries } => {
                self.append_all(position, *room, entries, Origin::New)?
            }
            Write::Restore { room, entries } => {
                self.append_all(position, *room, entries, Origin::Restored)?
            }
        })
    }

    fn append_all(
        &mut self,
        write: usize,
        room: RoomId,
        entries: &[LogEntry],
        origin: Origin,
    ) -> Result<Written, Fault> {
        match entries::append(&self.connection, &mut self.keys, room, entries, origin)?.stop {
            None => Ok(Written::Appended),
            Some(Stop::SeqTaken) => Err(StoreError::SeqTaken.into()),
            Some(Stop::TargetGone) => Err(StoreError::TargetGone.into()),
            Some(Stop::KeyTaken(_)) => Err(StoreError::Taken {
                write,
                collection: LOG.to_owned(),
                index: LOG_KEY.to_owned(),
            }
            .into()),
        }
    }

    /// Brings the database in line with the declarations.
    pub(super) fn prepare(&mut self, collections: &[Collection]) -> Result<(), Fault> {
        self.pending.write(&self.connection)?;
        let mut schema = Schema::clone(&self.schema);
        for collection in collections {
            let table = prepare::collection(&self.connection, collection)?;
            let before = self.schema.known(collection.name);
            let table = Arc::new(table.enrolled(before, &self.maker));
            enrol(&self.connection, &table)?;
            schema.insert(table);
        }
        self.schema = Arc::new(schema);
        Ok(())
    }
}

/// How a commit is kept apart.
pub(super) fn commit_apart(writes: &[Write]) -> Apart {
    let looks_for_text = |write: &Write| match write {
        Write::Update { filter, .. }
        | Write::UpdateEvery { filter, .. }
        | Write::Delete { filter, .. }
        | Write::DeleteEvery { filter, .. } => searches(filter),
        Write::Insert { .. } | Write::Append { .. } | Write::Restore { .. } => false,
    };
    if writes.iter().any(looks_for_text) { Apart::AfterSearch } else { Apart::Wholly }
}

/// How an append is kept apart: entries are stored one after the other until one cannot be, and
/// only one that changes another entry, too, needs more than its own insertion.
pub(super) fn append_apart(entries: &[LogEntry]) -> Apart {
    if entries.iter().any(entries::changes_another) { Apart::Wholly } else { Apart::Stepwise }
}
