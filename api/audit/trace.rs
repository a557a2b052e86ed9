//! Which entries a request makes: called where records are shown and written, whatever the resource.

use ihs_store::{Document, Write, document::text};

use super::{
    entry::{Action, Entry},
    outbox,
};
use crate::{
    Ctx, auth::Principal, error::ApiError, http::Call, plugins::patients,
    viewset::resource::Resource,
};

/// Records that the caller is shown these records: to be awaited before they are.
pub(crate) async fn shown(
    call: &Call,
    resource: &Resource,
    documents: &[Document],
) -> Result<(), ApiError> {
    match call.caller.principal() {
        Some(principal) => shown_to(&call.ctx, principal, resource, documents).await,
        None => Ok(()),
    }
}

/// The same for somebody who is not the caller as yet.
pub(crate) async fn shown_to(
    ctx: &Ctx,
    principal: &Principal,
    resource: &Resource,
    documents: &[Document],
) -> Result<(), ApiError> {
    ctx.audit.append(readings(ctx, principal, resource, documents)).await
}

/// One entry for each patient.
pub(crate) fn readings(
    ctx: &Ctx,
    principal: &Principal,
    resource: &Resource,
    documents: &[Document],
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for document in documents {
        let Some(patient) = patient_in(resource, document) else { continue };
        let same = |entry: &&mut Entry| entry.patient.as_deref() == Some(patient);
        if let Some(entry) = entries.iter_mut().find(same) {
            entry.record = None;
            continue;
        }
        let mut entry = Entry::new(ctx, Action::Read).by(principal).of_patient(patient);
        if let Some(glass) = patients::glass_for(principal, resource, document) {
            entry.break_glass = true;
            entry.reason = Some(glass.reason.clone()).filter(|reason| !reason.is_empty());
        }
        entries.push(entry.with(resource.name, text(document, resource.key())));
    }
    entries
}

/// The writes that record a change, to be made with it: one for each patient whose record it was or
/// becomes.
pub(crate) fn change(
    call: &Call,
    resource: &Resource,
    action: Action,
    versions: &[&Document],
) -> Result<Vec<Write>, ApiError> {
    let mut patients: Vec<&str> =
        versions.iter().filter_map(|version| patient_in(resource, version)).collect();
    patients.dedup();
    let key = versions.first().map_or("", |version| text(version, resource.key()));
    let entry = |patient: &str| {
        let entry = done(call, action).of_patient(patient).with(resource.name, key);
        outbox::write(&entry)
    };
    patients.into_iter().map(entry).collect()
}

/// That the caller did this.
pub(crate) fn done(call: &Call, action: Action) -> Entry {
    let entry = Entry::new(&call.ctx, action);
    match call.caller.principal() {
        Some(principal) => entry.by(principal),
        None => entry,
    }
}

fn patient_in<'document>(
    resource: &Resource,
    document: &'document Document,
) -> Option<&'document str> {
    Some(text(document, resource.patient?)).filter(|patient| !patient.is_empty())
}
