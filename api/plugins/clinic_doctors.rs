//! Clinic-doctors: which doctors and nurses work at which clinics. Each user's record has the ids of
//! their clinics, too, so that every request knows them.

use std::iter;

use ihs_store::{Change, Filter, Sort, Write};
use serde::{Deserialize, Serialize};

use super::{appointments::leaving, treatments, users};
use crate::{
    Ctx,
    auth::{CLINICS, Caller, Principal},
    error::ApiError,
    fields::{
        Field,
        kind::{Kind, TextRule},
    },
    http::Call,
    viewset::{
        ViewSet,
        envelope::wrap,
        hooks::{self, Checked, Draft, Removal, Row},
        policy::{self, Policy, Rule, Scope},
        references::NAMED,
        related::related,
        resource::{Together, up},
    },
};

/// The collection.
pub(crate) const COLLECTION: &str = "clinic_doctors";

/// In the record of a user: raised whenever their clinics change, so that what is worked out from
/// these can be stored only while they are the same.
pub(crate) const MOVES: &str = "_moves";

/// The resource.
pub(crate) struct ClinicDoctors;

/// That somebody works at a clinic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClinicDoctor {
    pub(crate) clinic: String,
    pub(crate) doctor: String,
}

impl ViewSet for ClinicDoctors {
    type Record = ClinicDoctor;
    const NAME: &'static str = "clinic-doctors";
    const MODEL: &'static str = "ClinicDoctor";
    const ABOUT: &'static str = "Which doctors and nurses work at which clinics.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::reference("clinic", "clinics").required().create_only().cascade().filter(),
        Field::person("doctor").required().create_only().filter(),
        Field::shown("clinicName", Kind::Text(TextRule::PLAIN)),
        Field::text("doctorUsername").stored_as("doctor").read_only(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Users(led),
        change: Rule::Users(own_or_staff),
        delete: Rule::Users(own_or_staff),
    };
    const ORDER: &'static [Sort] = &[up("_created")];
    const UNIQUE_TOGETHER: &'static [Together] =
        &[Together { index: "clinic_doctor", fields: &["clinic", "doctor"] }];

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        let Some(doctor) = checked.text("doctor").map(str::to_owned) else { return Ok(()) };
        if !checked.faults.has("doctor") && !is_provider(&call.ctx, &doctor).await? {
            checked.faults.add("doctor", format!("Object with username={doctor} does not exist."));
        }
        Ok(())
    }

    async fn before_create(_: &Call, draft: &mut Draft<ClinicDoctor>) -> Result<(), ApiError> {
        let ClinicDoctor { clinic, doctor } = &draft.record;
        draft.writes.extend(joining(clinic, doctor));
        Ok(())
    }

    async fn before_delete(
        call: &Call,
        removal: &mut Removal<ClinicDoctor>,
    ) -> Result<(), ApiError> {
        let ClinicDoctor { clinic, doctor } = &removal.record;
        let work = Filter::eq("clinic_doctor", removal.id.as_str());
        removal.writes.extend(leaving::end_work(&call.ctx, clinic, work).await?);
        removal.writes.push(Write::UpdateEvery {
            collection: "users",
            filter: Filter::eq("username", doctor.clone()),
            change: Change::default().and_exclude(CLINICS, clinic.clone()).and_add(MOVES, 1),
        });
        removal.writes.push(treatments::left(clinic, doctor));
        Ok(())
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        let named = rows.iter().map(|row| row.text("clinic"));
        let clinics = related(ctx, "clinics", "_id", named).await?;
        for row in rows {
            let name = clinics.get(row.text("clinic")).and_then(|clinic| clinic.get("name"));
            row.derive("clinicName", name.cloned().unwrap_or_default());
        }
        Ok(())
    }
}

/// Makes somebody the first clinic-doctor of a new clinic.
pub(crate) fn creation(ctx: &Ctx, clinic: &str, doctor: &str) -> Result<Vec<Write>, ApiError> {
    let record = ClinicDoctor { clinic: clinic.to_owned(), doctor: doctor.to_owned() };
    let record = hooks::document(&record)?;
    let document = wrap(record, &ctx.ids.record(), doctor, ctx.clock.now());
    let first = Write::Insert { collection: COLLECTION, document };
    Ok(iter::once(first).chain(joining(clinic, doctor)).collect())
}

/// Ends whatever work a doctor or nurse has, for the commit that ends their profile.
pub(crate) fn removal(doctor: &str) -> [Write; 3] {
    let change = Change::set(CLINICS, Vec::<String>::new()).and_add(MOVES, 1);
    [
        Write::DeleteEvery { collection: COLLECTION, filter: Filter::eq("doctor", doctor) },
        Write::UpdateEvery { collection: "users", filter: Filter::eq("username", doctor), change },
        treatments::left_all(doctor),
    ]
}

/// What else a commit does by which somebody joins a clinic; it fails when they, or their profile,
/// were deleted meanwhile.
pub(crate) fn joining(clinic: &str, doctor: &str) -> [Write; 3] {
    let profile = Write::Update {
        collection: "doctors",
        filter: Filter::eq("user", doctor),
        change: Change::default().and_add(NAMED, 1),
    };
    let known = Write::Update {
        collection: "users",
        filter: Filter::eq("username", doctor).and(users::present()),
        change: Change::default().and_include(CLINICS, clinic).and_add(MOVES, 1),
    };
    [profile, known, treatments::joined(clinic, doctor)]
}

async fn is_provider(ctx: &Ctx, username: &str) -> Result<bool, ApiError> {
    let profile = Filter::eq("user", username);
    Ok(ctx.store.count("doctors", profile).await? > 0)
}

/// Those at clinics of which one is a doctor; all for staff.
fn led(principal: &Principal) -> Scope {
    if principal.is_staff() {
        Scope::Everything
    } else if principal.is_doctor() {
        Scope::Only(principal.at_clinics("clinic"))
    } else {
        Scope::Nobody
    }
}

fn own_or_staff(principal: &Principal) -> Scope {
    if principal.is_staff() {
        Scope::Everything
    } else {
        Scope::Only(Filter::eq("doctor", principal.username.clone()))
    }
}
