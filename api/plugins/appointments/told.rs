//! Who is told of a move: the other side.

use ihs_actors::protocol::Category;
use ihs_store::{Timestamp, document::text};

use super::{
    moves::{Move, Status},
    slot::Slot,
};
use crate::{Ctx, error::ApiError, http::Call, viewset::notices::Notice};

/// The notices of a move that the caller makes: to its doctor and its patient, but for themselves.
pub(super) async fn of(
    call: &Call,
    step: Move,
    before: &Slot,
    after: &Slot,
) -> Result<Vec<Notice>, ApiError> {
    let Some((title, done)) = words(step, after.status) else { return Ok(Vec::new()) };
    let me = call.principal()?;
    let patient = after.patient.as_deref().or(before.patient.as_deref());
    let sides = [Some(after.doctor.as_str()), patient].into_iter().flatten();
    let others: Vec<&str> = sides.filter(|side| *side != me.username).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let place = place(&call.ctx, after).await?;
    let text = format!("{} has {done} the appointment {place}.", me.name());
    let notice = |user: &&str| Notice::new(user, Category::Appointment, title, text.clone());
    Ok(others.iter().map(notice).collect())
}

/// Tells one side that the other is gone, and the appointment with them.
pub(super) async fn of_departure(ctx: &Ctx, slot: &Slot, gone: &str) -> Result<Notice, ApiError> {
    let patient = slot.patient.as_deref().unwrap_or_default();
    let (user, who) =
        if slot.doctor == gone { (patient, "doctor") } else { (slot.doctor.as_str(), "patient") };
    let place = place(ctx, slot).await?;
    let text = format!("The appointment {place} is cancelled: its {who} has left.");
    Ok(Notice::new(user, Category::Appointment, "Appointment cancelled", text))
}

/// The title, and what was done; `None` when nobody need know.
fn words(step: Move, to: Status) -> Option<(&'static str, &'static str)> {
    Some(match step {
        Move::Stay => return None,
        Move::Reserve => ("Appointment reserved", "reserved"),
        Move::Confirm => ("Appointment confirmed", "confirmed"),
        Move::Finish if to == Status::NoShow => ("Appointment missed", "marked as missed"),
        Move::Finish => ("Appointment completed", "completed"),
        Move::Cancel => ("Appointment cancelled", "cancelled"),
        Move::Reopen => ("Appointment open again", "opened again"),
    })
}

/// `on 2026-05-01 at 12:00 UTC, City Clinic`; without the clinic when that is gone.
async fn place(ctx: &Ctx, slot: &Slot) -> Result<String, ApiError> {
    let clinic = ctx.store.get("clinics", &slot.clinic_id).await?;
    let when = when(slot.start_time);
    Ok(clinic.map_or_else(|| when.clone(), |clinic| format!("{when}, {}", text(&clinic, "name"))))
}

fn when(time: Timestamp) -> String {
    let text = time.to_string();
    let (day, hour) = text.split_once('T').unwrap_or_default();
    format!("on {day} at {} UTC", hour.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_minute() {
        let noon = Timestamp::parse("2026-05-01T12:00:59Z").unwrap_or_default();
        assert_eq!(when(noon), "on 2026-05-01 at 12:00 UTC");
    }
}
