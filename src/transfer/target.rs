//! The runs of an export as a store: each in one commit with a mark that says how far it is, so that
//! whatever ends an import, the same command goes on where it was.

use std::{slice, time::Duration};

use ihs_store::{
    Change, Collection, Document, Filter, LogEntry, Query, RoomId, Store, StoreError, Write,
    document::{id_of, text},
    error::LOG,
};
use serde_json::Value;
use tokio::time::sleep;

use super::{ROOMS, line::Item, reader::Run};
use crate::failure::Failure;

/// The collection of the mark, which is empty when no import is under way.
const IMPORTS: &str = "imports";

/// The mark.
const MARK: &str = "import";

/// How often a commit is tried that the store could not do just then: with the pauses between them
/// for longer than MongoDB keeps the transaction of a process that was killed, which is a minute.
const TRIES: u32 = 8;

/// The longest pause is so many seconds, as a power of two.
const LONGEST_PAUSE: u32 = 4;

/// A store that is filled.
pub(crate) struct Target<'a> {
    store: &'a dyn Store,
    collections: &'a [&'static str],
    lines: u64,
    /// The last room with a log, if it is left out.
    left_out: Option<RoomId>,
}

impl<'a> Target<'a> {
    /// Takes a store for the import of a file with this hash; `None` for a stream, which nothing can
    /// go on with. The store is empty, or has a part of this very file.
    pub(crate) async fn open(
        store: &'a dyn Store,
        collections: &'a [&'static str],
        file: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut target = Self { store, collections, lines: 0, left_out: None };
        match mark_in(store).await? {
            Some(mark) if file == mark.get("file").and_then(Value::as_str) && file.is_some() => {
                target.lines = lines_of(&mark);
            }
            Some(_) => {
                return Err(Failure::failed(
                    "the store has a part of another import: finish that one, with the same file, \
                     or empty the store",
                ));
            }
            None => {
                target.refuse_unless_empty().await?;
                target.mark(file).await?;
            }
        }
        Ok(target)
    }

    /// So many lines of the file are stored.
    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }

    async fn refuse_unless_empty(&self) -> Result<(), Failure> {
        for collection in self.collections {
            let any = Query::new(collection, Filter::everything(), 1);
            if !self.store.find(any).await.map_err(unread)?.is_empty() {
                return Err(Failure::failed(format!(
                    "the store is not empty, it has {collection}: import into an empty one"
                )));
            }
        }
        Ok(())
    }

    async fn mark(&self, file: Option<&str>) -> Result<(), Failure> {
        let document = Document::from_iter([
            ("_id".to_owned(), MARK.into()),
            ("file".to_owned(), file.into()),
            ("lines".to_owned(), 0.into()),
        ]);
        let mark = Write::Insert { collection: IMPORTS, document };
        self.store.commit(vec![mark]).await.map(drop).map_err(|error| match error {
            StoreError::Taken { .. } => another(),
            error => unwritten(error),
        })
    }

    /// Stores a run; with the last one the mark is gone.
    pub(crate) async fn write(&mut self, run: Run) -> Result<(), Failure> {
        let (lines, is_last) = (run.lines, run.is_last);
        let mut writes = self.writes(run.items).await?;
        let here = Filter::id(MARK).and(Filter::eq("lines", self.lines));
        writes.push(if is_last {
            Write::Delete { collection: IMPORTS, filter: here }
        } else {
            let change = Change::set("lines", lines);
            Write::Update { collection: IMPORTS, filter: here, change }
        });
        self.commit(writes, lines, is_last).await?;
        self.lines = lines;
        Ok(())
    }

    /// What stores these items: insertions, and logs room by room.
    async fn writes(&mut self, items: Vec<Item>) -> Result<Vec<Write>, Failure> {
        let mut writes: Vec<Write> = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Document { collection, document } => {
                    let known = self.collections.iter().copied().find(|name| *name == collection);
                    let unknown =
                        || Failure::failed(format!("there is no collection {collection}"));
                    let collection = known.ok_or_else(unknown)?;
                    writes.push(Write::Insert { collection, document });
                }
                Item::Entry { room, entry } => self.log(&mut writes, room, entry).await?,
            }
        }
        Ok(writes)
    }

    /// Adds an entry. A room that was made during the export may have a log, but no document: what
    /// nobody could ever read is left out.
    async fn log(
        &mut self,
        writes: &mut Vec<Write>,
        room: RoomId,
        entry: LogEntry,
    ) -> Result<(), Failure> {
        if let Some(Write::Restore { room: last, entries }) = writes.last_mut()
            && *last == room
        {
            entries.push(entry);
            return Ok(());
        }
        if self.left_out != Some(room) {
            self.left_out = (!self.has_room(writes, room).await?).then_some(room);
        }
        if self.left_out.is_none() {
            writes.push(Write::Restore { room, entries: vec![entry] });
        }
        Ok(())
    }

    async fn has_room(&self, writes: &[Write], room: RoomId) -> Result<bool, Failure> {
        let id = room.to_string();
        let is_new = writes.iter().any(|write| match write {
            Write::Insert { collection, document } => {
                *collection == ROOMS && text(document, "_id") == id
            }
            _ => false,
        });
        Ok(is_new || self.store.get(ROOMS, &id).await.map_err(unread)?.is_some())
    }

    async fn commit(
        &self,
        mut writes: Vec<Write>,
        lines: u64,
        is_last: bool,
    ) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            let Err(error) = self.store.commit(writes.clone()).await else { return Ok(()) };
            let is_passing = error.is_retryable() && tries < TRIES;
            if is_passing {
                tracing::warn!(%error, "trying again");
                sleep(Duration::from_secs(1 << tries.min(LONGEST_PAUSE))).await;
                tries += 1;
            }
            // A try before this one may have been done after all.
            if self.is_done(lines, is_last).await {
                return Ok(());
            }
            match error {
                _ if is_passing => {}
                StoreError::Taken { write, collection, .. } if collection != LOG => {
                    self.pass_document(&mut writes, write).await?;
                }
                StoreError::SeqTaken | StoreError::Taken { .. } => {
                    self.pass_entries(&mut writes, error).await?;
                }
                StoreError::Unmatched { .. } => return Err(another()),
                error => return Err(unwritten(error)),
            }
        }
    }

    /// Whether a commit of unknown outcome was done. When that cannot be said now, the next try will
    /// fail on the mark at the latest.
    async fn is_done(&self, lines: u64, is_last: bool) -> bool {
        match self.store.get(IMPORTS, MARK).await {
            Ok(Some(mark)) => lines_of(&mark) == lines && !is_last,
            Ok(None) => is_last,
            Err(_) => false,
        }
    }

    /// Leaves out a document that is there already, just as it is in the file.
    async fn pass_document(&self, writes: &mut Vec<Write>, at: usize) -> Result<(), Failure> {
        let Some(Write::Insert { collection, document }) = writes.get(at) else {
            return Err(another());
        };
        let id = id_of(document).unwrap_or_default();
        let there = self.store.get(collection, id).await.map_err(unread)?;
        if there.as_ref() != Some(document) {
            return Err(Failure::failed(format!(
                "{collection} has another document in the place of {id}: somebody else writes into \
                 the store"
            )));
        }
        writes.remove(at);
        Ok(())
    }

    /// Leaves out the entries that are there already, just as they are in the file.
    async fn pass_entries(&self, writes: &mut [Write], refused: StoreError) -> Result<(), Failure> {
        let mut passed = 0;
        for write in writes {
            let Write::Restore { room, entries } = write else { continue };
            let Some(first) = entries.first() else { continue };
            let before = ihs_store::Seq::new(first.seq.get().saturating_sub(1));
            let limit = entries.len() as u64;
            let there = self.store.log_after(*room, before, limit).await.map_err(unread)?;
            if let Some((_, entry)) = there.iter().zip(&*entries).find(|(one, other)| one != other)
            {
                return Err(Failure::failed(format!(
                    "the log of room {room} has another entry in the place of {}: somebody else \
                     writes into the store",
                    entry.seq
                )));
            }
            passed += there.len();
            entries.drain(..there.len());
        }
        if passed > 0 { Ok(()) } else { Err(unwritten(refused)) }
    }
}

/// Refuses a store that an import has not finished: it is not whole.
pub(crate) async fn refuse_half(store: &dyn Store) -> Result<(), Failure> {
    match mark_in(store).await? {
        None => Ok(()),
        Some(_) => Err(Failure::failed(
            "the store has a part of an import: finish that first, with the same command, or begin \
             anew in an empty store",
        )),
    }
}

/// The mark of the import that is under way.
async fn mark_in(store: &dyn Store) -> Result<Option<Document>, Failure> {
    let marks = Collection { name: IMPORTS, indexes: Vec::new(), searched: Vec::new() };
    store.prepare(slice::from_ref(&marks)).await.map_err(unprepared)?;
    store.get(IMPORTS, MARK).await.map_err(unread)
}

fn lines_of(mark: &Document) -> u64 {
    mark.get("lines").and_then(Value::as_u64).unwrap_or_default()
}

fn another() -> Failure {
    Failure::failed("another import into this store is under way")
}

fn unprepared(error: StoreError) -> Failure {
    Failure::failed("the store cannot be prepared").because(error)
}

fn unread(error: StoreError) -> Failure {
    Failure::failed("the store cannot be read").because(error)
}

fn unwritten(error: StoreError) -> Failure {
    Failure::failed("the store cannot be written").because(error)
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
