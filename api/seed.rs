//! Records that are made without a request, as the endpoints would have made them: what fills a
//! store for a demonstration. Nothing is checked but that the values fit the record.

use ihs_store::{Document, Filter, Write};
use serde_json::Value;

use crate::{
    Ctx,
    error::{ApiError, Cause},
    plugins::{self, clinic_doctors, patients::TREATED_BY, reviews, treatments},
    viewset::envelope::wrap,
};

/// Why a record could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a record of {resource} could not be made")]
pub struct SeedError {
    resource: String,
    source: Cause,
}

/// The write that stores a record of this resource.
///
/// # Errors
/// [`SeedError`] when there is no such resource, or the values are not those of its records.
pub fn record(
    ctx: &Ctx,
    resource: &str,
    id: &str,
    owner: &str,
    values: Document,
) -> Result<Write, SeedError> {
    let failed =
        |error: ApiError| SeedError { resource: resource.to_owned(), source: Box::new(error) };
    let plugin = plugins::named(resource)
        .ok_or_else(|| failed(ApiError::internal("there is no such resource")))?;
    let record = plugin.normal_form(values).map_err(failed)?;
    Ok(Write::Insert {
        collection: plugin.resource().collection(),
        document: wrap(record, id, owner, ctx.clock.now()),
    })
}

/// The same write, of a patient who is bound to a doctor; other records stay as they are.
#[must_use]
pub fn treated_by(mut write: Write, doctor: &str) -> Write {
    if let Write::Insert { collection: "patients", document } = &mut write {
        document.insert(TREATED_BY.to_owned(), Value::Array(vec![doctor.into()]));
    }
    write
}

/// What goes with a clinic-doctor: the clinic stands in the doctor's or nurse's record, too. They
/// have no treatments as yet.
#[must_use]
pub fn working_at(clinic: &str, provider: &str) -> Vec<Write> {
    clinic_doctors::joining(clinic, provider).to_vec()
}

/// What goes with a treatment: the patient is bound to its doctor, and to the doctor's clinics.
#[must_use]
pub fn prescribed_by(patient: &str, doctor: &str, clinics: &[String]) -> Vec<Write> {
    treatments::binding(&Filter::eq("user", patient), doctor, clinics)
}

/// What goes with a review of this rating: it counts in the doctor's profile. Appointments of the
/// doctor are to be made with it in mind.
#[must_use]
pub fn rated(doctor: &str, rating: i64) -> Write {
    reviews::counting(doctor, rating)
}

/// What is stored for a password. Takes as long as a login.
///
/// # Errors
/// [`SeedError`] when the password could not be hashed.
pub async fn password_hash(ctx: &Ctx, password: &str) -> Result<String, SeedError> {
    ctx.passwords
        .hash(password)
        .await
        .map_err(|error| SeedError { resource: "users".to_owned(), source: Box::new(error) })
}
