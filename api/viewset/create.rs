//! POST on a resource.

use ihs_store::{Document, StoreError, Write};

use super::{
    Declared, ViewSet,
    envelope::wrap,
    hooks::{self, Draft},
    idempotency::Repeat,
    notices::Notices,
    references,
    resource::Resource,
    show::show,
    unique,
    update::persist,
    validate::validate,
};
use crate::{
    audit::{self, entry::Action, trace},
    error::ApiError,
    fields::{clean::Stage, flags::Flag, input::Input},
    http::{Call, Reply, etag::version_of},
};

/// Makes a record.
pub(crate) async fn create<V: ViewSet>(call: &Call) -> Result<Reply, ApiError> {
    let input = call.body().await?;
    let repeat = Repeat::of(call, V::RESOURCE, &input)?;
    if let Some(first) = first_answer::<V>(call, repeat.as_ref()).await? {
        return Ok(first);
    }
    match make::<V>(call, &input, repeat.as_ref()).await {
        // What is in the way may be what the same request has made meanwhile.
        Err(error) if error.status().is_client_error() => {
            first_answer::<V>(call, repeat.as_ref()).await?.ok_or(error)
        }
        made => made,
    }
}

async fn make<V: ViewSet>(
    call: &Call,
    input: &Input,
    repeat: Option<&Repeat>,
) -> Result<Reply, ApiError> {
    let mut first = Some(validate::<V>(call, input, Stage::Create, None).await?);
    persist(async || {
        let values = match first.take() {
            Some(values) => values,
            None => validate::<V>(call, input, Stage::Create, None).await?,
        };
        let mut draft = draft::<V>(call, values)?;
        V::complete(&mut draft.record);
        V::before_create(call, &mut draft).await?;
        if let Some(existing) = V::existing(call, &draft.record).await? {
            return answer_existing::<V>(call, existing, repeat).await.map(Some);
        }
        store::<V>(call, draft, repeat).await
    })
    .await
}

fn draft<V: ViewSet>(call: &Call, input: Document) -> Result<Draft<V::Record>, ApiError> {
    let owner = call.caller.principal().map(|principal| principal.username.clone());
    Ok(Draft {
        id: call.ctx.ids.record(),
        record: hooks::record(input.clone())?,
        owner: owner.unwrap_or_default(),
        input,
        writes: Vec::new(),
        notices: Vec::new(),
    })
}

/// The answer to an earlier request with the same key, which is another look at the record.
async fn first_answer<V: ViewSet>(
    call: &Call,
    repeat: Option<&Repeat>,
) -> Result<Option<Reply>, ApiError> {
    let Some(repeat) = repeat else { return Ok(None) };
    let Some((reply, record)) = repeat.first(&call.ctx).await? else { return Ok(None) };
    trace::shown(call, V::RESOURCE, &[record]).await?;
    Ok(Some(reply))
}

/// What the audit log has to know of a record.
fn traced(resource: &Resource, document: &Document) -> Document {
    let names = resource.patient.into_iter().chain([resource.key()]);
    let field = |name: &str| Some((name.to_owned(), document.get(name)?.clone()));
    names.filter_map(field).collect()
}

/// The record was there already; made by this request, if it is one that came twice at once.
async fn answer_existing<V: ViewSet>(
    call: &Call,
    existing: Document,
    repeat: Option<&Repeat>,
) -> Result<Reply, ApiError> {
    if let Some(first) = first_answer::<V>(call, repeat).await? {
        return Ok(first);
    }
    let version = version_of(&existing);
    trace::shown(call, V::RESOURCE, std::slice::from_ref(&existing)).await?;
    let shown = show::<V>(&call.ctx, &call.caller, existing).await?;
    Ok(Reply::record(version, &shown))
}

/// The answer is made first, so that it can be stored together with the record. `None` when what
/// the draft was worked out from has moved on.
async fn store<V: ViewSet>(
    call: &Call,
    mut draft: Draft<V::Record>,
    repeat: Option<&Repeat>,
) -> Result<Option<Reply>, ApiError> {
    let resource = V::RESOURCE;
    let document = stored(call, resource, &draft)?;
    if !resource.policy.create.scope(&call.caller).has(&document) {
        return Err(ApiError::Forbidden);
    }
    let key = document.get(resource.key()).and_then(serde_json::Value::as_str).unwrap_or_default();
    let location = call.origin.record(resource.name, key);
    let shown = show::<V>(&call.ctx, &call.caller, document.clone()).await?;
    let reply = Reply::record(version_of(&document), &shown).created_at(location);
    draft.writes.extend(trace::change(call, resource, Action::Create, &[&document])?);
    draft.writes.extend(references::held(resource.fields, None, &document)?);
    let now = call.ctx.clock.now();
    let answered = repeat.map(|repeat| repeat.writes(now, &reply, traced(resource, &document)));
    let mut writes = vec![Write::Insert { collection: resource.collection(), document }];
    let notices = Notices::of(&call.ctx, &draft.notices);
    writes.append(&mut draft.writes);
    writes.extend(notices.writes());
    writes.extend(answered.into_iter().flatten());
    match audit::commit(&call.ctx, writes).await {
        Ok(_) => {
            notices.tell(&call.ctx);
            V::after_create(call, &draft);
            Ok(Some(reply))
        }
        Err(StoreError::Unmatched { .. } | StoreError::SeqTaken) => Ok(None),
        Err(error) => settle::<V>(call, &draft.record, repeat, error).await.map(Some),
    }
}

/// The stored document.
fn stored<R: serde::Serialize>(
    call: &Call,
    resource: &Resource,
    draft: &Draft<R>,
) -> Result<Document, ApiError> {
    let mut record = hooks::document(&draft.record)?;
    for field in resource.fields.iter().filter(|field| field.is(Flag::Derived)) {
        record.remove(field.source);
    }
    Ok(wrap(record, &draft.id, &draft.owner, call.ctx.clock.now()))
}

/// Somebody else was first: with the same request, with the same record, or with a value that must
/// be unique.
async fn settle<V: ViewSet>(
    call: &Call,
    record: &V::Record,
    repeat: Option<&Repeat>,
    error: StoreError,
) -> Result<Reply, ApiError> {
    let StoreError::Taken { collection, index, .. } = &error else {
        return Err(error.into());
    };
    if let Some(existing) = V::existing(call, record).await? {
        return answer_existing::<V>(call, existing, repeat).await;
    }
    Err(taken(V::RESOURCE, collection, index))
}

/// What a taken index means to the client.
pub(crate) fn taken(resource: &Resource, collection: &str, index: &str) -> ApiError {
    let own = collection == resource.collection();
    match unique::fault_of(resource, index).filter(|_| own) {
        Some(faults) => faults.into(),
        None => ApiError::Conflict("Another record is in the way.".to_owned()),
    }
}
