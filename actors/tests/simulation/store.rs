//! The store port of a simulated node: calls lie on a desk until the schedule carries them out,
//! and their answers until it hands them over.

use std::sync::Arc;

use async_trait::async_trait;
use ihs_actors::room::membership::{READ_MARKERS, ROOMS};
use ihs_store::{
    Appended, Collection, Document, EntryId, Filter, LogEntry, Message, MessageQuery, Query,
    RoomId, Seq, Store, StoreError, Write, Written,
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::model::Model;

/// How long a call may take, in milliseconds.
const TIME_LIMIT: u64 = 1_500;

/// What lies between the nodes and what is stored.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) model: Model,
    pub(crate) calls: Vec<Call>,
    /// Milliseconds since the schedule began.
    pub(crate) now: u64,
    /// Calls that went wrong: those that read, and those that write.
    pub(crate) failed: (u64, u64),
}

/// A call of a node.
pub(crate) struct Call {
    pub(crate) node: u32,
    pub(crate) ask: Ask,
    deadline: u64,
    answer: Option<oneshot::Sender<Outcome>>,
    /// What came of it; the node does not know yet.
    pub(crate) outcome: Option<Outcome>,
}

type Outcome = Result<Told, StoreError>;

#[derive(Debug)]
pub(crate) enum Ask {
    Get(&'static str, String),
    Find(Query),
    Count(&'static str, Filter),
    Commit(Vec<Write>),
    Append(RoomId, Vec<LogEntry>),
    After(RoomId, Seq, u64),
    Before(RoomId, Seq, u64),
    Head(RoomId),
    Unread(RoomId, Seq, String, u64),
    Ping,
}

#[derive(Debug)]
pub(crate) enum Told {
    Document(Option<Document>),
    Documents(Vec<Document>),
    Count(u64),
    Written(Vec<Written>),
    Appended(Appended),
    Entries(Vec<LogEntry>),
    Entry(Option<LogEntry>),
    Done,
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It never reaches the store.
    Refused,
    /// It is carried out, and its answer is lost.
    AnswerLost,
    /// A part of an append is carried out, and the answer is lost.
    HalfDone,
    /// It is lost, or so it seems: it is carried out later.
    Late,
}

impl Ask {
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Self::Commit(_) | Self::Append(..))
    }

    /// Whether a room asks this before it knows anything.
    pub(crate) fn is_of_loading(&self) -> bool {
        match self {
            Self::Head(_) => true,
            Self::Get(collection, _) => *collection == ROOMS,
            Self::Find(query) => query.collection == READ_MARKERS,
            _ => false,
        }
    }

    fn carry_out(&self, model: &mut Model) -> Outcome {
        Ok(match self {
            Self::Get(collection, id) => Told::Document(model.get(collection, id)),
            Self::Find(query) => Told::Documents(model.find(query)),
            Self::Count(collection, filter) => {
                let query = Query::new(collection, filter.clone(), u32::MAX.into());
                Told::Count(model.find(&query).len() as u64)
            }
            Self::Commit(writes) => Told::Written(model.commit(writes)?),
            Self::Append(room, entries) => Told::Appended(model.append(*room, entries)),
            Self::After(room, seq, limit) => Told::Entries(model.log(*room).after(*seq, *limit)),
            Self::Before(room, seq, limit) => Told::Entries(model.log(*room).before(*seq, *limit)),
            Self::Head(room) => Told::Entry(model.log(*room).entries().last().cloned()),
            Self::Unread(room, seq, reader, limit) => {
                Told::Count(model.log(*room).unread(*seq, reader, *limit))
            }
            Self::Ping => Told::Done,
        })
    }
}

impl Desk {
    /// Carries out a call, if that has not been done.
    pub(crate) fn carry_out(&mut self, place: usize) {
        let call = &mut self.calls[place];
        if call.outcome.is_none() {
            call.outcome = Some(call.ask.carry_out(&mut self.model));
        }
    }

    /// Lets a call that was not carried out go wrong; `part` is how much of an append is done.
    pub(crate) fn fail(&mut self, place: usize, mishap: Mishap, part: usize) {
        let call = &mut self.calls[place];
        self.failed.0 += u64::from(!call.ask.is_write());
        self.failed.1 += u64::from(call.ask.is_write());
        let unknown = || Err(StoreError::OutcomeUnknown("cut".into()));
        let away = || Err(StoreError::Unavailable("away".into()));
        match (mishap, &mut call.ask) {
            (Mishap::AnswerLost, ask) if ask.is_write() => {
                let _ = ask.carry_out(&mut self.model);
                call.outcome = Some(unknown());
            }
            (Mishap::HalfDone, Ask::Append(room, entries)) => {
                self.model.append(*room, &entries[..part.min(entries.len())]);
                call.outcome = Some(unknown());
            }
            (Mishap::Late, ask) if ask.is_write() => call.tell(unknown()),
            _ => call.outcome = Some(away()),
        }
    }

    /// Hands over the answer to a call that has one. Nobody waits for that of a late one.
    pub(crate) fn answer(&mut self, place: usize) {
        let mut call = self.calls.remove(place);
        if let Some(outcome) = call.outcome.take() {
            call.tell(outcome);
        }
    }

    /// Ends everything that is under way, and carries out none of it.
    pub(crate) fn cut(&mut self) {
        for mut call in std::mem::take(&mut self.calls) {
            let is_write = call.ask.is_write();
            self.failed.0 += u64::from(!is_write);
            self.failed.1 += u64::from(is_write);
            call.tell(Err(if is_write {
                StoreError::OutcomeUnknown("cut".into())
            } else {
                StoreError::Unavailable("cut".into())
            }));
        }
    }

    /// Ends what has taken too long. Writes may yet be carried out.
    pub(crate) fn expire(&mut self) {
        let now = self.now;
        for call in self.calls.iter_mut().filter(|call| call.deadline <= now) {
            let is_write = call.ask.is_write();
            self.failed.0 += u64::from(!is_write);
            self.failed.1 += u64::from(is_write);
            call.tell(Err(if is_write {
                StoreError::OutcomeUnknown("too late".into())
            } else {
                StoreError::Unavailable("too late".into())
            }));
        }
        let may_come = |call: &Call| call.ask.is_write() && call.outcome.is_none();
        self.calls.retain(|call| call.answer.is_some() || may_come(call));
    }
}

impl Call {
    fn tell(&mut self, outcome: Outcome) {
        if let Some(answer) = self.answer.take() {
            // Whoever asked may be gone.
            let _ = answer.send(outcome);
        }
    }
}

/// The store as one node reaches it.
pub(crate) struct NodeStore {
    pub(crate) node: u32,
    pub(crate) desk: Arc<Mutex<Desk>>,
}

impl NodeStore {
    async fn ask(&self, ask: Ask) -> Outcome {
        let (answer, told) = oneshot::channel();
        {
            let mut desk = self.desk.lock();
            let deadline = desk.now + TIME_LIMIT;
            let (node, answer) = (self.node, Some(answer));
            desk.calls.push(Call { node, ask, deadline, answer, outcome: None });
        }
        told.await.unwrap_or_else(|_| Err(StoreError::Unavailable("gone".into())))
    }
}

/// Calls the desk, and takes the one answer that fits.
macro_rules! told {
    ($node:expr, $ask:expr, $told:ident) => {
        match $node.ask($ask).await? {
            Told::$told(answer) => Ok(answer),
            other => unreachable!("{other:?}"),
        }
    };
}

#[async_trait]
impl Store for NodeStore {
    async fn prepare(&self, _: &[Collection]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn get(
        &self,
        collection: &'static str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        told!(self, Ask::Get(collection, id.to_owned()), Document)
    }

    async fn find(&self, query: Query) -> Result<Vec<Document>, StoreError> {
        told!(self, Ask::Find(query), Documents)
    }

    async fn count(&self, collection: &'static str, filter: Filter) -> Result<u64, StoreError> {
        told!(self, Ask::Count(collection, filter), Count)
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        told!(self, Ask::Commit(writes), Written)
    }

    async fn append(&self, room: RoomId, entries: Vec<LogEntry>) -> Result<Appended, StoreError> {
        told!(self, Ask::Append(room, entries), Appended)
    }

    async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        told!(self, Ask::After(room, after, limit), Entries)
    }

    async fn log_before(
        &self,
        room: RoomId,
        before: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        told!(self, Ask::Before(room, before, limit), Entries)
    }

    async fn log_head(&self, room: RoomId) -> Result<Option<LogEntry>, StoreError> {
        told!(self, Ask::Head(room), Entry)
    }

    async fn message(&self, _: EntryId) -> Result<Option<Message>, StoreError> {
        Err(StoreError::Unavailable("not simulated".into()))
    }

    async fn messages(&self, _: MessageQuery) -> Result<Vec<Message>, StoreError> {
        Err(StoreError::Unavailable("not simulated".into()))
    }

    async fn count_messages(&self, _: MessageQuery) -> Result<u64, StoreError> {
        Err(StoreError::Unavailable("not simulated".into()))
    }

    async fn log_unread(
        &self,
        room: RoomId,
        after: Seq,
        reader: &str,
        limit: u64,
    ) -> Result<u64, StoreError> {
        told!(self, Ask::Unread(room, after, reader.to_owned(), limit), Count)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ask(Ask::Ping).await.map(drop)
    }

    async fn close(&self) {}
}
