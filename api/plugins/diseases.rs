//! Diseases, and the speciality that treats each.

use ihs_store::Sort;
use serde::{Deserialize, Serialize};

use crate::{
    fields::{
        Field,
        kind::Operation::{Contains, Exact},
    },
    viewset::{ViewSet, policy::Policy, resource::up},
};

/// The resource.
pub(crate) struct Diseases;

/// A disease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disease {
    name: String,
    related_speciality: Option<String>,
}

impl ViewSet for Diseases {
    type Record = Disease;
    const NAME: &'static str = "diseases";
    const MODEL: &'static str = "Disease";
    const ABOUT: &'static str = "Diseases, and the speciality that treats each.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("name").required().max(200).search().sort().filter_as("name", Contains),
        Field::reference("related_speciality", "specialities")
            .null()
            .filter()
            .filter_as("speciality", Exact),
    ];
    const POLICY: Policy = Policy::catalogue();
    const ORDER: &'static [Sort] = &[up("name")];
}
