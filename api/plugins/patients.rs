//! Patients: what the clinic knows of those whom it treats. Made with the user.
//!
//! - this file: the resource, and who reads it
//! - [`access_log`]: who has read it; [`glass`]: reading it in an emergency

mod access_log;
pub(crate) mod glass;

use actix_web::http::Method;
use ihs_store::{Document, Filter, Index, Sort, document::text};
use serde::{Deserialize, Serialize};

use super::{
    appointments::leaving,
    profiles::{derive_presence, own, own_or_staff},
};
use crate::{
    Ctx,
    auth::{Caller, Glass, Principal, Role},
    error::ApiError,
    fields::{
        Field,
        kind::{Kind, Operation::Contains},
    },
    http::{Call, Reply},
    viewset::{
        Declared, ViewSet,
        hooks::{Removal, Row},
        object::{Right, object},
        policy::{Policy, Rule, Scope},
        resource::{Action, Described, Lookup, Resource, up},
    },
};

/// Usernames of the doctors to whom the patient is bound, by an appointment or a treatment.
pub(crate) const TREATED_BY: &str = "_treated_by";

/// Ids of the clinics to whose nurses the patient is bound: those of appointments, and those at
/// which whoever has prescribed a treatment worked then.
pub(crate) const CLINICS: &str = "_clinics";

const ACCESS_LOG: &str = "access-log";

const BREAK_GLASS: &str = "break-glass";

/// The resource.
pub(crate) struct Patients;

/// A patient.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Patient {
    user: String,
    national_id: Option<String>,
    disease_history: Option<String>,
    insurance: Option<String>,
    supplemental_insurance: Option<String>,
    weight: Option<f64>,
    height: Option<f64>,
    avatar: Option<String>,
    #[serde(rename = "phone_number")]
    phone_number: Option<String>,
    useremail: String,
    userfullname: String,
    user_id: String,
}

impl ViewSet for Patients {
    type Record = Patient;
    const NAME: &'static str = "patients";
    const MODEL: &'static str = "Patient";
    const ABOUT: &'static str = "What the clinic knows of those whom it treats.";
    const LOOKUP: Lookup = Lookup::By("user");
    const FIELDS: &'static [Field] = &[
        Field::text("user").read_only().unique().sort(),
        Field::owner(),
        Field::text("nationalId").max(64).null().blank(),
        Field::text("diseaseHistory").max(100_000).null().blank(),
        Field::shown("online", Kind::Boolean),
        Field::shown("last_seen", Kind::Time),
        Field::reference("insurance", "insurances").null(),
        Field::reference("supplementalInsurance", "insurances").null(),
        Field::float("weight").between(0.0, 10_000.0).null(),
        Field::float("height").between(0.0, 10_000.0).null(),
        Field::text("avatar").null().blank(),
        Field::text("phone_number").max(64).null().blank(),
        Field::text("useremail").read_only(),
        Field::text("userfullname").read_only().search().sort().filter_as("name", Contains),
        Field::text("userId").read_only(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(treated),
        create: Rule::Unserved,
        change: Rule::Users(own_or_staff),
        delete: Rule::Users(own_or_staff),
    };
    const ORDER: &'static [Sort] = &[up("user")];
    const PATIENT: Option<&'static str> = Some("user");
    const ACTIONS: &'static [Action] = &[
        Action {
            name: ACCESS_LOG,
            method: "GET",
            about: "Who saw or changed the record, when and why: for the patient and staff.",
        },
        Action {
            name: BREAK_GLASS,
            method: "POST",
            about: "In an emergency, lets a doctor or nurse read the record for 30 minutes.",
        },
    ];

    const DESCRIBED: &'static [Described] = &[access_log::DESCRIBED, glass::DESCRIBED];

    fn indexes() -> Vec<Index> {
        [TREATED_BY, CLINICS].map(|field| Index::items(field, field)).to_vec()
    }

    async fn before_delete(call: &Call, removal: &mut Removal<Patient>) -> Result<(), ApiError> {
        leaving::end_account(&call.ctx, Role::Patient, &removal.record.user).await?.join(removal);
        Ok(())
    }

    async fn after_delete(call: &Call, removal: &Removal<Patient>) -> Result<(), ApiError> {
        leaving::finish(&call.ctx, &removal.record.user).await;
        Ok(())
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        derive_presence(ctx, rows).await
    }

    async fn subject(call: &Call, action: &'static str) -> Result<Document, ApiError> {
        match action {
            BREAK_GLASS => glass::patient(call).await,
            _ => object(call, Self::RESOURCE, Right::Read).await,
        }
    }

    async fn act(call: &Call, action: &'static str, patient: Document) -> Result<Reply, ApiError> {
        match (action, call.method()) {
            (ACCESS_LOG, Method::GET) => access_log::page(call, patient).await,
            (BREAK_GLASS, Method::POST) => glass::shatter(call, patient).await,
            _ => Err(ApiError::no_path()),
        }
    }
}

/// Oneself; all for staff; for doctors those whom they treat, for nurses those of their clinics; for
/// both those to whose record they have broken the glass.
pub(crate) fn treated(principal: &Principal) -> Scope {
    match bound(principal) {
        Scope::Only(bound) if principal.is_provider() && !principal.glass.is_empty() => {
            let open = principal.glass.iter().map(|glass| glass.patient.as_str().into()).collect();
            Scope::Only(Filter::Any(vec![bound, Filter::In("user", open)]))
        }
        bound => bound,
    }
}

/// The same without a broken glass. Doctors and nurses who may not act as such read nobody's,
/// whoever it is: that they are told.
pub(crate) fn bound(principal: &Principal) -> Scope {
    if principal.is_staff() {
        return Scope::Everything;
    }
    if matches!(principal.role, Role::Doctor | Role::Nurse) && !principal.verified {
        return Scope::Nobody;
    }
    let mut mine = vec![own(principal).filter()];
    if principal.is_doctor() {
        mine.push(Filter::Has(TREATED_BY, principal.username.clone().into()));
    }
    if principal.is_nurse() {
        let at = |clinic: &String| Filter::Has(CLINICS, clinic.clone().into());
        mine.extend(principal.clinics.iter().map(at));
    }
    Scope::Only(Filter::Any(mine))
}

/// The broken glass without which somebody would not see a record.
pub(crate) fn glass_for<'principal>(
    principal: &'principal Principal,
    resource: &Resource,
    record: &Document,
) -> Option<&'principal Glass> {
    if resource.name() != Patients::NAME {
        return None;
    }
    let open = principal.glass.iter().find(|glass| glass.patient == text(record, "user"));
    open.filter(|_| !bound(principal).has(record))
}
