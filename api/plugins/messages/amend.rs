//! PUT, PATCH and DELETE: the sender replaces the text of a message, or deletes it.
//!
//! The version of a message is the seq of the entry that changed it last. Without `If-Match` a change
//! goes through the room, like one that comes over a socket. With it, the change is appended at the very
//! next seq behind what was compared: whatever comes between the two takes that seq, and all is compared
//! anew. So of two changes that were made from the same version, one is told that it is too late.

use ihs_store::{Body, EntryId, LogEntry, RoomId, Seq, StoreError};

use super::{
    count,
    found::{Found, own, visible},
    refused,
    send::message_text,
    user,
};
use crate::{
    error::ApiError,
    fields::clean::Stage,
    http::{Call, Reply},
    plugins::messages::Messages,
    viewset::{update::meet, validate::validate},
};

/// How often a conditional change is tried while messages keep coming in.
const ATTEMPTS: usize = 64;

/// Changes the text of a message.
pub(super) async fn update(call: &Call, stage: Stage) -> Result<Reply, ApiError> {
    let found = own(call).await?;
    let body = call.body().await?;
    let before = found.document();
    meet(&call.precondition(), &before)?;
    let input = validate::<Messages>(call, &body, stage, Some(&before)).await?;
    let text = input.get("text").and_then(serde_json::Value::as_str);
    match text.filter(|text| *text != found.message.text) {
        None => found.reply(call).await,
        Some(text) => {
            change(call, &found, Some(text)).await?;
            visible(call).await?.reply(call).await
        }
    }
}

/// Deletes a message; that there was one stays to be seen.
pub(super) async fn delete(call: &Call) -> Result<Reply, ApiError> {
    let found = own(call).await?;
    meet(&call.precondition(), &found.document())?;
    change(call, &found, None).await?;
    Ok(Reply::no_content())
}

async fn change(call: &Call, found: &Found, text: Option<&str>) -> Result<(), ApiError> {
    let user = user(call)?;
    count(call, &user)?;
    let text = text.map(|text| message_text(call, text)).transpose()?;
    let (room, target) = (found.message.room, found.message.seq);
    if call.precondition().is_any() {
        let amended = call.ctx.hub.amend(room, &user, target, text).await;
        return amended.map(drop).map_err(refused);
    }
    let body = match text {
        Some(text) => Body::Edited { target, text: text.into_string() },
        None => Body::Deleted { target },
    };
    append(call, room, body).await
}

/// Appends a change while the version that it was made from holds. What is compared is read behind
/// the head, and nothing can come between the head and the entry behind it.
async fn append(call: &Call, room: RoomId, body: Body) -> Result<(), ApiError> {
    let (store, hub) = (&call.ctx.store, &call.ctx.hub);
    for _ in 0..ATTEMPTS {
        let head = store.log_head(room).await?;
        let found = own(call).await?;
        meet(&call.precondition(), &found.document())?;
        let (head, time) = head.map(|entry| (entry.seq, entry.time)).unwrap_or_default();
        let entry = LogEntry {
            seq: Seq::next(head),
            id: EntryId::from_bytes(call.ctx.ids.next()),
            // Times in a log never go back, whatever the clocks of the nodes say.
            time: call.ctx.clock.now().max(time),
            sender: found.message.sender,
            key: None,
            body: body.clone(),
        };
        let id = entry.id;
        let appended = store.append(room, vec![entry]).await;
        // It may be there even when the store could not say so.
        hub.log_changed(room);
        match appended {
            Ok(appended) if appended.stop.is_some() => {}
            Ok(_) => return Ok(()),
            Err(StoreError::OutcomeUnknown(error)) => {
                match store.log_after(room, head, 1).await?.first() {
                    Some(there) if there.id == id => return Ok(()),
                    Some(_) => {}
                    None => return Err(StoreError::OutcomeUnknown(error).into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::Conflict("The room is too busy just now, try again.".to_owned()))
}
