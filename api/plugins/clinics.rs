//! Clinics: where doctors see patients.

use ihs_store::{Change, Filter, Sort, Write};
use serde::{Deserialize, Serialize};

use super::{
    appointments::leaving,
    clinic_doctors::{self, MOVES},
    treatments,
};
use crate::{
    auth::{CLINICS, Principal},
    error::ApiError,
    fields::{Field, kind::Operation::Contains},
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Draft, Removal},
        policy::{self, Policy, Rule, Scope},
        resource::up,
    },
};

/// The resource.
pub(crate) struct Clinics;

/// A clinic.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Clinic {
    name: String,
    description: String,
    city: String,
    address: String,
    longitude: Option<f64>,
    latitude: Option<f64>,
}

impl ViewSet for Clinics {
    type Record = Clinic;
    const NAME: &'static str = "clinics";
    const MODEL: &'static str = "Clinic";
    const ABOUT: &'static str = "Where doctors see patients.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("name").required().max(200).search().sort().filter_as("name", Contains),
        Field::text("description").max(10_000).blank(),
        Field::text("city").max(200).blank().search().sort().filter_as("city", Contains),
        Field::text("address").max(1_000).blank(),
        Field::float("longitude").between(-180.0, 180.0).null(),
        Field::float("latitude").between(-90.0, 90.0).null(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Users(founded),
        change: Rule::Users(run),
        delete: Rule::Users(run),
    };
    const ORDER: &'static [Sort] = &[up("name")];

    async fn before_create(call: &Call, draft: &mut Draft<Clinic>) -> Result<(), ApiError> {
        let doctor = &call.principal()?.username;
        let first = clinic_doctors::creation(&call.ctx, &draft.id, doctor)?;
        draft.writes.extend(first);
        Ok(())
    }

    async fn before_delete(call: &Call, removal: &mut Removal<Clinic>) -> Result<(), ApiError> {
        let there = Filter::eq("clinic_id", removal.id.as_str());
        removal.writes.extend(leaving::end_work(&call.ctx, &removal.id, there).await?);
        removal.writes.push(Write::UpdateEvery {
            collection: "users",
            filter: Filter::Has(CLINICS, removal.id.clone().into()),
            change: Change::default().and_exclude(CLINICS, removal.id.clone()).and_add(MOVES, 1),
        });
        removal.writes.push(treatments::closed(&removal.id));
        Ok(())
    }
}

/// Doctors may open some.
fn founded(principal: &Principal) -> Scope {
    if principal.is_doctor() { Scope::Everything } else { Scope::Nobody }
}

/// Those of which one is a doctor; all for staff.
fn run(principal: &Principal) -> Scope {
    if principal.is_staff() {
        Scope::Everything
    } else if principal.is_doctor() {
        Scope::Only(principal.at_clinics("_id"))
    } else {
        Scope::Nobody
    }
}
