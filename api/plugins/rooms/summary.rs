//! What a list of rooms says about each: how much is unread, and the last message.

use std::collections::HashMap;

use futures_util::future::{join_all, try_join};
use ihs_actors::room::{admission::MAX_UNREAD, membership::READ_MARKERS};
use ihs_store::{Body, Filter, LogEntry, Query, RoomId, Seq, StoreError};
use serde_json::{Value, json};

use super::membership::still_in;
use crate::{
    Ctx,
    auth::Caller,
    error::ApiError,
    fields::{Field, kind::Kind},
    viewset::hooks::Row,
};

/// What is said of the last message; nothing while there is none.
pub(super) const LAST: &[Field] = &[
    Field::new("seq", Kind::Integer { min: Some(1), max: None }).read_only(),
    Field::text("id").read_only(),
    Field::time("time").read_only(),
    Field::person("sender").read_only(),
    Field::text("text").read_only(),
    Field::boolean("deleted").read_only(),
];

/// Fills in both, for rooms that the caller is in: one read for all markers, and the heads of all
/// logs at the same time.
pub(super) async fn derive(ctx: &Ctx, caller: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
    let Some(reader) = caller.principal().map(|principal| principal.username.as_str()) else {
        return Ok(());
    };
    let member = Filter::Has("members", reader.into());
    for row in rows.iter_mut() {
        row.derive("unread", 0);
    }
    let own = rows.iter_mut().filter(|row| member.matches(&row.document));
    let own: Vec<&mut Row> = own.collect();
    let markers = markers(ctx, reader, &own).await?;
    let read = own.iter().map(|row| {
        let seq = markers.get(row.text("_id")).copied().unwrap_or_default();
        summary(ctx, reader, row.text("_id"), seq)
    });
    let summaries = join_all(read).await;
    let ids = own.iter().map(|row| row.text("_id").to_owned()).collect();
    let still = still_in(ctx, reader, ids).await?;
    for (row, summary) in own.into_iter().zip(summaries) {
        let (unread, last) = summary?;
        if !still.contains(row.text("_id")) {
            continue;
        }
        row.derive("unread", unread);
        row.derive("last_message", last);
    }
    Ok(())
}

async fn summary(ctx: &Ctx, reader: &str, room: &str, read: Seq) -> Result<(u64, Value), ApiError> {
    let room: RoomId = room.parse().map_err(ApiError::internal)?;
    let end = Seq::new(i64::MAX.unsigned_abs());
    let unread = ctx.store.log_unread(room, read, reader, MAX_UNREAD);
    let (unread, last) = try_join(unread, ctx.store.log_before(room, end, 1)).await?;
    Ok((unread, last.last().map_or(Value::Null, shown)))
}

fn shown(entry: &LogEntry) -> Value {
    let (text, deleted) = match &entry.body {
        Body::Message { text, deleted, .. } => (text.as_str(), *deleted),
        _ => ("", false),
    };
    json!({
        "seq": entry.seq,
        "id": entry.id,
        "time": entry.time,
        "sender": entry.sender,
        "text": text,
        "deleted": deleted,
    })
}

/// How far the reader has read, by room.
async fn markers(
    ctx: &Ctx,
    reader: &str,
    rows: &[&mut Row],
) -> Result<HashMap<String, Seq>, StoreError> {
    let ids: Vec<Value> =
        rows.iter().map(|row| Value::String(format!("{}:{reader}", row.text("_id")))).collect();
    let limit = ids.len() as u64;
    let found = ctx.store.find(Query::new(READ_MARKERS, Filter::In("_id", ids), limit)).await?;
    let marker = |document: &ihs_store::Document| {
        let id = document.get("_id").and_then(Value::as_str)?;
        let seq = document.get("seq").and_then(Value::as_u64)?;
        Some((id.split(':').next()?.to_owned(), Seq::new(seq)))
    };
    Ok(found.iter().filter_map(marker).collect())
}
