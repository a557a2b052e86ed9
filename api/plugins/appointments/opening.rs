//! How a doctor opens a slot, for everybody or for a patient of theirs.

use ihs_store::{Change, Document, Filter, Query, Write, document::text};

use super::{
    booking,
    calendar::{Calendar, Whose, in_the_way, other_of_doctor},
    moves::{Move, Party, Status},
    slot::{Slot, unchanged},
    told,
};
use crate::{
    Ctx, error::ApiError, faults::Faults, http::Call, plugins::clinic_doctors,
    viewset::hooks::Draft,
};

/// Completes a new slot. The doctor's profile, and that they work at the clinic, are still as they
/// were read, or the commit fails.
pub(super) async fn open(call: &Call, draft: &mut Draft<Slot>) -> Result<(), ApiError> {
    let (ctx, me) = (&call.ctx, call.principal()?);
    let work = work(ctx, &draft.record.clinic_doctor).await?;
    if text(&work, "doctor") != me.username {
        return Err(ApiError::Forbidden);
    }
    let profile = profile(ctx, &me.username).await?;
    let slot = &mut draft.record;
    text(&work, "doctor").clone_into(&mut slot.doctor);
    text(&work, "clinic").clone_into(&mut slot.clinic_id);
    slot.copy_from(&profile);
    slot.offered = slot.patient.is_none();
    slot.status = if slot.offered { Status::Open } else { Status::Reserved };
    draft.writes.extend(place(ctx, &draft.id, slot).await?);
    draft.writes.push(unchanged(&profile));
    if let Some(patient) = slot.patient.clone() {
        draft.writes.extend(booking::book(call, &draft.id, slot, &patient, Party::Doctor).await?);
        draft.notices = told::of(call, Move::Reserve, &draft.record, &draft.record).await?;
    }
    Ok(())
}

/// Puts a slot into its doctor's calendar, where nothing else may be in its way.
pub(super) async fn place(ctx: &Ctx, id: &str, slot: &Slot) -> Result<[Write; 3], ApiError> {
    let whose = [Whose::Doctor(&slot.doctor), Whose::Clinic(&slot.clinic_id)];
    let [doctor, clinic] = Calendar::open(ctx, whose).await?;
    if let Some(other) = other_of_doctor(ctx, id, slot).await? {
        return Err(in_the_way(&other));
    }
    Ok([doctor.hold(), clinic.touch(), still_works(&slot.clinic_doctor)])
}

/// Fails the commit when the clinic-doctor was deleted meanwhile.
fn still_works(clinic_doctor: &str) -> Write {
    Write::Update {
        collection: clinic_doctors::COLLECTION,
        filter: Filter::id(clinic_doctor),
        change: Change::default().and_add("_opened", 1),
    }
}

/// It was there when the body was checked.
async fn work(ctx: &Ctx, id: &str) -> Result<Document, ApiError> {
    let found = ctx.store.get(clinic_doctors::COLLECTION, id).await?;
    let gone = || format!("Invalid pk \"{id}\" - object does not exist.");
    Ok(found.ok_or_else(|| Faults::one("clinic_doctor", gone()))?)
}

/// Whoever has deleted their profile is no doctor any more.
async fn profile(ctx: &Ctx, doctor: &str) -> Result<Document, ApiError> {
    let query = Query::new("doctors", Filter::eq("user", doctor), 1);
    ctx.store.find(query).await?.pop().ok_or(ApiError::Forbidden)
}
