//! Appointments that many want at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{App, user::User};

const PATH: &str = "/api/appointments/";

/// So many patients want one slot.
const CROWD: usize = 200;

/// Founds a clinic, and answers the id of the founder's clinic-doctor there.
async fn found(doctor: &User, name: &str) -> Value {
    let clinic = doctor.post("/api/clinics/", json!({ "name": name })).await.created();
    let id = clinic["id"].as_str().unwrap();
    let list = doctor.get(&format!("/api/clinic-doctors/?clinic={id}")).await.ok();
    list["results"][0]["id"].clone()
}

fn body(work: &Value, hour: usize) -> Value {
    json!({
        "clinic_doctor": work,
        "start_time": format!("2999-05-01T{hour:02}:00:00Z"),
        "end_time": format!("2999-05-01T{hour:02}:45:00Z"),
    })
}

/// A doctor whom staff trust.
async fn doctor(app: &mut App) -> User {
    let root = app.superuser("root").await;
    let doctor = app.doctor("ada").await;
    root.patch("/api/doctors/ada/", json!({"verified": true})).await.ok();
    doctor
}

#[tokio::test]
async fn of_all_who_want_one_slot_exactly_one_gets_it() {
    let mut app = App::start().await;
    let doctor = doctor(&mut app).await;
    let work = found(&doctor, "Aurora").await;
    let slot = doctor.post(PATH, body(&work, 8)).await.created();
    let path = format!("{PATH}{}/", slot["id"].as_str().unwrap());
    let mut patients = Vec::new();
    for number in 0..CROWD {
        patients.push(app.patient(&format!("p{number}")).await);
    }
    let wanted = json!({"status": "reserved"});
    let tries = patients.iter().map(|patient| patient.patch(&path, wanted.clone()));
    let mut won = Vec::new();
    for (answer, patient) in join_all(tries).await.iter().zip(&patients) {
        match answer.status {
            200 => won.push(patient.username.as_str()),
            _ => assert!(
                answer.with_status(409)["detail"].as_str().unwrap().contains("not open any more"),
                "{}",
                answer.text
            ),
        }
    }
    let now = doctor.get(&path).await.ok();
    assert_eq!(won, [now["patientUsername"].as_str().unwrap()]);
}

#[tokio::test]
async fn slots_of_one_doctor_at_two_clinics_never_overlap() {
    let mut app = App::start().await;
    let doctor = doctor(&mut app).await;
    let works = [found(&doctor, "Aurora").await, found(&doctor, "Borealis").await];
    doctor.patch("/api/doctors/ada/", json!({"speciality": "Cardiology"})).await.ok();
    for hour in 8..11 {
        let tries = (0..6).map(|number| doctor.post(PATH, body(&works[number % 2], hour)));
        let mut statuses: Vec<u16> =
            join_all(tries).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    }
    let list =
        format!("{PATH}?doctor=AD&speciality=cardio&status=open&startTime=2999-05-01T09:00Z");
    assert_eq!(doctor.get(&list).await.ok()["count"], 2);
}

#[tokio::test]
async fn a_patient_who_reserves_several_at_once_holds_none_that_overlap() {
    let mut app = App::start().await;
    let ada = doctor(&mut app).await;
    let eve = app.doctor("eve").await;
    let root = app.log_in("root").await;
    root.patch("/api/doctors/eve/", json!({"verified": true})).await.ok();
    let bob = app.patient("bob").await;
    let works = [found(&ada, "Aurora").await, found(&eve, "Borealis").await];
    for hour in 8..11 {
        let mut paths = Vec::new();
        for (doctor, work) in [&ada, &eve].into_iter().zip(&works) {
            let made = doctor.post(PATH, body(work, hour)).await.created();
            paths.push(format!("{PATH}{}/", made["id"].as_str().unwrap()));
        }
        let wanted = json!({"status": "reserved"});
        let tries = paths.iter().map(|path| bob.patch(path, wanted.clone()));
        let mut statuses: Vec<u16> =
            join_all(tries).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}
