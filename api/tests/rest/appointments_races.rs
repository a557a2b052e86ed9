//! Appointments that overlap, and many who want the same at once.

use futures_util::future::join_all;
use ihs_store::{Change, Filter, Write};
use serde_json::json;

use crate::{
    meddler::Mischief,
    support::Client,
    ward::{PATH, Ward, found, path, set},
};

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

#[actix_web::test]
async fn of_two_hundred_who_want_one_slot_exactly_one_gets_it() {
    let ward = Ward::start().await;
    let slot = ward.slot(60, 90).await;
    let mut patients: Vec<Client> = Vec::new();
    for number in 0..200 {
        patients.push(ward.app.patient(&format!("p{number}")).await);
    }
    let answers = join_all(patients.iter().map(|patient| set(patient, &slot, "reserved"))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 200), count(&statuses, 409)), (1, 199), "{statuses:?}");
    let won = statuses.iter().position(|status| *status == 200).unwrap();
    let now = ward.doctor.get(&slot).await.is(200);
    assert_eq!(now.text_at("/patientUsername"), patients[won].name);
    for (answer, patient) in answers.iter().zip(&patients).filter(|(one, _)| one.status == 409) {
        assert!(answer.text_at("/detail").starts_with("This appointment is not open any more"));
        assert!(!answer.text.contains(&patients[won].name), "{}: {}", patient.name, answer.text);
    }
    assert_eq!(ward.told(&ward.doctor).await.len(), 1);
}

#[actix_web::test]
async fn slots_of_one_doctor_that_overlap_are_opened_once_across_clinics() {
    let ward = Ward::start().await;
    let (_, elsewhere) = found(&ward.doctor, "Borealis").await;
    let tries = (0..16).map(|number| {
        let mut body = ward.body(60 + number, 90 + number);
        if number % 2 == 1 {
            body["clinic_doctor"] = json!(elsewhere);
        }
        ward.doctor.post(PATH, body)
    });
    let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 15), "{statuses:?}");
    assert_eq!(ward.staff.get(PATH).await.body["count"], 1);
}

#[actix_web::test]
async fn a_patient_holds_one_of_many_that_overlap() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let mut works = Vec::new();
    for number in 0..6 {
        let doctor = ward.app.provider(&format!("d{number}"), "doctor", &ward.staff).await;
        let work = found(&doctor, "Borealis").await.1;
        works.push((doctor, work));
    }
    for from in [60, 120, 180, 240] {
        let mut slots = Vec::new();
        for (doctor, work) in &works {
            let (start, end) = (ward.at(from), ward.at(from + 30));
            let body = json!({"clinic_doctor": work, "start_time": start, "end_time": end});
            slots.push(path(&doctor.post(PATH, body).await.is(201)));
        }
        let tries = slots.iter().map(|slot| set(&bob, slot, "reserved"));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|one| one.status).collect();
        assert_eq!((count(&statuses, 200), count(&statuses, 409)), (1, 5), "{statuses:?}");
    }
    let held = bob.get(&format!("{PATH}?patient=bob")).await.is(200);
    assert_eq!(held.body["count"], 4);
}

#[actix_web::test]
async fn a_conflict_names_what_of_ones_own_is_in_the_way() {
    let ward = Ward::start().await;
    let first = ward.doctor.post(PATH, ward.body(60, 90)).await.is(201);
    let said = format!(
        "It overlaps another appointment of yours: {}, from {} to {}.",
        first.text_at("/id"),
        first.text_at("/start_time"),
        first.text_at("/end_time"),
    );
    for (from, to) in [(30, 61), (65, 70), (89, 100), (30, 120)] {
        ward.doctor.post(PATH, ward.body(from, to)).await.details(409, &said);
    }
    let eve = ward.app.provider("eve", "doctor", &ward.staff).await;
    let work = found(&eve, "Borealis").await.1;
    let body = json!({"clinic_doctor": work, "start_time": ward.at(80), "end_time": ward.at(100)});
    let other = path(&eve.post(PATH, body).await.is(201));
    let bob = ward.app.patient("bob").await;
    set(&bob, &path(&first), "reserved").await.is(200);
    set(&bob, &other, "reserved").await.details(409, &said);
    set(&bob, &path(&first), "cancelled").await.is(200);
    set(&bob, &other, "reserved").await.is(200);
}

#[actix_web::test]
async fn what_ends_when_the_next_begins_is_not_in_its_way() {
    let ward = Ward::start().await;
    let (start, middle, end) = (ward.at(60), ward.at(90), ward.at(120));
    let bob = ward.app.patient("bob").await;
    for (from, to) in [(&middle, &end), (&start, &middle)] {
        let body = json!({"clinic_doctor": ward.work, "start_time": from, "end_time": to});
        let slot = path(&ward.doctor.post(PATH, body).await.is(201));
        set(&bob, &slot, "reserved").await.is(200);
    }
}

#[actix_web::test]
async fn cancelled_slots_are_out_of_the_way_until_they_are_opened_again() {
    let ward = Ward::start().await;
    let first = ward.slot(60, 90).await;
    set(&ward.doctor, &first, "cancelled").await.is(200);
    let second = ward.slot(70, 100).await;
    set(&ward.doctor, &first, "open").await.is(409);
    let moved = json!({"status": "open", "start_time": ward.at(100), "end_time": ward.at(130)});
    ward.doctor.patch(&second, json!({"end_time": ward.at(75)})).await.is(200);
    ward.doctor.patch(&first, moved).await.is(200);
    ward.doctor.patch(&second, json!({"end_time": ward.at(110)})).await.is(409);
    ward.doctor.patch(&second, json!({"end_time": ward.at(60)})).await.is(400);
}

#[actix_web::test]
async fn a_repeat_of_a_creation_is_no_overlap() {
    let ward = Ward::start().await;
    let doctor = ward.doctor.with("idempotency-key", "k");
    let body = ward.body(60, 90);
    let tries = (0..6).map(|_| doctor.post(PATH, body.clone()));
    let ids: std::collections::BTreeSet<String> =
        join_all(tries).await.into_iter().map(|answer| answer.is(201).text_at("/id")).collect();
    assert_eq!(ids.len(), 1);
}

/// Another appointment at the same time, by a commit that comes in between.
fn between(ward: &Ward, calendar: &str) -> Mischief {
    let slot = json!({
        "_id": "0123456789abcdef01234567", "_version": 1, "doctor": "ada", "patient": "bob",
        "status": "reserved", "start_time": ward.at(70), "end_time": ward.at(80),
        "clinic_doctor": ward.work, "clinic_id": ward.clinic,
    });
    let document = slot.as_object().unwrap().clone();
    let filter = Filter::id(calendar);
    let change = Change::default().and_add("version", 1);
    Mischief::BeforeCommit(
        "calendars",
        vec![
            Write::Insert { collection: "appointments", document },
            Write::Update { collection: "calendars", filter, change },
        ],
    )
}

#[actix_web::test]
async fn what_comes_between_looking_and_writing_is_seen() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    // Both calendars are there already.
    ward.reserved(&bob, 200, 230).await;
    ward.app.meddler.plan(between(&ward, "doctor:ada"));
    let body = ward.body(60, 90);
    let answer = ward.doctor.post(PATH, body.clone()).await.is(409);
    assert!(ward.app.meddler.is_done());
    assert!(answer.text_at("/detail").contains("0123456789abcdef01234567"), "{}", answer.text);
    let eve = ward.app.provider("eve", "doctor", &ward.staff).await;
    let mut body = body;
    body["clinic_doctor"] = json!(found(&eve, "Borealis").await.1);
    let slot = path(&eve.post(PATH, body).await.is(201));
    let first = Filter::id("0123456789abcdef01234567");
    let removal = Write::Delete { collection: "appointments", filter: first };
    ward.app.ctx.store.commit(vec![removal]).await.unwrap();
    ward.app.meddler.plan(between(&ward, "patient:bob"));
    let answer = set(&bob, &slot, "reserved").await.is(409);
    assert!(ward.app.meddler.is_done());
    assert!(answer.text_at("/detail").contains("0123456789abcdef01234567"), "{}", answer.text);
}

#[actix_web::test]
async fn work_that_gets_an_appointment_at_the_last_moment_does_not_end() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let old = ward.reserved(&bob, 200, 230).await;
    set(&bob, &old, "cancelled").await.is(200);
    ward.app.meddler.plan(between(&ward, &format!("clinic:{}", ward.clinic)));
    ward.doctor.delete(&format!("/api/clinic-doctors/{}/", ward.work)).await.is(409);
    assert!(ward.app.meddler.is_done());
}
