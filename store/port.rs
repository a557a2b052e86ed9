//! The store port.

use async_trait::async_trait;

use crate::{
    collection::Collection,
    document::Document,
    error::StoreError,
    filter::Filter,
    id::{EntryId, RoomId, Seq},
    log::{Appended, LogEntry},
    message::{Message, MessageQuery},
    query::Query,
    write::{Write, Written},
};

/// A store of documents and room logs. Both backends pass the same conformance suite; what is
/// written here is what it checks.
///
/// - A write that returned is durable: it outlives a crash of the process and of the machine
///   (embedded: synchronised to disk; MongoDB: on a majority, journaled).
/// - A read sees every write that returned before the read began, from any node.
/// - Every call ends, with [`StoreError::Unavailable`] at the latest, within the configured time;
///   over MongoDB it may wait as long for its turn before. A *write* whose connection was lost half
///   way ends with [`StoreError::OutcomeUnknown`].
/// - A call that is dropped before it ends may or may not be carried out.
/// - Every call but `prepare` names prepared collections only; others are
///   [`StoreError::Failed`]. `prepare` may take as long as filling new indexes takes.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Creates what is missing of these collections and their indexes, drops indexes no longer
    /// declared, and fills new indexes from what is stored. Safe to call from several nodes at once.
    async fn prepare(&self, collections: &[Collection]) -> Result<(), StoreError>;

    /// The document with this id.
    async fn get(&self, collection: &'static str, id: &str)
    -> Result<Option<Document>, StoreError>;

    /// The documents that the query means, in its order.
    async fn find(&self, query: Query) -> Result<Vec<Document>, StoreError>;

    /// How many documents match.
    async fn count(&self, collection: &'static str, filter: Filter) -> Result<u64, StoreError>;

    /// The documents that the query means, and how many its filter matches: both as of one moment
    /// where the store can tell.
    async fn page(&self, query: Query) -> Result<(Vec<Document>, u64), StoreError> {
        let count = self.count(query.collection, query.filter.clone());
        futures_util::future::try_join(self.find(query), count).await
    }

    /// Does all of these writes, in order, or none of them; nobody sees a part. Answers one
    /// [`Written`] for each. Writes see the effects of the writes before them.
    async fn commit(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError>;

    /// Stores new documents in their order, and once all of them are stored does some writes
    /// more, each a step of its own. On an error any number of the first documents may be
    /// stored, and of the writes any number of the first done; [`StoreError::Taken`] names the
    /// document that could not be, by its position.
    ///
    /// Unlike a commit this may hold nothing for a caller that dies half way: what many append to
    /// cannot wait for the transaction of a dead one to run out.
    async fn insert_in_order(
        &self,
        collection: &'static str,
        documents: Vec<Document>,
        then: Vec<Write>,
    ) -> Result<Vec<Written>, StoreError> {
        let insert = |document| Write::Insert { collection, document };
        let inserted = documents.len();
        let mut written =
            self.commit(documents.into_iter().map(insert).chain(then).collect()).await?;
        Ok(written.split_off(inserted))
    }

    /// Appends consecutive entries to a room's log, one after the other, until one cannot be:
    /// because its seq is taken, because its seq is not the one behind the log's last (to the
    /// caller that is [`crate::Stop::SeqTaken`] too), or because its key is, or
    /// because the message that it would change is deleted. When several are so, any may be said,
    /// but a deleted message only of a seq that is free: in one that is taken there may be the
    /// caller's own deletion, whose outcome it does not know.
    /// What was stored before that stays. Nobody ever sees entry n without 1 to n - 1.
    ///
    /// An [`crate::Body::Edited`] replaces, in the same atomic step, the text of its target; a
    /// [`crate::Body::Deleted`] empties the text of its target and of every edit of it. A target
    /// that is not a message of this room is left as it is: the caller has checked.
    async fn append(&self, room: RoomId, entries: Vec<LogEntry>) -> Result<Appended, StoreError>;

    /// The entries behind `after`, ascending, at most `limit`.
    async fn log_after(
        &self,
        room: RoomId,
        after: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError>;

    /// The last `limit` *messages* before `before` ([`crate::Body::Message`], deleted ones
    /// included), ascending.
    async fn log_before(
        &self,
        room: RoomId,
        before: Seq,
        limit: u64,
    ) -> Result<Vec<LogEntry>, StoreError>;

    /// The last entry; `None` for an empty log.
    async fn log_head(&self, room: RoomId) -> Result<Option<LogEntry>, StoreError>;

    /// How many messages behind `after`, not deleted, were sent by others than `reader`, counted
    /// up to `limit`.
    async fn log_unread(
        &self,
        room: RoomId,
        after: Seq,
        reader: &str,
        limit: u64,
    ) -> Result<u64, StoreError>;

    /// The message whose entry has this id, in whichever room.
    async fn message(&self, id: EntryId) -> Result<Option<Message>, StoreError>;

    /// The messages that the query means, deleted ones included, in its order. Whoever appends
    /// sees to it that times in a log never go back.
    async fn messages(&self, query: MessageQuery) -> Result<Vec<Message>, StoreError>;

    /// How many messages the query means, whatever its place, skip and limit.
    async fn count_messages(&self, query: MessageQuery) -> Result<u64, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Ends what runs in the background and closes connections. Later calls are
    /// [`StoreError::Unavailable`].
    async fn close(&self);
}
