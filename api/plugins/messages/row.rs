//! A message as it is shown.

use std::collections::HashMap;

use ihs_store::{Document, Message, StoreError, document::text};
use serde_json::Value;

use crate::{
    Ctx,
    error::ApiError,
    plugins::{rooms, users},
    viewset::{hooks::Row, related::related},
};

/// A message as a record; its version is the entry that changed it last. `pair` is that of its room.
pub(super) fn document(message: &Message, pair: Option<&str>) -> Document {
    let receiver = pair.and_then(|pair| rooms::other_of(pair, &message.sender));
    Document::from_iter([
        ("_id".to_owned(), message.id.to_string().into()),
        ("_version".to_owned(), message.version.get().into()),
        ("room".to_owned(), message.room.to_string().into()),
        ("seq".to_owned(), message.seq.get().into()),
        ("sender".to_owned(), message.sender.clone().into()),
        ("receiver".to_owned(), receiver.map_or(Value::Null, Value::from)),
        ("text".to_owned(), message.text.clone().into()),
        ("time_created".to_owned(), message.time.into()),
        ("time_updated".to_owned(), message.updated.into()),
        ("deleted".to_owned(), message.deleted.into()),
    ])
}

/// Fills in the names of people, by one read for all. Who was deleted has none.
pub(super) async fn name(ctx: &Ctx, rows: &mut [Row]) -> Result<(), ApiError> {
    let known = names(ctx, rows).await?;
    for row in rows {
        for (username, name) in [("sender", "senderName"), ("receiver", "receiverName")] {
            let found = known.get(row.text(username)).cloned();
            row.derive(name, found.map_or(Value::Null, Value::String));
        }
    }
    Ok(())
}

async fn names(ctx: &Ctx, rows: &[Row]) -> Result<HashMap<String, String>, StoreError> {
    let people = rows.iter().flat_map(|row| [row.text("sender"), row.text("receiver")]);
    let found = related(ctx, "users", "username", people).await?;
    let there = found.into_iter().filter(|(_, user)| users::present().matches(user));
    Ok(there.map(|(name, user)| (name, text(&user, "full_name").to_owned())).collect())
}
