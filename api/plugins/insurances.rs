//! Insurances that patients may have.

use ihs_store::Sort;
use serde::{Deserialize, Serialize};

use crate::{
    fields::{Field, kind::Operation::Contains},
    viewset::{ViewSet, policy::Policy, resource::up},
};

/// The resource.
pub(crate) struct Insurances;

/// An insurance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Insurance {
    orgname: String,
}

impl ViewSet for Insurances {
    type Record = Insurance;
    const NAME: &'static str = "insurances";
    const MODEL: &'static str = "Insurance";
    const ABOUT: &'static str = "Insurances that patients may have.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("orgname")
            .required()
            .max(200)
            .unique()
            .search()
            .sort()
            .filter()
            .filter_as("name", Contains),
    ];
    const POLICY: Policy = Policy::catalogue();
    const ORDER: &'static [Sort] = &[up("orgname")];
}
