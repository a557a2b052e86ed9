//! What bodies must keep, apart from the status.

use ihs_store::{Filter, Query, Timestamp};
use serde_json::Value;

use super::{
    calendar::LONGEST_MILLIS,
    moves::{Move, Party, Status},
    slot::Slot,
};
use crate::{
    auth::Principal,
    error::ApiError,
    fields::clean::Stage,
    http::Call,
    plugins::patients::treated,
    viewset::hooks::{Checked, Edit},
};

/// Checks a body before it is known what it does.
pub(super) async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    if let Some(fault) = times_fault(checked) {
        checked.faults.add("end_time", fault);
    }
    if checked.stage == Stage::Create {
        check_status(checked);
        check_patient(call, checked).await?;
    }
    Ok(())
}

/// Whether this party may change what differs, apart from the status.
pub(super) fn allow(
    me: &Principal,
    by: Party,
    step: Move,
    edit: &Edit<Slot>,
) -> Result<(), ApiError> {
    let (before, after) = (&edit.before, &edit.after);
    let held = Status::HELD.contains(&after.status);
    let names_patient = edit.input.get("patient").is_some_and(|named| match named.as_str() {
        Some(name) => {
            let own = step == Move::Reserve && name == me.username;
            !own && before.patient.as_deref() != Some(name)
        }
        None => before.patient.is_some(),
    });
    let sets_disease =
        before.disease != after.disease && by != Party::Doctor && !(by == Party::Patient && held);
    let sets_times = !before.is_when(after);
    if names_patient || sets_disease || (sets_times && by != Party::Doctor) {
        return Err(ApiError::Forbidden);
    }
    if sets_times && after.status != Status::Open {
        let message = "Only the times of an appointment that is open can change.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    Ok(())
}

/// What is wrong with new times. They may be past: what was not planned is recorded afterwards.
fn times_fault(checked: &Checked<'_>) -> Option<String> {
    let stored = |field| checked.before.and_then(|before| before.get(field));
    let is_new =
        |field| checked.values.get(field).is_some_and(|value: &Value| Some(value) != stored(field));
    let is_faulty = |field| checked.faults.has(field);
    let times = ["start_time", "end_time"];
    if !times.into_iter().any(is_new) || times.into_iter().any(is_faulty) {
        return None;
    }
    let time = |field| checked.text(field).and_then(Timestamp::parse);
    let (start, end) = (time("start_time")?, time("end_time")?);
    if end <= start {
        Some("The end must come after the start.".to_owned())
    } else if end > start.plus_millis(LONGEST_MILLIS) {
        Some("An appointment takes at most 7 days.".to_owned())
    } else {
        None
    }
}

/// One with a patient begins as reserved.
fn check_status(checked: &mut Checked<'_>) {
    let Some(status) = checked.text("status") else { return };
    let booked = checked.text("patient").is_some() && status == Status::Reserved.name();
    if status != Status::Open.name() && !booked {
        checked.faults.add("status", "A new appointment is open.");
    }
}

/// A doctor may book for patients whose records they may read; others are not there for them.
async fn check_patient(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let Some(patient) = checked.text("patient").map(str::to_owned) else { return Ok(()) };
    if checked.faults.has("patient") {
        return Ok(());
    }
    let mine = Filter::eq("user", patient.as_str()).and(treated(call.principal()?).filter());
    if call.ctx.store.find(Query::new("patients", mine, 1)).await?.is_empty() {
        checked.faults.add("patient", format!("Object with username={patient} does not exist."));
    }
    Ok(())
}
