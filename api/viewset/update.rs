//! PUT and PATCH on a record.

use ihs_store::{
    Change, Document, Filter, InvalidDocument, StoreError, Write, Written, document::id_of,
};

use super::{
    Declared, ViewSet,
    create::taken,
    hooks,
    hooks::Edit,
    notices::Notices,
    object::{Right, object, rule_of},
    references,
    resource::Resource,
    show::show,
    unique::same,
    validate::validate,
};
use crate::{
    audit::{self, entry::Action, trace},
    error::ApiError,
    fields::{clean::Stage, flags::Flag, input::Input},
    http::{
        Call, Reply,
        etag::{Precondition, version_of},
    },
};

/// How often a change is tried when the record moves on each time.
const ATTEMPTS: usize = 128;

/// Changes a record. The change is conditional on the version that it was worked out from.
pub(crate) async fn update<V: ViewSet>(call: &Call, stage: Stage) -> Result<Reply, ApiError> {
    let document = match object(call, V::RESOURCE, Right::Change).await {
        Ok(document) => document,
        Err(error) => return Err(unseen::<V>(call, call.body().await.ok().as_ref(), error).await),
    };
    let body = call.body().await?;
    let precondition = call.precondition();
    meet(&precondition, &document)?;
    let input = validate::<V>(call, &body, stage, Some(&document)).await?;
    let mut first = Some((document, input));
    let changed = persist(async || {
        let (document, input) = match first.take() {
            Some(known) => known,
            None => match object(call, V::RESOURCE, Right::Change).await {
                Ok(document) => {
                    meet(&precondition, &document)?;
                    let input = validate::<V>(call, &body, stage, Some(&document)).await?;
                    (document, input)
                }
                Err(error) => return Err(unseen::<V>(call, Some(&body), error).await),
            },
        };
        attempt::<V>(call, &document, &input).await
    });
    answer::<V>(call, changed.await?).await
}

/// What the resource makes of a 404.
async fn unseen<V: ViewSet>(call: &Call, body: Option<&Input>, error: ApiError) -> ApiError {
    let (ApiError::NotFound(_), Some(body)) = (&error, body) else { return error };
    match V::unseen(call, body).await {
        Ok(said) => said.unwrap_or(error),
        Err(failed) => failed,
    }
}

/// Tries again for as long as the record moves on before it could be changed.
pub(crate) async fn persist<T>(
    mut attempt: impl AsyncFnMut() -> Result<Option<T>, ApiError>,
) -> Result<T, ApiError> {
    for _ in 0..ATTEMPTS {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(ApiError::Conflict("Others keep changing the same record, try again.".to_owned()))
}

/// Whether the client wants to change this version.
pub(crate) fn meet(precondition: &Precondition, document: &Document) -> Result<(), ApiError> {
    if precondition.allows(version_of(document)) {
        Ok(())
    } else {
        Err(ApiError::PreconditionFailed)
    }
}

async fn answer<V: ViewSet>(call: &Call, document: Document) -> Result<Reply, ApiError> {
    let version = version_of(&document);
    let shown = show::<V>(&call.ctx, &call.caller, document).await?;
    Ok(Reply::record(version, &shown))
}

/// One try; `None` when the record, or a log that belongs to it, has moved on.
async fn attempt<V: ViewSet>(
    call: &Call,
    document: &Document,
    input: &Document,
) -> Result<Option<Document>, ApiError> {
    let mut edit = edit::<V>(document, input)?;
    V::before_update(call, &mut edit).await?;
    let after = hooks::document(&edit.after)?;
    let recorded = trace::change(call, V::RESOURCE, Action::Update, &[document, &after])?;
    let held = references::held(V::RESOURCE.fields, Some(document), &after)?;
    let set = differences(V::RESOURCE, document, after);
    if set.is_empty() && edit.writes.is_empty() {
        trace::shown(call, V::RESOURCE, std::slice::from_ref(document)).await?;
        return Ok(Some(document.clone()));
    }
    let notices = Notices::of(&call.ctx, &edit.notices);
    let mut writes = vec![conditional(call, V::RESOURCE, document, set)?];
    writes.append(&mut edit.writes);
    writes.extend(held);
    writes.extend(recorded);
    writes.extend(notices.writes());
    match audit::commit(&call.ctx, writes).await {
        Ok(done) => {
            notices.tell(&call.ctx);
            V::after_update(call, &edit);
            Ok(done.into_iter().find_map(Written::updated))
        }
        Err(StoreError::Unmatched { .. } | StoreError::SeqTaken) => Ok(None),
        Err(StoreError::Taken { collection, index, .. }) => {
            Err(taken(V::RESOURCE, &collection, &index))
        }
        Err(error) => Err(error.into()),
    }
}

fn edit<V: ViewSet>(document: &Document, input: &Document) -> Result<Edit<V::Record>, ApiError> {
    let mut after = document.clone();
    let stored = V::RESOURCE.fields.iter().filter(|field| !field.is(Flag::WriteOnly));
    for field in stored {
        if let Some(value) = input.get(field.source) {
            after.insert(field.source.to_owned(), value.clone());
        }
    }
    Ok(Edit {
        id: id_of(document)?.to_owned(),
        before: hooks::record(document.clone())?,
        after: hooks::record(after)?,
        input: input.clone(),
        writes: Vec::new(),
        notices: Vec::new(),
    })
}

/// Only what differs is written: what others change meanwhile, without a version, stays.
fn differences(resource: &Resource, before: &Document, after: Document) -> Document {
    let derived = |name: &str| {
        let named = |field: &&crate::fields::Field| field.source == name;
        resource.fields.iter().find(named).is_some_and(|field| field.is(Flag::Derived))
    };
    let differs = |(name, value): &(String, serde_json::Value)| {
        !name.starts_with('_') && !derived(name) && !same(before.get(name), Some(value))
    };
    after.into_iter().filter(differs).collect()
}

fn conditional(
    call: &Call,
    resource: &'static Resource,
    document: &Document,
    set: Document,
) -> Result<Write, InvalidDocument> {
    let allowed = rule_of(resource, Right::Change).scope(&call.caller).filter();
    let change = Change { set, ..Change::default() };
    Ok(Write::Update {
        collection: resource.collection(),
        filter: at_version(document)?.and(allowed),
        change: change.and_set("_updated", call.ctx.clock.now()).and_add("_version", 1),
    })
}

/// This very version of a document.
pub(crate) fn at_version(document: &Document) -> Result<Filter, InvalidDocument> {
    Ok(Filter::id(id_of(document)?).and(Filter::eq("_version", version_of(document))))
}
