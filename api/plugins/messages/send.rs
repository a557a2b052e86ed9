//! POST: a message goes through its room, like one that comes over a socket. So the room orders it,
//! and its key is known whichever way it comes again.

use ihs_actors::{
    protocol::{MAX_KEY_CHARS, MessageKey, MessageText},
    room::{membership::ROOMS, origin::Refused},
};
use ihs_store::{Body, Document, Filter, LogEntry, Message, RoomId, document::text};
use serde_json::Value;

use super::{Messages, count, found::Found, refused, user};
use crate::{
    error::ApiError,
    faults::{Faults, NON_FIELD},
    fields::clean::Stage,
    http::{Call, Reply, call::IDEMPOTENCY_KEY},
    plugins::rooms::direct_with,
    viewset::{ViewSet, hooks::Checked, validate::validate},
};

/// Sends a message. The same one again, by its key, gives the first answer.
pub(super) async fn send(call: &Call) -> Result<Reply, ApiError> {
    let input = call.body().await?;
    let values = validate::<Messages>(call, &input, Stage::Create, None).await?;
    let user = user(call)?;
    count(call, &user)?;
    let said = message_text(call, text(&values, "text"))?;
    let key = values.get("key").and_then(Value::as_str).map(str::to_owned);
    let room = match values.get("room").and_then(Value::as_str) {
        Some(room) => room.parse().map_err(ApiError::internal)?,
        None => direct_with(&call.ctx, call.principal()?, text(&values, "receiver")).await?,
    };
    // Read before, so that less is left to fail once the message is stored.
    let document = call.ctx.store.get(ROOMS, &room.to_string()).await?.unwrap_or_default();
    let sent = call.ctx.hub.send(room, &user, said, key.and_then(MessageKey::parse)).await;
    let entry = sent.map_err(|reason| match reason {
        Refused::NotFound => no_such_room(&room.to_string()).into(),
        reason => refused(reason),
    })?;
    let found = find(call, &document, room, entry).await?;
    let id = found.message.id.to_string();
    Ok(found.reply(call).await?.created_at(call.origin.record(Messages::NAME, &id)))
}

/// A text as the realtime core takes it.
pub(super) fn message_text(call: &Call, text: &str) -> Result<MessageText, ApiError> {
    let most = call.ctx.settings.limits.message_chars;
    MessageText::parse(text.to_owned(), most).map_err(ApiError::internal)
}

/// An entry as the message that it is. The first of several with one key may have been edited.
async fn find(
    call: &Call,
    document: &Document,
    room: RoomId,
    entry: LogEntry,
) -> Result<Found, ApiError> {
    let message = match entry.body {
        Body::Message { text, edited: false, deleted: false } => Message {
            room,
            seq: entry.seq,
            id: entry.id,
            time: entry.time,
            sender: entry.sender,
            text,
            deleted: false,
            version: entry.seq,
            updated: entry.time,
        },
        _ => call
            .ctx
            .store
            .message(entry.id)
            .await?
            .ok_or_else(|| ApiError::no_match(Messages::MODEL))?,
    };
    Ok(Found::new(message, document))
}

/// What a body must keep beyond its fields.
pub(super) async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let most = call.ctx.settings.limits.message_chars;
    if checked
        .values
        .get("text")
        .and_then(Value::as_str)
        .is_some_and(|it| it.chars().count() > most)
    {
        checked
            .faults
            .add("text", format!("Ensure this field has no more than {most} characters."));
    }
    if checked.stage == Stage::Create {
        check_key(call, checked)?;
        check_place(call, checked).await?;
    }
    Ok(())
}

/// The key comes in a header or in the body, and is the same to the room.
fn check_key(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let header = call.readable_header(IDEMPOTENCY_KEY)?.filter(|key| !key.is_empty());
    let Some(header) = header else { return Ok(()) };
    match checked.values.get("key").and_then(Value::as_str) {
        Some(key) if key != header => {
            checked.faults.add("key", "It is not the key of the header Idempotency-Key.");
        }
        _ if MessageKey::parse(header.to_owned()).is_none() => {
            let message = format!("Ensure this field has no more than {MAX_KEY_CHARS} characters.");
            checked.faults.add("key", message);
        }
        _ => drop(checked.values.insert("key".to_owned(), header.into())),
    }
    Ok(())
}

/// Either a room that the caller is in, or somebody else.
async fn check_place(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let me = &call.principal()?.username;
    let of = |name: &str| checked.values.get(name).and_then(Value::as_str).map(str::to_owned);
    let (room, receiver) = (of("room"), of("receiver"));
    let bad = checked.faults.has("room") || checked.faults.has("receiver");
    if room.is_some() == receiver.is_some() && !bad {
        checked.faults.add(NON_FIELD, "Exactly one of room and receiver must be given.");
    }
    if receiver.is_some_and(|receiver| receiver == *me) {
        checked.faults.add("receiver", "Nobody sends messages to themselves.");
    }
    let Some(room) = room.filter(|_| !checked.faults.has("room")) else { return Ok(()) };
    // Staff see that rooms exist: that does not let them speak there.
    let mine = Filter::id(room.clone()).and(Filter::Has("members", me.clone().into()));
    if call.ctx.store.count(ROOMS, mine).await? == 0 {
        checked.faults.add("room", invalid_pk(&room));
    }
    Ok(())
}

fn no_such_room(room: &str) -> Faults {
    Faults::one("room", invalid_pk(room))
}

fn invalid_pk(room: &str) -> String {
    format!("Invalid pk \"{room}\" - object does not exist.")
}
