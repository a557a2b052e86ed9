//! Medicines that can be prescribed.

use ihs_store::Sort;
use serde::{Deserialize, Serialize};

use super::treatments;
use crate::{
    error::ApiError,
    fields::{Field, kind::Operation::Contains},
    http::Call,
    viewset::{ViewSet, hooks::Removal, policy::Policy, resource::up},
};

/// The resource.
pub(crate) struct Medicines;

/// A medicine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Medicine {
    name: String,
}

impl ViewSet for Medicines {
    type Record = Medicine;
    const NAME: &'static str = "medicines";
    const MODEL: &'static str = "Medicine";
    const ABOUT: &'static str = "Medicines that can be prescribed.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("name").required().max(200).search().sort().filter_as("name", Contains),
    ];
    const POLICY: Policy = Policy::catalogue();
    const ORDER: &'static [Sort] = &[up("name")];

    /// What was prescribed stays readable.
    async fn before_delete(call: &Call, removal: &mut Removal<Medicine>) -> Result<(), ApiError> {
        if treatments::prescribe(&call.ctx, &removal.id).await? {
            let message = "It cannot be deleted: treatments refer to it.".to_owned();
            return Err(ApiError::Conflict(message));
        }
        Ok(())
    }
}
