//! How a slot gets its patient, and what those are told who come too late.

use ihs_store::{Change, Filter, Query, Write};
use serde_json::Value;

use super::{
    Appointments, COLLECTION,
    calendar::{Calendar, Whose, in_the_way, other_of_patient},
    moves::{Party, Status},
    slot::Slot,
};
use crate::{
    auth::Role,
    error::ApiError,
    fields::input::Input,
    http::Call,
    plugins::patients::{CLINICS, TREATED_BY},
    viewset::{Declared, hooks},
};

/// What binds a patient to a slot: that they hold no other at that time, and, for good, to whom
/// they are bound by it. The slot's doctor, its clinic and the patient are still there, or the
/// commit fails.
pub(super) async fn book(
    call: &Call,
    id: &str,
    slot: &Slot,
    patient: &str,
    by: Party,
) -> Result<[Write; 4], ApiError> {
    let ctx = &call.ctx;
    if by == Party::Patient && !is_trusted(call, &slot.doctor).await? {
        let message = "The doctor is not verified and takes no appointments.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    let mut profile = Filter::eq("user", patient);
    if by == Party::Doctor {
        // To read a record through a broken glass is not to treat its patient.
        profile = profile.and(Filter::Has(TREATED_BY, slot.doctor.as_str().into()));
    }
    if ctx.store.count("patients", profile.clone()).await? == 0 {
        return Err(ApiError::Forbidden);
    }
    let whose =
        [Whose::Patient(patient), Whose::Doctor(&slot.doctor), Whose::Clinic(&slot.clinic_id)];
    let [own, doctor, clinic] = Calendar::open(ctx, whose).await?;
    match (other_of_patient(ctx, id, slot, patient).await?, by) {
        (Some(other), Party::Patient) => return Err(in_the_way(&other)),
        (Some(_), _) => {
            let message = "The patient has another appointment at that time.";
            return Err(ApiError::Conflict(message.to_owned()));
        }
        (None, _) => {}
    }
    let binding = Change::default()
        .and_include(TREATED_BY, slot.doctor.as_str())
        .and_include(CLINICS, slot.clinic_id.as_str());
    let bound = Write::Update { collection: "patients", filter: profile, change: binding };
    Ok([own.hold(), doctor.touch(), clinic.touch(), bound])
}

/// Whether a doctor may treat: staff may have withdrawn that after the slot was opened.
async fn is_trusted(call: &Call, doctor: &str) -> Result<bool, ApiError> {
    if !call.ctx.settings.auth.verify_providers {
        return Ok(true);
    }
    let verified = Filter::eq("user", doctor).and(Filter::eq("verified", true));
    Ok(call.ctx.store.count("doctors", verified).await? > 0)
}

/// What a patient gets who wants a slot that was open: that it is so no more, and not who has it.
/// `None` for everybody and everything else, to whom it is not there.
pub(super) async fn too_late(call: &Call, body: &Input) -> Result<Option<ApiError>, ApiError> {
    let caller = call.principal()?;
    let status = Appointments::RESOURCE.field("status").and_then(|field| body.value(field));
    let wanted = status.as_ref().and_then(Value::as_str) == Some(Status::Reserved.name());
    if caller.role != Role::Patient || !wanted || call.key().contains('\0') {
        return Ok(None);
    }
    let found = Query::new(COLLECTION, Filter::id(call.key()).and(Filter::eq("offered", true)), 1);
    let Some(found) = call.ctx.store.find(found).await?.pop() else { return Ok(None) };
    let slot: Slot = hooks::record(found)?;
    // It was opened again this very moment: as good as a race that was lost.
    let message = match slot.status {
        Status::Open => "Others keep changing the same record, try again.",
        _ => "This appointment is not open any more: somebody else was first, or it was withdrawn.",
    };
    Ok(Some(ApiError::Conflict(message.to_owned())))
}
