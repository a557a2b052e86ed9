//! `GET /api/rooms/{id}/messages/{seq}/receipts/`: who has got a message, and who has read it, since
//! when; for its sender and for staff, who see nothing of what it says.
//!
//! - `delivered`: it was handed to the connection of a socket or event stream of theirs, or they have
//!   read it; nodes note that within seconds, so that it may be missing for a while, but is never
//!   early
//! - `read`: they said that they have read so far
//! - `pending`: members who have neither; `online` is whether one of their devices is connected just
//!   now, and still has it to come. Who became a member later can read the whole log, so it is to
//!   come to them, too.
//!
//! `since` is the latest that it can have been, and coarse for what is long ago; null when nobody
//! wrote it down. Who has left the room is named for what they got of it.

use std::collections::{BTreeMap, BTreeSet};

use ihs_actors::{receipts::Receipt, room::membership::READ_MARKERS};
use ihs_store::{
    Body, Document, Filter, LogEntry, Query, RoomId, Seq, StoreError, Timestamp, document::id_of,
    document::text,
};
use serde_json::{Value, json};

use super::Rooms;
use crate::{
    Ctx,
    error::ApiError,
    http::{
        Call, Reply,
        get::{Get, Renders},
    },
    viewset::{
        Declared,
        object::{Right, object},
        resource::Described,
    },
};

/// The endpoint.
pub(crate) const RECEIPTS: Get = Get {
    name: "Receipts",
    about: "Who has got a message, and who has read it, since when: for its sender and staff.",
    renders: Renders::Json,
    run: |call| Box::pin(receipts(call)),
};

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described = Described {
    below: "{key}/messages/{seq}/receipts/",
    parameters: &[],
    body: &[],
    status: "200",
    answer: Some(described),
};

/// Read markers of one room that are looked at.
const MOST_MARKERS: u64 = 10_000;

/// What is known of one user and one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Proof {
    delivered: Option<Timestamp>,
    read: Option<Timestamp>,
    is_read: bool,
}

async fn receipts(call: &Call) -> Result<Reply, ApiError> {
    let document = object(call, Rooms::RESOURCE, Right::Read).await?;
    let room: RoomId = id_of(&document)?.parse().map_err(ApiError::internal)?;
    let principal = call.principal()?;
    let message = message(&call.ctx, room, call.part("seq")).await?;
    if message.sender != principal.username && !principal.is_staff() {
        return Err(ApiError::Forbidden);
    }
    let seq = message.seq;
    let receipts = call.ctx.hub.receipts(room).await?;
    // After the times: whoever has read meanwhile is then read without one, not unread with one.
    let readers = readers(&call.ctx, room, seq).await?;
    let mut proofs: BTreeMap<String, Proof> = BTreeMap::new();
    for (user, receipt) in receipts {
        proofs.insert(user.as_str().to_owned(), proof(&receipt, seq));
    }
    for user in readers {
        proofs.entry(user).or_default().is_read = true;
    }
    proofs.remove(&message.sender);
    let members = members(&document);
    let pending = members.into_iter().filter(|user| *user != message.sender);
    let pending: Vec<&str> =
        pending.filter(|user| !proofs.get(*user).is_some_and(Proof::has_it)).collect();
    let pending = with_presence(&call.ctx, &pending).await?;
    let delivered = proofs.iter().filter(|(_, proof)| proof.has_it());
    let read = proofs.iter().filter(|(_, proof)| proof.is_read);
    Ok(Reply::ok(&json!({
        "room": room,
        "seq": seq,
        "sender": message.sender,
        "stored": message.time,
        "delivered": since(delivered.map(|(user, proof)| (user, proof.delivered))),
        "read": since(read.map(|(user, proof)| (user, proof.read))),
        "pending": pending,
    })))
}

/// The schema of the answer, and an example.
fn described() -> (Value, Value) {
    let id = json!({ "type": "string", "pattern": "^[0-9a-f]{24}$" });
    let time = json!({ "type": "string", "format": "date-time" });
    let since = json!({ "type": "array", "items": {
        "type": "object",
        "required": ["user", "since"],
        "properties": {
            "user": { "type": "string" },
            "since": { "type": ["string", "null"], "format": "date-time" },
        },
    } });
    let pending = json!({ "type": "array", "items": {
        "type": "object",
        "required": ["user", "online"],
        "properties": { "user": { "type": "string" }, "online": { "type": "boolean" } },
    } });
    let schema = json!({
        "type": "object",
        "required": ["room", "seq", "sender", "stored", "delivered", "read", "pending"],
        "properties": {
            "room": id,
            "seq": { "type": "integer", "minimum": 1 },
            "sender": { "type": "string" },
            "stored": time,
            "delivered": since,
            "read": since,
            "pending": pending,
        },
    });
    let at = "2026-05-01T09:30:00.000Z";
    let example = json!({
        "room": "65f0c0ffee65f0c0ffee65f0", "seq": 7, "sender": "ada", "stored": at,
        "delivered": [{ "user": "bob", "since": at }], "read": [],
        "pending": [{ "user": "carol", "online": false }],
    });
    (schema, example)
}

impl Proof {
    fn has_it(&self) -> bool {
        self.is_read || self.delivered.is_some()
    }
}

fn proof(receipt: &Receipt, seq: Seq) -> Proof {
    let read = receipt.read(seq);
    Proof { delivered: receipt.delivered(seq), read, is_read: read.is_some() }
}

fn since<'a>(proofs: impl Iterator<Item = (&'a String, Option<Timestamp>)>) -> Vec<Value> {
    proofs.map(|(user, since)| json!({ "user": user, "since": since })).collect()
}

/// The message; edits and changes of membership are none.
async fn message(ctx: &Ctx, room: RoomId, seq: &str) -> Result<LogEntry, ApiError> {
    let missing = || ApiError::no_match("Message");
    let seq: u64 = seq.parse().map_err(|_| missing())?;
    let before = seq.checked_sub(1).filter(|before| i64::try_from(*before).is_ok());
    let before = Seq::new(before.ok_or_else(missing)?);
    let entry = ctx.store.log_after(room, before, 1).await?.pop().ok_or_else(missing)?;
    let is_it = entry.seq.get() == seq && matches!(entry.body, Body::Message { .. });
    is_it.then_some(entry).ok_or_else(missing)
}

/// Who has read so far.
async fn readers(ctx: &Ctx, room: RoomId, seq: Seq) -> Result<Vec<String>, StoreError> {
    let read = Filter::eq("room", room.to_string()).and(Filter::Gte("seq", seq.get().into()));
    let markers = ctx.store.find(Query::new(READ_MARKERS, read, MOST_MARKERS)).await?;
    Ok(markers.iter().map(|marker| text(marker, "user").to_owned()).collect())
}

fn members(document: &Document) -> BTreeSet<&str> {
    let members = document.get("members").and_then(Value::as_array);
    members.into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn with_presence(ctx: &Ctx, users: &[&str]) -> Result<Vec<Value>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sightings = ctx.hub.sightings(users).await?;
    let online = |user: &str| sightings.get(user).is_some_and(|sighting| sighting.online);
    Ok(users.iter().map(|user| json!({ "user": user, "online": online(user) })).collect())
}
