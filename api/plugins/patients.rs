//! Patients: what the clinic knows of those whom it treats. Made with the user.

use ihs_store::{Filter, Index, Sort};
use serde::{Deserialize, Serialize};

use super::profiles::{derive_presence, own, own_or_staff};
use crate::{
    Ctx,
    auth::{Caller, Principal},
    error::ApiError,
    fields::{
        Field,
        kind::{Kind, Operation::Contains},
    },
    viewset::{
        ViewSet,
        hooks::Row,
        policy::{Policy, Rule, Scope},
        resource::{Lookup, up},
    },
};

/// Who treats the patient: usernames, kept by whatever binds them to each other.
pub(crate) const TREATED_BY: &str = "_treated_by";

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

    fn indexes() -> Vec<Index> {
        vec![Index::items(TREATED_BY, TREATED_BY)]
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        derive_presence(ctx, rows).await
    }
}

/// Oneself; all for staff; those whom one treats for doctors and nurses.
pub(crate) fn treated(principal: &Principal) -> Scope {
    if principal.is_staff() {
        Scope::Everything
    } else if principal.is_provider() {
        let mine = Filter::Has(TREATED_BY, principal.username.clone().into());
        Scope::Only(Filter::Any(vec![own(principal).filter(), mine]))
    } else {
        own(principal)
    }
}
