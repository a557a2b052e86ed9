//! `Idempotency-Key`: a POST again gives the first answer, from any node. The answer is stored in
//! the same commit as what it answers for, so neither is ever there without the other.

use actix_web::http::StatusCode;
use ihs_store::{Document, Filter, Timestamp, Write, document::text};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::resource::Resource;
use crate::{
    Ctx,
    error::ApiError,
    fields::{
        Field,
        input::Input,
        kind::{Format, Kind},
    },
    http::{Call, Reply, call::IDEMPOTENCY_KEY},
};

/// The collection.
pub(crate) const COLLECTION: &str = "idempotency";

/// How long an answer is kept.
const KEPT_MILLIS: i64 = 24 * 3_600 * 1_000;

/// Longest key, in bytes.
pub(crate) const KEY_BYTES: usize = 255;

/// A key that came with a request.
pub(crate) struct Repeat {
    id: String,
    request: String,
}

impl Repeat {
    /// The key of a request for a new record, if it has one. It counts for this caller only.
    pub(crate) fn of(
        call: &Call,
        resource: &Resource,
        input: &Input,
    ) -> Result<Option<Self>, ApiError> {
        Self::of_request(call, resource.name, resource.fields, input)
    }

    /// The same of a request for something else, which has a name, and these fields in its body.
    pub(crate) fn of_request(
        call: &Call,
        name: &str,
        fields: &[Field],
        input: &Input,
    ) -> Result<Option<Self>, ApiError> {
        let Some(key) = call.readable_header(IDEMPOTENCY_KEY)?.filter(|key| !key.is_empty()) else {
            return Ok(None);
        };
        if key.len() > KEY_BYTES {
            let message = format!("Ensure the Idempotency-Key has no more than {KEY_BYTES} bytes.");
            return Err(ApiError::Malformed(message));
        }
        let request = request_of(name, fields, input);
        // Callers without a name share no keys: what they ask for tells them apart.
        let caller = call.caller.principal().map_or(&request, |principal| &principal.user_id);
        let id = digest(&[caller.as_bytes(), key.as_bytes()]);
        Ok(Some(Self { id, request }))
    }

    /// The first answer under this key, and what the audit log has to know of the record in it;
    /// `None` when this is the first request.
    pub(crate) async fn first(&self, ctx: &Ctx) -> Result<Option<(Reply, Document)>, ApiError> {
        let now = ctx.clock.now().to_string();
        let known = ctx.store.get(COLLECTION, &self.id).await?;
        match known.filter(|known| text(known, "expires") > now.as_str()) {
            None => Ok(None),
            Some(known) if text(&known, "request") != self.request => Err(ApiError::KeyReused),
            Some(known) => {
                let record = known.get("record").and_then(Value::as_object).cloned();
                Ok(Some((reply(&known), record.unwrap_or_default())))
            }
        }
    }

    /// The first answer under the key of a request, if it has one.
    pub(crate) async fn answer(ctx: &Ctx, key: Option<&Self>) -> Result<Option<Reply>, ApiError> {
        match key {
            None => Ok(None),
            Some(key) => Ok(key.first(ctx).await?.map(|(reply, _)| reply)),
        }
    }

    /// Stores the answer, in place of one that is too old.
    pub(crate) fn writes(&self, now: Timestamp, reply: &Reply, record: Document) -> [Write; 2] {
        let old = Filter::id(self.id.clone()).and(Filter::Lte("expires", now.into()));
        let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        let document = Document::from_iter([
            ("_id".to_owned(), Value::String(self.id.clone())),
            ("request".to_owned(), self.request.clone().into()),
            ("status".to_owned(), reply.status.as_u16().into()),
            ("body".to_owned(), optional(&reply.body)),
            ("location".to_owned(), optional(&reply.location)),
            ("etag".to_owned(), optional(&reply.etag)),
            ("record".to_owned(), record.into()),
            ("expires".to_owned(), now.plus_millis(KEPT_MILLIS).into()),
        ]);
        [
            Write::DeleteEvery { collection: COLLECTION, filter: old },
            Write::Insert { collection: COLLECTION, document },
        ]
    }
}

/// What was asked for: every field but passwords, which must not be kept in any form that is quick to
/// try out.
fn request_of(name: &str, fields: &[Field], input: &Input) -> String {
    let secret =
        |field: &&Field| matches!(field.kind, Kind::Text(rule) if rule.format == Format::Password);
    let said = fields.iter().filter(|field| !secret(field));
    let said = said.filter_map(|field| Some((field.name.to_owned(), input.value(field)?)));
    let said = Value::Object(said.collect()).to_string();
    digest(&[name.as_bytes(), said.as_bytes()])
}

/// Of several parts, so that no two lists of parts are the same text.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

fn reply(known: &Document) -> Reply {
    let optional = |name| known.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = known.get("status").and_then(Value::as_u64);
    let status = status.and_then(|number| u16::try_from(number).ok());
    Reply {
        status: status
            .and_then(|number| StatusCode::from_u16(number).ok())
            .unwrap_or(StatusCode::CREATED),
        body: optional("body"),
        location: optional("location"),
        etag: optional("etag"),
        ..Reply::default()
    }
}
