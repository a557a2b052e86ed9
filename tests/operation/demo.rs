//! `ihs demo`.

use serde_json::{Value, json};

use crate::support::{
    App,
    process::{self, complaint, shown},
    user::User,
};

/// A node on demo data, and what the command printed.
async fn demo() -> (App, String) {
    demo_with(&["demo"]).await
}

async fn demo_with(arguments: &[&str]) -> (App, String) {
    let mut app = App::start().await;
    assert!(app.node().terminate().success());
    let output = app.run(arguments, "");
    assert!(output.status.success(), "{}", complaint(&output));
    app.start_again();
    (app, shown(&output))
}

/// Logs in as the first person of this kind that the command printed.
async fn first(app: &App, printed: &str, kind: &str) -> User {
    let line = printed.lines().find(|line| line.trim_start().starts_with(kind)).unwrap();
    let username = line.split_whitespace().nth(1).unwrap();
    let password = printed.lines().find_map(|line| line.split_once("password: ")).unwrap().1;
    let body = json!({"username": username, "password": password.trim()});
    let pair = app.anonymous().post("/api/token/", body).await.ok();
    User::with_token(app, username, pair["token"].as_str().unwrap())
}

#[tokio::test]
async fn everybody_who_is_printed_can_log_in() {
    let (app, printed) = demo().await;
    for kind in ["doctor", "nurse", "patient", "staff"] {
        let user = first(&app, &printed, kind).await;
        user.get(&format!("/api/users/{}/", user.username)).await.ok();
    }
}

#[tokio::test]
async fn the_clinic_is_full_of_people_who_talk() {
    let (app, printed) = demo().await;
    let staff = first(&app, &printed, "staff").await;
    assert_eq!(staff.get("/api/patients/").await.ok()["count"], 200);
    assert_eq!(staff.get("/api/insurances/").await.ok()["count"], 10);
    let doctors = staff.get("/api/doctors/?page_size=100").await.ok();
    let verified = |doctor: &&Value| doctor["verified"] == true;
    assert!(doctors["results"].as_array().unwrap().iter().filter(verified).count() >= 20);

    let doctor = first(&app, &printed, "doctor").await;
    let rooms = doctor.get("/api/rooms/").await.ok();
    let room = rooms["results"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/rooms/{room}/messages/?after=0&limit=50");
    let entries = doctor.get(&path).await.ok();
    let seqs: Vec<u64> = entries["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.len() >= 4);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn doctors_work_at_clinics_and_treat_those_who_review_them() {
    let (app, printed) = demo().await;
    let doctor = first(&app, &printed, "doctor").await;
    for (path, count) in [
        ("/api/clinics/", 4),
        ("/api/clinic-doctors/", 20),
        ("/api/specialities/", 14),
        ("/api/medicines/", 12),
        ("/api/diseases/", 16),
        ("/api/treatments/", 10),
        ("/api/patients/", 10),
        ("/api/reviews/", 84),
    ] {
        assert_eq!(doctor.get(path).await.ok()["count"], count, "{path}");
    }
    let treatments = doctor.get("/api/treatments/").await.ok();
    let patient = treatments["results"][0]["patient"].as_str().unwrap().to_owned();
    doctor.get(&format!("/api/patients/{patient}/")).await.ok();
    let profile = doctor.get(&format!("/api/doctors/{}/", doctor.username)).await.ok();
    let reviews = profile["reviewee"].as_array().unwrap();
    let sum: f64 = reviews.iter().map(|review| review["rating"].as_f64().unwrap()).sum();
    assert_eq!(reviews.len(), 6);
    assert!((profile["average_rating"].as_f64().unwrap() - sum / 6.0).abs() < 1e-9);
    let nurse = first(&app, &printed, "nurse").await;
    assert!(nurse.get("/api/patients/").await.ok()["count"].as_u64().unwrap() >= 10);
}

#[tokio::test]
async fn names_in_other_scripts_are_found() {
    let (app, printed) = demo().await;
    let staff = first(&app, &printed, "staff").await;
    let found = staff.get("/api/patients/?name=رضایی").await.ok();
    assert!(found["count"].as_u64().unwrap() >= 1, "{found}");
}

#[tokio::test]
async fn further_patients_are_there_and_some_of_them_treated() {
    let (app, printed) = demo_with(&["demo", "--patients", "60"]).await;
    let staff = first(&app, &printed, "staff").await;
    assert_eq!(staff.get("/api/patients/").await.ok()["count"], 260);
    let doctor = first(&app, &printed, "doctor").await;
    let theirs = doctor.get("/api/patients/").await.ok();
    let further = |row: &&Value| row["nationalId"].as_str() >= Some("DEMO-01000");
    let treated = theirs["results"].as_array().unwrap().iter().filter(further).count();
    assert_eq!(treated, 1, "{theirs}");

    let arguments = ["records", "--seconds", "1", "--clients", "2", "--readers", "1", "--doctor"];
    let arguments = [&["bench", app.url()], &arguments[..], &[&doctor.username]].concat();
    let output = process::run(&mut process::ihs(&arguments), "");
    assert!(output.status.success(), "{}", complaint(&output));
    let measured = shown(&output);
    for phase in ["GET of a record", "search: a name", "doctor: page of 25", "create", "PATCH"] {
        assert!(measured.contains(phase), "{phase}: {measured}");
    }
}

#[tokio::test]
async fn a_store_that_is_not_empty_is_refused_and_left_alone() {
    let mut app = App::start().await;
    app.patient("ada").await;
    assert!(app.node().terminate().success());
    let output = app.run(&["demo"], "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("not empty"), "{}", complaint(&output));
    assert_eq!(shown(&output), "");
    app.start_again();
    app.log_in("ada").await;
}
