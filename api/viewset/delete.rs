//! DELETE on a record.

use ihs_store::{Change, Document, Filter, Query, StoreError, Write, document::id_of};
use serde_json::Value;

use super::{
    Declared, ViewSet, hooks,
    hooks::Removal,
    notices::Notices,
    object::{Right, object, rule_of},
    references::NAMED,
    resource::Resource,
    update::{at_version, meet, persist},
};
use crate::{
    audit::{self, entry::Action, trace},
    error::ApiError,
    fields::{Field, flags::Flag, kind::Kind},
    http::{Call, Reply},
    plugins::PLUGINS,
};

/// Records of patients that one deletion may change: each gets an entry in the audit log, in the same
/// commit.
const RECORDED: u64 = 1_000;

/// Deletes a record, and what refers to it lets go.
pub(crate) async fn delete<V: ViewSet>(call: &Call) -> Result<Reply, ApiError> {
    let precondition = call.precondition();
    let removal = persist(async || {
        let document = object(call, V::RESOURCE, Right::Delete).await?;
        meet(&precondition, &document)?;
        attempt::<V>(call, document).await
    });
    V::after_delete(call, &removal.await?).await?;
    Ok(Reply::no_content())
}

async fn attempt<V: ViewSet>(
    call: &Call,
    document: Document,
) -> Result<Option<Removal<V::Record>>, ApiError> {
    let resource = V::RESOURCE;
    let named = document.get(NAMED).cloned().unwrap_or_default();
    let filter = at_version(&document)?
        .and(Filter::Eq(NAMED, named))
        .and(rule_of(resource, Right::Delete).scope(&call.caller).filter());
    let recorded = trace::change(call, resource, Action::Delete, &[&document])?;
    let mut removal = Removal {
        id: id_of(&document)?.to_owned(),
        record: hooks::record(document)?,
        writes: Vec::new(),
        notices: Vec::new(),
        remains: None,
    };
    V::before_delete(call, &mut removal).await?;
    let mut writes = vec![removing(resource, filter, removal.remains.take())];
    let notices = Notices::of(&call.ctx, &removal.notices);
    writes.append(&mut removal.writes);
    writes.extend(recorded);
    writes.extend(notices.writes());
    writes.extend(letting_go(call, resource, &removal.id).await?);
    match audit::commit(&call.ctx, writes).await {
        Ok(_) => {
            notices.tell(&call.ctx);
            Ok(Some(removal))
        }
        Err(StoreError::Unmatched { .. } | StoreError::SeqTaken) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn removing(resource: &'static Resource, filter: Filter, remains: Option<Change>) -> Write {
    let collection = resource.collection();
    match remains {
        Some(change) => Write::Update { collection, filter, change: change.and_add("_version", 1) },
        None => Write::Delete { collection, filter },
    }
}

/// What refers to a deleted record is deleted with it where it says so; else the reference becomes
/// null where it may, and keeps the record where it may not. One that lasts stays as it is.
async fn letting_go(
    call: &Call,
    resource: &'static Resource,
    id: &str,
) -> Result<Vec<Write>, ApiError> {
    let mut writes = Vec::new();
    for (other, field) in referring(resource.name).filter(|(_, field)| !field.is(Flag::Lasting)) {
        let filter = Filter::eq(field.source, id);
        if field.is(Flag::Cascade) {
            writes.push(Write::DeleteEvery { collection: other.collection(), filter });
        } else if field.is(Flag::Null) {
            if other.patient.is_some() {
                writes.extend(recorded(call, other, filter.clone()).await?);
            }
            let change = Change::set(field.source, Value::Null).and_add("_version", 1);
            writes.push(Write::UpdateEvery { collection: other.collection(), filter, change });
        } else if call.ctx.store.count(other.collection(), filter).await? > 0 {
            let message = format!("It cannot be deleted: {} refer to it.", other.name);
            return Err(ApiError::Conflict(message));
        }
    }
    Ok(writes)
}

/// The entries of the audit log about patients whose records lose a reference.
async fn recorded(
    call: &Call,
    other: &'static Resource,
    filter: Filter,
) -> Result<Vec<Write>, ApiError> {
    let found = call.ctx.store.find(Query::new(other.collection(), filter, RECORDED + 1)).await?;
    if found.len() as u64 > RECORDED {
        let message =
            format!("It cannot be deleted: more than {RECORDED} {} refer to it.", other.name);
        return Err(ApiError::Conflict(message));
    }
    let entries = found.iter().map(|one| trace::change(call, other, Action::Update, &[one]));
    Ok(entries.collect::<Result<Vec<_>, _>>()?.concat())
}

fn referring(name: &'static str) -> impl Iterator<Item = (&'static Resource, &'static Field)> {
    PLUGINS.iter().map(|plugin| plugin.resource()).flat_map(move |resource| {
        let refers = move |field: &&Field| matches!(field.kind, Kind::Reference(to) if to == name);
        resource.fields.iter().filter(refers).map(move |field| (resource, field))
    })
}
