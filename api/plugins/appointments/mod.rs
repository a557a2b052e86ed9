//! Appointments: when a doctor sees a patient, from the open slot to the end.
//!
//! - this file: the resource, its policy, and how a doctor opens one
//! - [`slot`]: the record, and what its doctor's profile gives it; [`rules`]: what bodies must keep
//! - [`moves`]: which status follows which, by whom and when; [`moving`]: carries that out
//! - [`calendar`]: what keeps appointments from overlapping; [`booking`]: a slot gets its patient
//! - [`told`]: who is notified; [`leaving`]: what ends with a clinic, a doctor or a patient

pub(crate) mod booking;
pub(crate) mod calendar;
pub(crate) mod leaving;
pub(crate) mod moves;
mod moving;
mod opening;
mod rules;
pub(crate) mod slot;
mod told;

use ihs_store::{Filter, Index, Sort};

use self::{moves::Status, slot::Slot};
use super::clinics::Clinics;
use crate::{
    Ctx,
    auth::{Caller, Principal, Role},
    error::ApiError,
    fields::{
        Field, Preset,
        input::Input,
        kind::{
            Kind,
            Operation::{Contains, Exact, Gte, Lte},
        },
    },
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Edit, Removal, Row},
        policy::{Policy, Rule, Scope},
        resource::up,
    },
};

/// The collection.
pub(crate) const COLLECTION: &str = "appointments";

/// The resource.
pub(crate) struct Appointments;

impl ViewSet for Appointments {
    type Record = Slot;
    const NAME: &'static str = "appointments";
    const MODEL: &'static str = "Appointment";
    const ABOUT: &'static str = "When doctors see patients, and when they could.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::reference("clinic_doctor", "clinic-doctors")
            .required()
            .create_only()
            .write_only()
            .lasting(),
        Field::person("patient").null().write_only().filter(),
        Field::time("start_time").required().sort().filter().filter_as("startTime", Gte),
        Field::time("end_time").required().sort().filter().filter_as("endTime", Lte),
        Field::choice("status", Status::NAMES).preset(Preset::Text("open")).filter(),
        Field::reference("disease", "diseases").null(),
        Field::text("patientUsername").stored_as("patient").read_only(),
        Field::text("clinicDoctorID").stored_as("clinic_doctor").read_only(),
        Field::text("doctorUsername").stored_as("doctor").read_only().filter_as("doctor", Contains),
        Field::shown("clinic", Kind::Object(Clinics::FIELDS)),
        Field::shown("average_rating", Kind::Float { min: None, max: None }),
        Field::asked("clinic_id").filter_as("clinic", Exact),
        Field::asked("_speciality").filter_as("speciality", Contains),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(visible),
        create: Rule::Users(opened),
        change: Rule::Users(changed),
        delete: Rule::Users(withdrawn),
    };
    const ORDER: &'static [Sort] = &[up("_rank"), up("start_time")];
    const PATIENT: Option<&'static str> = Some("patient");

    fn indexes() -> Vec<Index> {
        vec![
            Index::plain("doctor_time", &["doctor", "start_time"]),
            Index::plain("patient_time", &["patient", "start_time"]),
            Index::plain("status_order", &["status", "_rank", "start_time"]),
            Index::plain("clinic_status", &["clinic_id", "status", "start_time"]),
            Index::plain("work_status", &["clinic_doctor", "status", "start_time"]),
        ]
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        rules::check(call, checked).await
    }

    async fn before_create(call: &Call, draft: &mut Draft<Slot>) -> Result<(), ApiError> {
        opening::open(call, draft).await
    }

    async fn before_update(call: &Call, edit: &mut Edit<Slot>) -> Result<(), ApiError> {
        moving::change(call, edit).await
    }

    async fn unseen(call: &Call, body: &Input) -> Result<Option<ApiError>, ApiError> {
        booking::too_late(call, body).await
    }

    async fn before_delete(_: &Call, removal: &mut Removal<Slot>) -> Result<(), ApiError> {
        match removal.record.status {
            Status::Open => Ok(()),
            other => {
                let message = format!("An appointment that is {} cannot be deleted.", other.name());
                Err(ApiError::Conflict(message))
            }
        }
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        slot::derive(ctx, rows).await
    }
}

/// Open ones; one's own; for nurses those of their clinics; all for staff.
fn visible(principal: &Principal) -> Scope {
    if principal.is_staff() {
        return Scope::Everything;
    }
    let mut seen = vec![Filter::eq("status", Status::Open.name()), had_by(principal)];
    if principal.is_doctor() {
        seen.push(given_by(principal));
    }
    if principal.is_nurse() {
        seen.push(principal.at_clinics("clinic_id"));
    }
    Scope::Only(Filter::Any(seen))
}

/// Doctors may open their own.
fn opened(principal: &Principal) -> Scope {
    if principal.is_doctor() { Scope::Only(given_by(principal)) } else { Scope::Nobody }
}

/// A doctor's own; for patients those that are open or theirs. What each of them may change about it
/// is for [`moving`] to say.
fn changed(principal: &Principal) -> Scope {
    match principal.role {
        Role::Patient => {
            let open = Filter::eq("status", Status::Open.name());
            Scope::Only(Filter::Any(vec![open, had_by(principal)]))
        }
        _ => opened(principal),
    }
}

/// A doctor's own; all for staff.
fn withdrawn(principal: &Principal) -> Scope {
    if principal.is_staff() { Scope::Everything } else { opened(principal) }
}

fn had_by(principal: &Principal) -> Filter {
    Filter::eq("patient", principal.username.clone())
}

fn given_by(principal: &Principal) -> Filter {
    Filter::eq("doctor", principal.username.clone())
}
