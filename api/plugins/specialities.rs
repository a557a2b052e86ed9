//! Specialities that doctors have.

use ihs_store::Sort;
use serde::{Deserialize, Serialize};

use crate::{
    fields::{Field, kind::Operation::Contains},
    viewset::{ViewSet, policy::Policy, resource::up},
};

/// The resource.
pub(crate) struct Specialities;

/// A speciality.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Speciality {
    name: String,
}

impl ViewSet for Specialities {
    type Record = Speciality;
    const NAME: &'static str = "specialities";
    const MODEL: &'static str = "Speciality";
    const ABOUT: &'static str = "Specialities that doctors have.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("name").required().max(200).search().sort().filter_as("name", Contains),
    ];
    const POLICY: Policy = Policy::catalogue();
    const ORDER: &'static [Sort] = &[up("name")];
}
