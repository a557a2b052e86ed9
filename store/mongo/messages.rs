//! Messages out of the logs of many rooms. The server merges the rooms by itself, one range of the
//! index for each, as long as they are not too many; then a few such merges are merged here.

use std::collections::HashMap;

use bson::{Bson, Document as BsonDocument, doc, oid::ObjectId};
use futures_util::future::try_join_all;

use super::{
    entries::{self, MESSAGE, message, place, place_of, room_id},
    fault::read,
    inner::Inner,
    reads::{all, limit},
};
use crate::{
    error::StoreError,
    id::{EntryId, RoomId, Seq},
    message::{By, Message, MessageQuery, Place},
    query::Direction,
};

/// The server merges up to 200 ranges; of more it would sort all that is in them.
const ROOMS: usize = 150;

/// The message with this id.
pub(super) async fn by_id(inner: &Inner, id: EntryId) -> Result<Option<Message>, StoreError> {
    let filter = doc! {"entry": ObjectId::from_bytes(id.bytes()), "kind": MESSAGE};
    let found = inner.log.find_one(filter).max_time(inner.wait).await.map_err(read)?;
    found.as_ref().map(message).transpose()
}

/// The messages that a query means, in its order: first where they are, by the index alone.
pub(super) async fn list(inner: &Inner, query: &MessageQuery) -> Result<Vec<Message>, StoreError> {
    let places = places(inner, query).await?;
    let ids: Vec<Bson> = places.iter().map(|at| place(at.room, at.seq)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let cursor = inner.log.find(doc! {"_id": {"$in": ids}}).max_time(inner.wait);
    let found = all(cursor.await.map_err(read)?, |document| message(&document)).await?;
    let mut found: HashMap<(RoomId, Seq), Message> =
        found.into_iter().map(|one| ((one.room, one.seq), one)).collect();
    Ok(places.iter().filter_map(|at| found.remove(&(at.room, at.seq))).collect())
}

/// How many messages a query means.
pub(super) async fn count(inner: &Inner, query: &MessageQuery) -> Result<u64, StoreError> {
    let counts = query.rooms.chunks(ROOMS).map(|rooms| async {
        let counting = inner.log.count_documents(filter(rooms, query)).max_time(inner.wait);
        counting.await.map_err(read)
    });
    Ok(try_join_all(counts).await?.into_iter().sum())
}

async fn places(inner: &Inner, query: &MessageQuery) -> Result<Vec<Place>, StoreError> {
    if query.limit == 0 || query.rooms.is_empty() {
        return Ok(Vec::new());
    }
    if query.rooms.len() <= ROOMS {
        return of_rooms(inner, &query.rooms, query).await;
    }
    let most = query.limit.saturating_add(query.skip);
    let whole = MessageQuery { skip: 0, limit: most, rooms: Vec::new(), ..query.clone() };
    let parts = query.rooms.chunks(ROOMS).map(|rooms| of_rooms(inner, rooms, &whole));
    let mut places = try_join_all(parts).await?.concat();
    places.sort_unstable_by(|left, right| left.compare(right, query.direction));
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(places.into_iter().skip(number(query.skip)).take(number(query.limit)).collect())
}

/// What these rooms have, step after step: of the time where the query starts, then behind it.
async fn of_rooms(
    inner: &Inner,
    rooms: &[RoomId],
    query: &MessageQuery,
) -> Result<Vec<Place>, StoreError> {
    let way = match query.direction {
        Direction::Ascending => 1,
        Direction::Descending => -1,
    };
    let mut found: Vec<Place> = Vec::new();
    let mut skip = query.skip;
    for step in steps(query) {
        let wanted = query.limit.saturating_add(skip).saturating_sub(found.len() as u64);
        if wanted == 0 {
            break;
        }
        // Only a query that starts nowhere has one step, and the server can pass over what is skipped.
        let offset = if query.after.is_none() { std::mem::take(&mut skip) } else { 0 };
        let cursor = inner
            .log
            .find(doc! {"$and": [filter(rooms, query), step]})
            .projection(doc! {"_id": 1, "room": 1, "time": 1})
            .sort(doc! {"time": way, "_id": way})
            .skip(offset.min(i64::MAX.unsigned_abs()))
            .limit(limit(wanted.saturating_sub(offset)))
            .max_time(inner.wait)
            .await
            .map_err(read)?;
        found.extend(all(cursor, |document| place_of(&document)).await?);
    }
    let passed = usize::try_from(skip).unwrap_or(usize::MAX).min(found.len());
    found.drain(..passed);
    Ok(found)
}

/// Where the query starts as conditions beside the filter, each a range of the index.
fn steps(query: &MessageQuery) -> Vec<BsonDocument> {
    let Some(after) = query.after else { return vec![doc! {}] };
    let behind = match query.direction {
        Direction::Ascending => "$gt",
        Direction::Descending => "$lt",
    };
    let time = after.time.millis();
    let id = entries::place(after.room, after.seq);
    vec![doc! {"time": time, "_id": { behind: id }}, doc! {"time": { behind: time }}]
}

fn filter(rooms: &[RoomId], query: &MessageQuery) -> BsonDocument {
    let rooms: Vec<ObjectId> = rooms.iter().map(|room| room_id(*room)).collect();
    let mut filter = doc! {"room": {"$in": rooms}, "kind": MESSAGE};
    let mut times = BsonDocument::new();
    times.extend(query.from.map(|time| ("$gte".to_owned(), Bson::Int64(time.millis()))));
    times.extend(query.until.map(|time| ("$lte".to_owned(), Bson::Int64(time.millis()))));
    if !times.is_empty() {
        filter.insert("time", times);
    }
    match &query.by {
        By::Anyone => None,
        By::These(names) => filter.insert("sender", doc! {"$in": names}),
        By::Others(name) => filter.insert("sender", doc! {"$ne": name}),
    };
    filter
}
