//! What is done for the people of the plan, as it is stored: clinics and who works there,
//! catalogues, appointments, treatments, reviews.

use ihs_api::{
    Ctx,
    seed::{SeedError, prescribed_by, rated, record, working_at},
};
use ihs_store::{Document, Timestamp, Write};
use serde_json::{Value, json};

use crate::demo::{
    names::SPECIALITIES,
    plan::{Kind, Person, Plan},
    practice::{CLINICS, COURSES, DISEASES, MEDICINES, OPINIONS, Place},
    records::values,
};

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// Each doctor has so many patients, all of them different ones.
const PATIENTS: usize = 10;

/// Of whom so many were seen already.
const SEEN: usize = 6;

/// Appointments that a doctor still has to give away.
const OPEN: usize = 12;

/// How far treatments are.
const STATUSES: [&str; 5] = ["active", "active", "completed", "active", "stopped"];

/// Makes the writes.
pub(crate) struct Care<'a> {
    ctx: &'a Ctx,
    doctors: Vec<&'a Person>,
    nurses: Vec<&'a Person>,
    patients: Vec<&'a Person>,
    /// Ids of the clinics, specialities, diseases and medicines, in the order of their names.
    clinics: Vec<String>,
    specialities: Vec<String>,
    diseases: Vec<String>,
    medicines: Vec<String>,
    /// Today, as it begins.
    today: Timestamp,
}

/// Where a doctor works.
struct Work<'a> {
    doctor: &'a Person,
    clinic: &'a str,
    /// Id of the clinic-doctor.
    id: String,
    /// What their reviews average to.
    average: f64,
}

impl<'a> Care<'a> {
    /// For the people of this plan.
    pub(crate) fn new(ctx: &'a Ctx, plan: &'a Plan) -> Self {
        let of = |accepted: fn(&Kind) -> bool| {
            plan.people.iter().filter(|person| accepted(&person.kind)).collect()
        };
        let ids = |count: usize| (0..count).map(|_| ctx.ids.record()).collect();
        let now = ctx.clock.now();
        Self {
            ctx,
            doctors: of(|kind| matches!(kind, Kind::Doctor { .. })),
            nurses: of(|kind| matches!(kind, Kind::Nurse)),
            patients: of(|kind| matches!(kind, Kind::Patient { .. })),
            clinics: ids(CLINICS.len()),
            specialities: ids(SPECIALITIES.len()),
            diseases: ids(DISEASES.len()),
            medicines: ids(MEDICINES.len()),
            today: now.plus_millis(-now.millis().rem_euclid(DAY_MILLIS)),
        }
    }

    /// All writes, in an order in which what is referred to comes first. Those of one item belong
    /// into one commit.
    pub(crate) fn of(&self) -> Result<Vec<Vec<Write>>, SeedError> {
        let mut all = self.catalogues()?;
        all.extend(self.places()?);
        for (number, nurse) in self.nurses.iter().enumerate() {
            let clinic = &self.clinics[number % self.clinics.len()];
            all.push(self.work(&self.ctx.ids.record(), clinic, nurse)?);
        }
        for (number, doctor) in self.doctors.iter().enumerate() {
            all.extend(self.practice(number, doctor)?);
        }
        Ok(all)
    }

    fn catalogues(&self) -> Result<Vec<Vec<Write>>, SeedError> {
        let mut all = Vec::new();
        for (id, name) in self.specialities.iter().zip(SPECIALITIES) {
            all.push(vec![self.record("specialities", id, "", json!({ "name": name }))?]);
        }
        for (id, name) in self.medicines.iter().zip(MEDICINES) {
            all.push(vec![self.record("medicines", id, "", json!({ "name": name }))?]);
        }
        for (id, (name, speciality)) in self.diseases.iter().zip(DISEASES) {
            let related = self.specialities.get(speciality);
            let disease = json!({"name": name, "related_speciality": related});
            all.push(vec![self.record("diseases", id, "", disease)?]);
        }
        Ok(all)
    }

    fn places(&self) -> Result<Vec<Vec<Write>>, SeedError> {
        let place = |(number, (id, place)): (usize, (&String, &Place))| {
            let founder = self.doctors.get(number).map_or("", |doctor| doctor.username.as_str());
            let clinic = json!({
                "name": place.name,
                "description": place.description,
                "city": place.city,
                "address": place.address,
                "longitude": place.longitude,
                "latitude": place.latitude,
            });
            Ok(vec![self.record("clinics", id, founder, clinic)?])
        };
        self.clinics.iter().zip(&CLINICS).enumerate().map(place).collect()
    }

    fn work(&self, id: &str, clinic: &str, who: &Person) -> Result<Vec<Write>, SeedError> {
        let work = json!({"clinic": clinic, "doctor": who.username});
        let mut writes = vec![self.record("clinic-doctors", id, &who.username, work)?];
        writes.extend(working_at(clinic, &who.username));
        Ok(writes)
    }

    /// A doctor's work: whom they have seen, whom they will see, and when there is time for more.
    fn practice(&self, number: usize, doctor: &Person) -> Result<Vec<Vec<Write>>, SeedError> {
        let ratings = (0..SEEN).map(|visit| opinion(number, visit).0);
        let total = u32::try_from(ratings.sum::<i64>()).unwrap_or_default();
        let seen = u32::try_from(SEEN).unwrap_or(1);
        let work = Work {
            doctor,
            clinic: &self.clinics[number % self.clinics.len()],
            id: self.ctx.ids.record(),
            average: f64::from(total) / f64::from(seen),
        };
        let mut all = vec![self.work(&work.id, work.clinic, doctor)?];
        let patients = self.patients.iter().skip(number * PATIENTS).take(PATIENTS);
        for (visit, patient) in patients.enumerate() {
            all.push(self.visit(&work, number, visit, patient)?);
        }
        for slot in 0..OPEN {
            all.push(vec![self.slot(&self.ctx.ids.record(), &work, None, "open", (slot, 5))?]);
        }
        Ok(all)
    }

    /// A patient who was seen, is treated, and has said how it was; or who is still to come.
    fn visit(
        &self,
        work: &Work<'_>,
        number: usize,
        visit: usize,
        patient: &Person,
    ) -> Result<Vec<Write>, SeedError> {
        let (doctor, patient) = (&work.doctor.username, &patient.username);
        let id = self.ctx.ids.record();
        let status = match visit {
            0..SEEN => "completed",
            _ if visit.is_multiple_of(2) => "confirmed",
            _ => "reserved",
        };
        let mut writes = vec![self.slot(&id, work, Some(patient), status, (visit, 0))?];
        writes.extend(prescribed_by(patient, doctor, &[work.clinic.to_owned()]));
        writes.push(self.treatment(work, number + visit, patient)?);
        if status == "completed" {
            let (rating, text) = opinion(number, visit);
            let review = json!({
                "reviewer": patient, "reviewee": doctor, "text": text, "rating": rating,
                "appointment": id,
            });
            writes.push(self.record("reviews", &self.ctx.ids.record(), patient, review)?);
            writes.push(rated(doctor, rating));
        }
        Ok(writes)
    }

    /// An appointment of half an hour, one a day: those that are over in the past weeks, the others
    /// in the next ones. The hour is counted from the begin of the doctor's day.
    fn slot(
        &self,
        id: &str,
        work: &Work<'_>,
        patient: Option<&str>,
        status: &str,
        (day, hour): (usize, i64),
    ) -> Result<Write, SeedError> {
        let days = i64::try_from(day).unwrap_or_default() + 1;
        let days = if status == "completed" { -days } else { days };
        let start = self.today.plus_millis(days * DAY_MILLIS + (9 + hour) * HOUR_MILLIS);
        let appointment = json!({
            "clinic_doctor": work.id,
            "doctor": work.doctor.username,
            "clinic_id": work.clinic,
            "patient": patient,
            "start_time": start,
            "end_time": start.plus_millis(HOUR_MILLIS / 2),
            "status": status,
            "disease": patient.and(self.diseases.get(day % self.diseases.len())),
            "offered": true,
            "_rank": 5.0 - work.average,
            "_speciality": speciality(work.doctor),
        });
        self.record("appointments", id, &work.doctor.username, appointment)
    }

    fn treatment(&self, work: &Work<'_>, number: usize, patient: &str) -> Result<Write, SeedError> {
        let course = &COURSES[number % COURSES.len()];
        let of = |medicine: usize| self.medicines.get(medicine);
        let doses = course.medicines.iter().map(|dose| {
            json!({
                "medicine": of(dose.medicine), "dose": dose.dose,
                "frequency": dose.frequency, "days": dose.days,
            })
        });
        let status = STATUSES[number % STATUSES.len()];
        let prescribed: Vec<&String> =
            course.medicines.iter().filter_map(|dose| of(dose.medicine)).collect();
        let treatment = json!({
            "patient": patient,
            "doctor": work.doctor.username,
            "status": status,
            "subject": course.subject,
            "instructions": course.instructions,
            "medicines": doses.collect::<Vec<Value>>(),
            "prescribed": prescribed,
            "_clinics": [work.clinic],
        });
        self.record("treatments", &self.ctx.ids.record(), &work.doctor.username, treatment)
    }

    fn record(
        &self,
        resource: &str,
        id: &str,
        owner: &str,
        value: Value,
    ) -> Result<Write, SeedError> {
        let document: Document = values(value);
        record(self.ctx, resource, id, owner, document)
    }
}

/// What the patient of a visit says of the doctor.
fn opinion(doctor: usize, visit: usize) -> (i64, &'static str) {
    OPINIONS[(doctor * 3 + visit) % OPINIONS.len()]
}

fn speciality(doctor: &Person) -> Option<&'static str> {
    match doctor.kind {
        Kind::Doctor { speciality } => Some(speciality),
        _ => None,
    }
}
