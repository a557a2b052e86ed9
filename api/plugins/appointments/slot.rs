//! The record of an appointment, and what the profile of its doctor gives it.

use ihs_store::{Change, Document, Filter, Timestamp, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    COLLECTION,
    moves::{Hour, Status},
};
use crate::{
    Ctx,
    error::ApiError,
    plugins::clinics::Clinics,
    viewset::{ViewSet, hooks::Row, related::related},
};

/// Where appointments with an unrated doctor stand: behind all others.
const UNRATED: f64 = 9.0;

/// The best rating.
const BEST: f64 = 5.0;

/// The sum of all ratings of a doctor, in the profile.
pub(crate) const RATING_SUM: &str = "_rating_sum";

/// How many there are.
pub(crate) const RATING_COUNT: &str = "_rating_count";

/// An appointment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Slot {
    /// Id of the clinic-doctor.
    pub(crate) clinic_doctor: String,
    /// Username of the doctor.
    pub(crate) doctor: String,
    /// Id of the clinic.
    pub(crate) clinic_id: String,
    /// Username of who has it, or had it when it was cancelled.
    pub(crate) patient: Option<String>,
    /// When it begins.
    pub(crate) start_time: Timestamp,
    /// When it is over: not a part of it any more.
    pub(crate) end_time: Timestamp,
    /// How far it is.
    pub(crate) status: Status,
    /// Id of what it is about.
    pub(crate) disease: Option<String>,
    /// Whether everybody could see it once.
    pub(crate) offered: bool,
    /// Its place in lists, smallest first: see [`rank`].
    #[serde(rename = "_rank")]
    pub(crate) rank: f64,
    /// A copy of the doctor's speciality.
    #[serde(rename = "_speciality")]
    pub(crate) speciality: Option<String>,
}

impl Slot {
    /// Where it is in time.
    pub(super) fn hour(&self, now: Timestamp) -> Hour {
        if now < self.start_time { Hour::Ahead } else { Hour::Begun }
    }

    /// Whether another one has the same times.
    pub(super) fn is_when(&self, other: &Self) -> bool {
        (self.start_time, self.end_time) == (other.start_time, other.end_time)
    }

    /// Takes over what lists of appointments are filtered and ordered by.
    pub(super) fn copy_from(&mut self, profile: &Document) {
        self.rank = rank(average(profile));
        self.speciality = profile.get("speciality").and_then(Value::as_str).map(str::to_owned);
    }
}

/// Fails the commit when what [`Slot::copy_from`] has copied is no longer so.
pub(super) fn unchanged(profile: &Document) -> Write {
    let same = |field| Filter::Eq(field, profile.get(field).cloned().unwrap_or_default());
    let parts = ["_id", "speciality", RATING_SUM, RATING_COUNT].map(same);
    Write::Update {
        collection: "doctors",
        filter: Filter::All(parts.to_vec()),
        change: Change::default().and_add("_opened", 1),
    }
}

/// The average rating of the doctor of a profile; `None` as long as nobody has rated them.
pub(crate) fn average(profile: &Document) -> Option<f64> {
    let number = |field| profile.get(field).and_then(Value::as_f64);
    let count = number(RATING_COUNT).filter(|count| *count > 0.0)?;
    number(RATING_SUM).map(|sum| sum / count)
}

/// Moves a doctor's appointments in their lists; for the commit that changes the average.
pub(crate) fn rerank(doctor: &str, average: Option<f64>) -> Write {
    copied(doctor, Change::set("_rank", rank(average)))
}

/// Copies a new speciality into a doctor's appointments.
pub(crate) fn specialise(doctor: &str, speciality: Option<&str>) -> Write {
    copied(doctor, Change::set("_speciality", speciality.map_or(Value::Null, Value::from)))
}

/// Works out the derived fields of a page.
pub(super) async fn derive(ctx: &Ctx, rows: &mut [Row]) -> Result<(), ApiError> {
    let clinics = related(ctx, "clinics", "_id", rows.iter().map(|row| row.text("clinic_id")));
    let clinics = clinics.await?;
    let doctors = related(ctx, "doctors", "user", rows.iter().map(|row| row.text("doctor")));
    let doctors = doctors.await?;
    for row in rows {
        let clinic = clinics.get(row.text("clinic_id")).map(shown);
        let rating = doctors.get(row.text("doctor")).and_then(average);
        row.derive("clinic", clinic.unwrap_or_default());
        row.derive("average_rating", rating);
    }
    Ok(())
}

/// A clinic, as everybody sees it.
fn shown(clinic: &Document) -> Value {
    let fields = Clinics::FIELDS.iter().map(|field| {
        (field.name.to_owned(), clinic.get(field.source).cloned().unwrap_or_default())
    });
    Value::Object(fields.collect())
}

/// Best average first, unrated last.
fn rank(average: Option<f64>) -> f64 {
    average.map_or(UNRATED, |average| BEST - average)
}

fn copied(doctor: &str, change: Change) -> Write {
    Write::UpdateEvery { collection: COLLECTION, filter: Filter::eq("doctor", doctor), change }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(profile: &Value) -> f64 {
        let mut slot = Slot::default();
        slot.copy_from(profile.as_object().unwrap_or(&Document::new()));
        slot.rank
    }

    #[test]
    fn the_better_the_average_the_further_in_front_and_unrated_doctors_come_last() {
        let profiles = [
            json!({"_rating_sum": 10, "_rating_count": 2}),
            json!({"_rating_sum": 14, "_rating_count": 3}),
            json!({"_rating_sum": 1, "_rating_count": 1}),
            json!({"_rating_sum": 0, "_rating_count": 0}),
        ];
        assert!(profiles.iter().map(place).is_sorted_by(|left, right| left < right));
        assert!((place(&json!({})) - UNRATED).abs() < f64::EPSILON);
    }
}
