//! `GET /api/patients/{username}/access-log/`: who saw or changed the record, when and why; for the
//! patient and for staff.

use ihs_store::{Document, Filter, document::text};

use super::Patients;
use crate::{
    audit::trace,
    error::ApiError,
    http::{Call, Reply},
    plugins::{audit::AccessLog, profiles::own_or_staff},
    viewset::{Declared, list::page_of},
};

/// A page of it. That staff look is recorded, too; that the patient does tells them nothing.
pub(super) async fn page(call: &Call, patient: Document) -> Result<Reply, ApiError> {
    let principal = call.principal()?;
    if !own_or_staff(principal).has(&patient) {
        return Err(ApiError::Forbidden);
    }
    let user = text(&patient, "user");
    if principal.username != user {
        trace::shown(call, Patients::RESOURCE, std::slice::from_ref(&patient)).await?;
    }
    page_of::<AccessLog>(call, Filter::eq("patient", user)).await
}
