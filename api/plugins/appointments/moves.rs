//! Which status of an appointment follows which: by whose hand, and when. Pure.
//!
//! open → reserved (a patient) → confirmed (its doctor) → completed or missed (its doctor, once
//! it has begun). What has not begun can be cancelled, by its patient or its doctor; what is
//! cancelled can be opened again by its doctor.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// How far an appointment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Nobody has it.
    #[default]
    Open,
    /// A patient wants it.
    Reserved,
    /// Its doctor has agreed.
    Confirmed,
    /// It has taken place.
    Completed,
    /// It will not take place.
    Cancelled,
    /// Its patient did not come.
    NoShow,
}

/// What somebody is to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// Its patient; of an open one, any patient.
    Patient,
    /// Its doctor.
    Doctor,
    /// Anybody else.
    Other,
}

/// Where an appointment is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hour {
    /// It has not begun.
    Ahead,
    /// It has begun, and may be over.
    Begun,
}

/// What becomes of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// Its status stays.
    Stay,
    /// It gets a patient.
    Reserve,
    /// Its doctor agrees.
    Confirm,
    /// Its doctor says how it went.
    Finish,
    /// It is called off.
    Cancel,
    /// It can be had again.
    Reopen,
}

/// Why a move is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not theirs to make.
    Role,
    /// No such move starts from this status.
    State,
    /// It has not begun.
    NotYet,
    /// It has begun.
    Begun,
}

impl Status {
    /// All names on the wire.
    pub(crate) const NAMES: &'static [&'static str] =
        &["open", "reserved", "confirmed", "completed", "cancelled", "no_show"];

    /// All but cancelled ones: they take up their doctor's time.
    pub(super) const KEPT: [Self; 5] =
        [Self::Open, Self::Reserved, Self::Confirmed, Self::Completed, Self::NoShow];

    /// Those that are yet to take place: they take up their patient's time.
    pub(super) const HELD: [Self; 2] = [Self::Reserved, Self::Confirmed];

    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

/// The move from one status to another, or why it is not made. From a status to itself is none:
/// whoever asks for that has come too late.
pub(super) fn decide(from: Status, to: Status, by: Party, hour: Hour) -> Result<Move, Refusal> {
    if !is_theirs(from, to, by) {
        return Err(Refusal::Role);
    }
    let step = step(from, to).ok_or(Refusal::State)?;
    match (step, hour) {
        (Move::Finish, Hour::Ahead) => Err(Refusal::NotYet),
        (Move::Cancel, Hour::Begun) => Err(Refusal::Begun),
        _ => Ok(step),
    }
}

impl Refusal {
    /// As the answer to a request.
    pub(super) fn error(self, from: Status, to: Status) -> ApiError {
        let is_there = from == to;
        let (from, to) = (from.name(), to.name());
        ApiError::Conflict(match self {
            Self::Role => return ApiError::Forbidden,
            Self::State if is_there => format!("The appointment is {from} already."),
            Self::State => format!("An appointment that is {from} cannot become {to}."),
            Self::NotYet => format!("An appointment cannot become {to} before it has begun."),
            Self::Begun => format!("An appointment cannot become {to} once it has begun."),
        })
    }
}

/// Whether bringing an appointment there is theirs at all.
fn is_theirs(from: Status, to: Status, by: Party) -> bool {
    match by {
        Party::Patient if to == Status::Cancelled => from != Status::Open,
        Party::Patient => to == Status::Reserved,
        Party::Doctor => to != Status::Reserved,
        Party::Other => false,
    }
}

fn step(from: Status, to: Status) -> Option<Move> {
    match (from, to) {
        (Status::Open, Status::Reserved) => Some(Move::Reserve),
        (Status::Reserved, Status::Confirmed) => Some(Move::Confirm),
        (Status::Confirmed, Status::Completed | Status::NoShow) => Some(Move::Finish),
        (Status::Open | Status::Reserved | Status::Confirmed, Status::Cancelled) => {
            Some(Move::Cancel)
        }
        (Status::Cancelled, Status::Open) => Some(Move::Reopen),
        _ => None,
    }
}

#[cfg(test)]
#[path = "moves_tests.rs"]
mod tests;
