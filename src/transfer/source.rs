//! A store as the lines of an export: its documents by collection and `_id`, and then the logs by
//! room and seq, page by page.

use std::io::Write;

use ihs_api::audit;
use ihs_store::{
    Document, Filter, Query, RoomId, Seq, Sort, Store, StoreError,
    document::{id_of, text},
};
use indicatif::ProgressBar;
use serde_json::Value;

use super::{ROOMS, line, position::Position, writer::Writer};
use crate::failure::Failure;

/// So many items are read at a time at most, and so many at first.
const MOST: u64 = 1_000;
const FIRST: u64 = 50;

/// Pages become smaller when they have more bytes.
const PAGE_BYTES: u64 = 1024 * 1024;

/// Rooms whose names are read at a time.
const ROOMS_AT_ONCE: u64 = 100;

/// A store on its way to a file.
pub(crate) struct Source<'a, W> {
    /// The store.
    pub(crate) store: &'a dyn Store,
    /// Where its lines go.
    pub(crate) writer: Writer<W>,
    /// How far it is.
    pub(crate) progress: &'a ProgressBar,
    /// Where the audit log ended when the export came to it.
    pub(crate) audit: Option<Document>,
}

/// How many items are read at a time, by the size of those before.
struct Pages {
    size: u64,
}

impl Pages {
    const fn new() -> Self {
        Self { size: FIRST }
    }

    fn learn(&mut self, bytes: u64) {
        self.size = if bytes > PAGE_BYTES { self.size / 2 } else { self.size * 2 }.clamp(1, MOST);
    }
}

/// What the first line says of these collections.
pub(crate) async fn parts(store: &dyn Store, collections: &[&'static str]) -> Vec<line::Part> {
    let mut parts = Vec::with_capacity(collections.len());
    for collection in collections {
        // It is only for the bar: counting may take longer than a call may.
        let documents = store.count(collection, Filter::everything()).await.ok();
        parts.push(line::Part { name: (*collection).to_owned(), documents });
    }
    parts
}

impl<W: Write> Source<'_, W> {
    /// Writes everything behind a position.
    pub(crate) async fn write(
        &mut self,
        collections: &[&'static str],
        from: &Position,
    ) -> Result<(), Failure> {
        let (first, after) = match from {
            Position::Start => (collections.first().copied(), None),
            Position::Document { collection, id } => {
                (collections.iter().copied().find(|name| name == collection), Some(id.clone()))
            }
            Position::Entry { .. } => (None, None),
        };
        let mut left = collections.iter().skip_while(|name| Some(**name) != first);
        if let Some(collection) = left.next() {
            self.collection(collection, after).await?;
        }
        for collection in left {
            self.collection(collection, None).await?;
        }
        self.logs(from).await
    }

    async fn collection(
        &mut self,
        collection: &'static str,
        mut after: Option<String>,
    ) -> Result<(), Failure> {
        if collection == audit::HEADS {
            return if after.is_some() { Ok(()) } else { self.end_of_audit().await };
        }
        let mut pages = Pages::new();
        loop {
            let mut page = page(collection, after.take(), pages.size);
            if collection == audit::ENTRIES {
                page.filter = self.audited();
            }
            let documents = self.store.find(page).await.map_err(unread)?;
            let Some(last) = documents.last() else { return Ok(()) };
            after = Some(text(last, "_id").to_owned());
            let (count, before) = (documents.len() as u64, self.writer.bytes());
            for document in documents {
                let document = id_first(document);
                self.writer.document(collection, &document).map_err(unwritten)?;
            }
            self.progress.inc(count);
            pages.learn(self.writer.bytes() - before);
        }
    }

    /// What the file has of the entries of the audit log: those up to where it ended.
    fn audited(&self) -> Filter {
        let end = self.audit.as_ref().and_then(|end| end.get("n"));
        end.map_or_else(Filter::nothing, |n| Filter::Lte("n", n.clone()))
    }

    /// Writes where they end, before them and behind all that they tell of: an entry that is neither
    /// there nor in the outbox, which was copied before, is of something later.
    async fn end_of_audit(&mut self) -> Result<(), Failure> {
        self.audit = audit::end_of_chain(self.store).await.map_err(unread)?;
        let Some(end) = &self.audit else { return Ok(()) };
        self.writer.document(audit::HEADS, &id_first(end.clone())).map_err(unwritten)?;
        self.progress.inc(1);
        Ok(())
    }

    /// The logs of all rooms. One that is made meanwhile may be among them although its document
    /// was not: an import leaves its log out.
    async fn logs(&mut self, from: &Position) -> Result<(), Failure> {
        let mut after = None;
        if let Position::Entry { room, seq } = from {
            self.log(*room, *seq).await?;
            after = Some(room.to_string());
        }
        loop {
            let page = page(ROOMS, after.take(), ROOMS_AT_ONCE);
            let rooms = self.store.find(page).await.map_err(unread)?;
            let Some(last) = rooms.last() else { return Ok(()) };
            after = Some(text(last, "_id").to_owned());
            for room in &rooms {
                self.log(room_of(room)?, Seq::ZERO).await?;
            }
        }
    }

    async fn log(&mut self, room: RoomId, mut after: Seq) -> Result<(), Failure> {
        let mut pages = Pages::new();
        loop {
            let entries = self.store.log_after(room, after, pages.size).await.map_err(unread)?;
            let (count, before) = (entries.len() as u64, self.writer.bytes());
            for entry in &entries {
                self.writer.entry(room, entry).map_err(unwritten)?;
                after = entry.seq;
            }
            self.progress.inc_length(count);
            self.progress.inc(count);
            if count < pages.size {
                return Ok(());
            }
            pages.learn(self.writer.bytes() - before);
        }
    }
}

/// The documents of a collection behind this one, by `_id`.
fn page(collection: &'static str, after: Option<String>, limit: u64) -> Query {
    let mut query = Query::new(collection, Filter::everything(), limit);
    query.sort = vec![Sort::ascending("_id")];
    query.after = after.map(|id| vec![Value::String(id)]);
    query
}

/// To MongoDB `_id` is always the first field: files of both stores are alike.
fn id_first(mut document: Document) -> Document {
    if document.keys().next().is_none_or(|first| first == "_id") {
        return document;
    }
    let id = document.shift_remove("_id").unwrap_or_default();
    let mut ordered = Document::with_capacity(document.len() + 1);
    ordered.insert("_id".to_owned(), id);
    ordered.extend(document);
    ordered
}

fn room_of(room: &Document) -> Result<RoomId, Failure> {
    let unreadable = |error| Failure::failed("a room has an id that is none").because(error);
    let id = id_of(room).map_err(|error| Failure::failed("a room has no id").because(error))?;
    id.parse().map_err(unreadable)
}

fn unread(error: StoreError) -> Failure {
    Failure::failed("the store cannot be read").because(error)
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::failed("the export cannot be written").because(error)
}
