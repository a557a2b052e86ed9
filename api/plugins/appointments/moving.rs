//! What a change of an appointment comes to.

use ihs_store::Write;

use super::{
    booking,
    moves::{Move, Party, Status, decide},
    opening::place,
    rules,
    slot::Slot,
    told,
};
use crate::{
    auth::{Principal, Role},
    error::ApiError,
    http::Call,
    plugins::clinic_doctors,
    viewset::hooks::Edit,
};

/// Completes a change: what belongs to a move, and who is told of it.
pub(super) async fn change(call: &Call, edit: &mut Edit<Slot>) -> Result<(), ApiError> {
    let me = call.principal()?;
    let by = Party::of(me, &edit.before);
    let (from, to) = (edit.before.status, edit.after.status);
    let hour = edit.after.hour(call.ctx.clock.now());
    let step = if from == to && !is_bare_move(edit) {
        Move::Stay
    } else {
        decide(from, to, by, hour).map_err(|refusal| refusal.error(from, to))?
    };
    rules::allow(me, by, step, edit)?;
    let writes = writes(call, me, step, edit).await?;
    edit.writes.extend(writes);
    edit.notices = told::of(call, step, &edit.before, &edit.after).await?;
    Ok(())
}

/// Whether a body asks for a move and nothing else. In a body with more, the status that the
/// appointment has is only repeated.
fn is_bare_move(edit: &Edit<Slot>) -> bool {
    edit.input.contains_key("status")
        && edit.input.keys().all(|name| name == "status" || name == "patient")
}

async fn writes(
    call: &Call,
    me: &Principal,
    step: Move,
    edit: &mut Edit<Slot>,
) -> Result<Vec<Write>, ApiError> {
    let (before, slot) = (&edit.before, &mut edit.after);
    match step {
        Move::Reserve => {
            slot.patient = Some(me.username.clone());
            let booked = booking::book(call, &edit.id, slot, &me.username, Party::Patient);
            Ok(booked.await?.into())
        }
        Move::Reopen => {
            reopen(call, slot).await?;
            Ok(place(&call.ctx, &edit.id, slot).await?.into())
        }
        Move::Stay if !before.is_when(slot) => Ok(place(&call.ctx, &edit.id, slot).await?.into()),
        Move::Stay | Move::Confirm | Move::Finish | Move::Cancel => Ok(Vec::new()),
    }
}

/// Nothing of who had it stays.
async fn reopen(call: &Call, slot: &mut Slot) -> Result<(), ApiError> {
    (slot.patient, slot.disease, slot.offered) = (None, None, true);
    let work = call.ctx.store.get(clinic_doctors::COLLECTION, &slot.clinic_doctor).await?;
    match work {
        Some(_) => Ok(()),
        None => Err(ApiError::Conflict("You do not work at its clinic any more.".to_owned())),
    }
}

impl Party {
    /// What a caller who may change an appointment is to it.
    fn of(principal: &Principal, slot: &Slot) -> Self {
        let is_theirs = slot.patient.as_deref() == Some(principal.username.as_str());
        let is_open = slot.status == Status::Open && principal.role == Role::Patient;
        if slot.doctor == principal.username {
            Self::Doctor
        } else if is_theirs || is_open {
            Self::Patient
        } else {
            Self::Other
        }
    }
}
