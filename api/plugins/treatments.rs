//! Treatments: what a doctor prescribes. One is stopped or completed, never deleted; what was
//! prescribed is then as final as that it ended, while its texts can still be put right. It binds
//! the patient to the doctor, and to the nurses of the clinics at which the doctor works.

use ihs_actors::protocol::Category;
use ihs_store::{Change, Document, Filter, Index, Query, Sort, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    clinic_doctors::MOVES,
    patients::{CLINICS, TREATED_BY, treated},
};
use crate::{
    Ctx,
    auth::{self, Principal},
    error::ApiError,
    faults::{Faults, NON_FIELD},
    fields::{
        Field, Preset,
        clean::Stage,
        kind::{Kind, Operation::Exact},
    },
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Edit},
        notices::Notice,
        policy::{Policy, Rule, Scope},
        resource::down,
    },
};

/// The collection.
const COLLECTION: &str = "treatments";

/// In the record of a doctor: how many treatments they have begun, so that a treatment and a change
/// of clinics at once are one after the other.
const BEGUN: &str = "_treatments";

/// Ids of the medicines of a treatment, so that it can be found by one.
const PRESCRIBED: &str = "prescribed";

/// Most medicines of one treatment.
const MEDICINES: usize = 100;

/// What is prescribed of each medicine.
const DOSES: &[Field] = &[
    Field::reference("medicine", "medicines").required(),
    Field::text("dose").required().max(200),
    Field::text("frequency").required().max(200),
    Field::new("days", Kind::Integer { min: Some(1), max: Some(36_500) }).required(),
];

/// The resource.
pub(crate) struct Treatments;

/// A treatment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Treatment {
    patient: String,
    doctor: String,
    status: String,
    subject: String,
    instructions: String,
    medicines: Vec<Prescription>,
    prescribed: Vec<String>,
    /// Ids of the clinics of its doctor, whose nurses read it.
    #[serde(rename = "_clinics")]
    clinics: Vec<String>,
}

/// What is prescribed of a medicine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Prescription {
    medicine: String,
    dose: String,
    frequency: String,
    days: i64,
}

impl ViewSet for Treatments {
    type Record = Treatment;
    const NAME: &'static str = "treatments";
    const MODEL: &'static str = "Treatment";
    const ABOUT: &'static str = "What doctors prescribe.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::person("patient").required().create_only().filter(),
        Field::person("doctor").write_only().create_only(),
        Field::choice("status", &["active", "completed", "stopped"])
            .preset(Preset::Text("active"))
            .filter(),
        Field::text("subject").required().max(200),
        Field::text("instructions").max(10_000).blank(),
        Field::new("medicines", Kind::Rows(DOSES)),
        Field::text("patientUsername").stored_as("patient").read_only(),
        Field::text("doctorUsername").stored_as("doctor").read_only().filter_as("doctor", Exact),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(concerned),
        create: Rule::Users(own),
        change: Rule::Users(own),
        delete: Rule::Unserved,
    };
    const ORDER: &'static [Sort] = &[down("_created")];
    const PATIENT: Option<&'static str> = Some("patient");

    fn indexes() -> Vec<Index> {
        [CLINICS, PRESCRIBED].map(|field| Index::items(field, field)).to_vec()
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        let rows = checked.values.get("medicines").and_then(Value::as_array);
        if rows.is_some_and(|rows| rows.len() > MEDICINES) && !checked.faults.has("medicines") {
            let message = format!("Ensure this field has no more than {MEDICINES} elements.");
            checked.faults.nest("medicines", json!({ NON_FIELD: [message] }));
        }
        if checked.stage == Stage::Create {
            let me = &call.principal()?.username;
            if checked.values.get("doctor").is_none_or(Value::is_null) {
                checked.values.insert("doctor".to_owned(), me.as_str().into());
            }
            check_patient(call, checked).await?;
        }
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<Treatment>) -> Result<(), ApiError> {
        let doctor = call.principal()?;
        let patient = patient(call, &draft.record.patient).await?;
        let patient = patient.ok_or_else(|| no_patient(&draft.record.patient))?;
        let mine = Filter::Has(TREATED_BY, doctor.username.clone().into());
        if !mine.matches(&patient) {
            return Err(ApiError::Forbidden);
        }
        let (clinics, settled) = clinics(&call.ctx, doctor).await?;
        let bound = Filter::eq("user", draft.record.patient.clone()).and(mine);
        draft.writes.push(settled);
        draft.writes.extend(binding(&bound, &doctor.username, &clinics));
        draft.record.complete();
        draft.record.clinics = clinics;
        let text = format!("{} has prescribed you a treatment.", doctor.name());
        draft.notices.push(notice(&draft.record.patient, "New treatment", text));
        Ok(())
    }

    async fn before_update(call: &Call, edit: &mut Edit<Treatment>) -> Result<(), ApiError> {
        let (before, after) = (&edit.before, &mut edit.after);
        if before.is_over() && before.status != after.status {
            let message = format!("A {} treatment stays so: begin a new one.", before.status);
            return Err(ApiError::Conflict(message));
        }
        if before.is_over() && before.medicines != after.medicines {
            let message = format!("The medicines of a {} treatment are final.", before.status);
            return Err(ApiError::Conflict(message));
        }
        after.complete();
        if before.status != after.status {
            let title = format!("Treatment {}", after.status);
            let text = format!("{} has {} a treatment.", call.principal()?.name(), after.status);
            edit.notices.push(notice(&after.patient, &title, text));
        }
        Ok(())
    }
}

impl Treatment {
    /// Sets what follows from the rest.
    fn complete(&mut self) {
        self.prescribed = self.medicines.iter().map(|one| one.medicine.clone()).collect();
        self.prescribed.sort_unstable();
        self.prescribed.dedup();
    }

    /// Whether it was stopped or completed.
    fn is_over(&self) -> bool {
        self.status != "active"
    }
}

/// When a doctor joins a clinic, its nurses read their treatments. The patients are bound to a clinic
/// by what is begun there: whoever adds a doctor to theirs does not get the doctor's patients.
pub(crate) fn joined(clinic: &str, doctor: &str) -> Write {
    Write::UpdateEvery {
        collection: COLLECTION,
        filter: Filter::eq("doctor", doctor),
        change: Change::default().and_include(CLINICS, clinic),
    }
}

/// When a doctor leaves a clinic, its nurses read their treatments no more. The patients stay bound
/// to the clinic: somebody there has treated them.
pub(crate) fn left(clinic: &str, doctor: &str) -> Write {
    leaving(clinic, Filter::eq("doctor", doctor))
}

/// The same when they leave all clinics.
pub(crate) fn left_all(doctor: &str) -> Write {
    let change = Change::set(CLINICS, Vec::<String>::new());
    Write::UpdateEvery { collection: COLLECTION, filter: Filter::eq("doctor", doctor), change }
}

/// When a clinic is closed, nobody reads treatments because of it.
pub(crate) fn closed(clinic: &str) -> Write {
    leaving(clinic, Filter::Has(CLINICS, clinic.into()))
}

/// Whether a treatment names this medicine.
pub(crate) async fn prescribe(ctx: &Ctx, medicine: &str) -> Result<bool, ApiError> {
    let naming = Filter::Has(PRESCRIBED, medicine.into());
    Ok(!ctx.store.find(Query::new(COLLECTION, naming, 1)).await?.is_empty())
}

fn leaving(clinic: &str, filter: Filter) -> Write {
    let change = Change::default().and_exclude(CLINICS, clinic);
    Write::UpdateEvery { collection: COLLECTION, filter, change }
}

/// A patient whom the caller may not read is answered as one who is not there, and looked for in
/// either case, so that the time tells nothing.
async fn check_patient(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let Some(name) = checked.text("patient").map(str::to_owned) else { return Ok(()) };
    let found = patient(call, &name).await?;
    if found.is_none() && !checked.faults.has("patient") {
        checked.faults.add("patient", unknown(&name));
    }
    Ok(())
}

/// The record of this patient, if the caller may read it.
async fn patient(call: &Call, name: &str) -> Result<Option<Document>, ApiError> {
    let readable = Filter::eq("user", name).and(treated(call.principal()?).filter());
    Ok(call.ctx.store.find(Query::new("patients", readable, 1)).await?.pop())
}

fn no_patient(name: &str) -> ApiError {
    Faults::one("patient", unknown(name)).into()
}

fn unknown(name: &str) -> String {
    format!("Object with username={name} does not exist.")
}

/// The clinics of a doctor, and a write that fails when they change meanwhile.
async fn clinics(ctx: &Ctx, doctor: &Principal) -> Result<(Vec<String>, Write), ApiError> {
    let user = ctx.store.get("users", &doctor.user_id).await?.unwrap_or_default();
    let moves = user.get(MOVES).cloned().unwrap_or_default();
    let settled = Write::Update {
        collection: "users",
        filter: Filter::id(doctor.user_id.clone()).and(Filter::Eq(MOVES, moves)),
        change: Change::default().and_add(BEGUN, 1),
    };
    let clinics = user.get(auth::CLINICS).and_then(Value::as_array).into_iter().flatten();
    Ok((clinics.filter_map(Value::as_str).map(str::to_owned).collect(), settled))
}

/// Binds a patient, who must still be there: to the doctor, and to each of the clinics.
pub(crate) fn binding(patient: &Filter, doctor: &str, clinics: &[String]) -> Vec<Write> {
    let to_doctor = Change::default().and_include(TREATED_BY, doctor);
    let to_clinic = |clinic: &String| Change::default().and_include(CLINICS, clinic.clone());
    let changes = std::iter::once(to_doctor).chain(clinics.iter().map(to_clinic));
    let update = |change| Write::Update { collection: "patients", filter: patient.clone(), change };
    changes.map(update).collect()
}

fn notice(patient: &str, title: &str, text: String) -> Notice {
    Notice::new(patient, Category::Treatment, title, text)
}

/// Those of oneself; for doctors and nurses who may act as such, those that they have begun, or
/// that a doctor of their clinics has; all for staff.
fn concerned(principal: &Principal) -> Scope {
    if principal.is_staff() {
        return Scope::Everything;
    }
    let mut mine = vec![Filter::eq("patient", principal.username.clone())];
    if principal.is_doctor() {
        mine.push(Filter::eq("doctor", principal.username.clone()));
    }
    if principal.is_nurse() {
        let at = |clinic: &String| Filter::Has(CLINICS, clinic.clone().into());
        mine.extend(principal.clinics.iter().map(at));
    }
    Scope::Only(Filter::Any(mine))
}

/// Those that the doctor has begun.
fn own(principal: &Principal) -> Scope {
    if principal.is_doctor() {
        Scope::Only(Filter::eq("doctor", principal.username.clone()))
    } else {
        Scope::Nobody
    }
}
