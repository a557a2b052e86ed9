//! What is read: documents and logs.

use bson::{Document as BsonDocument, doc};
use futures_util::TryStreamExt;
use mongodb::Cursor;

use super::{
    convert, entries,
    fault::read,
    inner::Inner,
    translate::{filter, order},
};
use crate::{
    document::{Document, SEARCH},
    error::StoreError,
    filter::Filter,
    id::{RoomId, Seq},
    log::LogEntry,
    query::Query,
};

/// The document with this id.
pub(super) async fn get(
    inner: &Inner,
    collection: &'static str,
    id: &str,
) -> Result<Option<Document>, StoreError> {
    inner.searched(collection)?;
    let found = inner
        .collection(collection)
        .find_one(doc! {"_id": id})
        .projection(doc! { SEARCH: 0 })
        .await
        .map_err(read)?;
    found.map(convert::from_document).transpose()
}

/// What the query means, in its order: step after step, until there is enough.
pub(super) async fn find(inner: &Inner, query: &Query) -> Result<Vec<Document>, StoreError> {
    let searched = inner.searched(query.collection)?;
    let order = order(&query.keys());
    let mut skip = query.skip;
    let mut found = Vec::new();
    for step in query.steps() {
        let wanted = query.limit.saturating_sub(found.len() as u64);
        if wanted == 0 {
            break;
        }
        let offset = if query.after.is_none() { std::mem::take(&mut skip) } else { 0 };
        let cursor = inner
            .collection(query.collection)
            .find(filter(&query.filter.clone().and(step), &searched)?)
            .projection(doc! { SEARCH: 0 })
            .sort(order.clone())
            .skip(offset.min(i64::MAX.unsigned_abs()))
            .limit(limit(wanted.saturating_add(skip)))
            .max_time(inner.wait)
            .await
            .map_err(read)?;
        let mut documents = all(cursor, convert::from_document).await?;
        let passed = usize::try_from(skip).unwrap_or(usize::MAX).min(documents.len());
        skip -= passed as u64;
        found.extend(documents.drain(passed..));
    }
    Ok(found)
}

/// How many documents match.
pub(super) async fn count(
    inner: &Inner,
    collection: &'static str,
    filter: &Filter,
) -> Result<u64, StoreError> {
    let filter = self::filter(filter, &inner.searched(collection)?)?;
    let documents = inner.collection(collection);
    let count = documents.count_documents(filter).max_time(inner.wait);
    count.await.map_err(read)
}

/// The entries behind `after`, ascending.
pub(super) async fn log_after(
    inner: &Inner,
    room: RoomId,
    after: Seq,
    limit: u64,
) -> Result<Vec<LogEntry>, StoreError> {
    let range = doc! {"_id": {"$gt": entries::place(room, after), "$lte": end(room)}};
    log(inner, range, 1, limit).await
}

/// The last messages before `before`, ascending.
pub(super) async fn log_before(
    inner: &Inner,
    room: RoomId,
    before: Seq,
    limit: u64,
) -> Result<Vec<LogEntry>, StoreError> {
    let range = doc! {
        "_id": {"$gt": entries::place(room, Seq::ZERO), "$lt": entries::place(room, before)},
        "kind": entries::MESSAGE,
    };
    let mut entries = log(inner, range, -1, limit).await?;
    entries.reverse();
    Ok(entries)
}

/// The last entry.
pub(super) async fn log_head(inner: &Inner, room: RoomId) -> Result<Option<LogEntry>, StoreError> {
    let range = doc! {"_id": {"$gt": entries::place(room, Seq::ZERO), "$lte": end(room)}};
    Ok(log(inner, range, -1, 1).await?.pop())
}

/// How many messages behind `after` others sent, up to `limit`.
pub(super) async fn log_unread(
    inner: &Inner,
    room: RoomId,
    after: Seq,
    reader: &str,
    limit: u64,
) -> Result<u64, StoreError> {
    if limit == 0 {
        return Ok(0);
    }
    let unread = doc! {
        "_id": {"$gt": entries::place(room, after), "$lte": end(room)},
        "kind": entries::MESSAGE,
        "deleted": false,
        "sender": {"$ne": reader},
    };
    let count = inner.log.count_documents(unread).limit(limit).max_time(inner.wait);
    count.await.map_err(read)
}

/// Behind the last entry that a room can have.
fn end(room: RoomId) -> bson::Bson {
    entries::place(room, Seq::new(u64::MAX))
}

async fn log(
    inner: &Inner,
    range: BsonDocument,
    direction: i32,
    limit: u64,
) -> Result<Vec<LogEntry>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let cursor = inner
        .log
        .find(range)
        .sort(doc! {"_id": direction})
        .limit(self::limit(limit))
        .max_time(inner.wait)
        .await
        .map_err(read)?;
    all(cursor, |document| entries::from_document(&document)).await
}

/// MongoDB's limits are signed.
pub(super) fn limit(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// All that a cursor gives.
pub(super) async fn all<T>(
    mut cursor: Cursor<BsonDocument>,
    convert: impl Fn(BsonDocument) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    while let Some(document) = cursor.try_next().await.map_err(read)? {
        found.push(convert(document)?);
    }
    Ok(found)
}
