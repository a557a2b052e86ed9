//! Clinics, and who works at them.

use futures_util::future::{join, join_all};
use ihs_store::{Filter, Write};
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{App, Client},
};

/// Opens a clinic.
async fn opened(doctor: &Client, name: &str) -> String {
    doctor.post("/api/clinics/", json!({ "name": name })).await.is(201).text_at("/id")
}

/// Makes somebody work at a clinic; gives the path of that.
async fn joined(by: &Client, clinic: &str, who: &str) -> String {
    let body = json!({"clinic": clinic, "doctor": who});
    let answer = by.post("/api/clinic-doctors/", body).await.is(201);
    format!("/api/clinic-doctors/{}/", answer.text_at("/id"))
}

/// The clinics that stand in somebody's record.
async fn clinics_of(app: &App, name: &str) -> Value {
    let named = ihs_store::Filter::eq("username", name);
    let found = app.ctx.store.find(ihs_store::Query::new("users", named, 1)).await.unwrap();
    found[0].get("_clinics").cloned().unwrap_or_else(|| json!([]))
}

#[actix_web::test]
async fn who_opens_a_clinic_is_its_first_clinic_doctor() {
    let app = App::start().await;
    let (sam, ada) = (app.staff("sam").await, app.patient("ada").await);
    let dora = app.provider("dora", "doctor", &sam).await;
    let body = json!({"name": "West", "city": "Oslo", "longitude": "10.75", "latitude": 59.9});
    let answer = dora.post("/api/clinics/", body).await.is(201);
    let clinic = answer.text_at("/id");
    answer.says(&json!({
        "id": clinic, "name": "West", "description": "", "city": "Oslo", "address": "",
        "longitude": 10.75, "latitude": 59.9,
    }));
    let works = ada.get(&format!("/api/clinic-doctors/?clinic={clinic}")).await.is(200);
    let first = &works.body["results"][0];
    assert_eq!(works.body["count"], 1);
    assert_eq!(
        (&first["clinic"], &first["doctor"], &first["clinicName"], &first["doctorUsername"]),
        (&json!(clinic), &json!("dora"), &json!("West"), &json!("dora"))
    );
    assert_eq!(clinics_of(&app, "dora").await, json!([clinic]));
    assert_eq!(ada.get("/api/clinics/?city=osl&name=WE").await.column("name"), ["West"]);
}

#[actix_web::test]
async fn a_clinic_is_somewhere_on_earth() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let body = json!({"longitude": 180.5, "latitude": "north", "city": null});
    dora.post("/api/clinics/", body).await.is(400).says(&json!({
        "name": ["This field is required."],
        "city": ["This field may not be null."],
        "longitude": ["Ensure this value is less than or equal to 180."],
        "latitude": ["A valid number is required."],
    }));
    assert_eq!(dora.get("/api/clinic-doctors/").await.body["count"], 0);
}

#[actix_web::test]
async fn a_clinic_is_run_by_its_doctors_and_by_staff() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let (dora, dan) =
        (app.provider("dora", "doctor", &sam).await, app.provider("dan", "doctor", &sam).await);
    let nick = app.provider("nick", "nurse", &sam).await;
    let clinic = opened(&dora, "West").await;
    let path = format!("/api/clinics/{clinic}/");
    joined(&dora, &clinic, "nick").await;
    for client in [&dan, &nick, &app.patient("ada").await] {
        client.patch(&path, json!({"name": "x"})).await.is(403);
        client.delete(&path).await.is(403);
    }
    for client in [&nick, &sam] {
        client.post("/api/clinics/", json!({"name": "x"})).await.is(403);
    }
    joined(&dora, &clinic, "dan").await;
    for (client, name) in [(&dora, "East"), (&dan, "North"), (&sam, "South")] {
        let changed = client.patch(&path, json!({ "name": name })).await.is(200);
        assert_eq!(changed.body["name"], name);
    }
}

#[actix_web::test]
async fn a_doctor_of_the_clinic_or_staff_make_others_work_there() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let dan = app.provider("dan", "doctor", &sam).await;
    let nick = app.provider("nick", "nurse", &sam).await;
    let clinic = opened(&dora, "West").await;
    let body = |who: &str| json!({"clinic": clinic, "doctor": who});
    for client in [&dan, &nick, &app.patient("ada").await] {
        client.post("/api/clinic-doctors/", body("dan")).await.is(403);
    }
    joined(&dora, &clinic, "nick").await;
    nick.post("/api/clinic-doctors/", body("dan")).await.is(403);
    joined(&sam, &clinic, "dan").await;
    joined(&dan, &clinic, {
        app.provider("deb", "doctor", &sam).await;
        "deb"
    })
    .await;
    let there = sam.get(&format!("/api/clinic-doctors/?clinic={clinic}")).await;
    assert_eq!(there.column("doctor"), ["dora", "nick", "dan", "deb"]);
    assert_eq!(sam.get("/api/clinic-doctors/?doctor=dan").await.body["count"], 1);
}

#[actix_web::test]
async fn only_providers_work_at_clinics_that_are_there_each_once() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    app.patient("ada").await;
    let clinic = opened(&dora, "West").await;
    let nowhere = "0".repeat(24);
    let body = json!({"clinic": nowhere, "doctor": "ada"});
    sam.post("/api/clinic-doctors/", body).await.is(400).says(&json!({
        "clinic": [format!("Invalid pk \"{nowhere}\" - object does not exist.")],
        "doctor": ["Object with username=ada does not exist."],
    }));
    let again = json!({"clinic": clinic, "doctor": "dora"});
    sam.post("/api/clinic-doctors/", again).await.is(400).says(&json!({
        "non_field_errors": ["The fields clinic, doctor must make a unique set."],
    }));
    assert_eq!(clinics_of(&app, "dora").await, json!([clinic]));
}

#[actix_web::test]
async fn of_two_who_let_the_same_doctor_join_at_once_one_does() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    app.provider("dan", "doctor", &sam).await;
    let clinic = opened(&dora, "West").await;
    let body = json!({"clinic": clinic, "doctor": "dan"});
    let tries = [&sam, &dora, &sam, &dora].map(|by| by.post("/api/clinic-doctors/", body.clone()));
    let mut statuses: Vec<u16> = join_all(tries).await.iter().map(|one| one.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400]);
    assert_eq!(clinics_of(&app, "dan").await, json!([clinic]));
}

#[actix_web::test]
async fn who_joins_a_clinic_that_is_closed_at_once_is_not_left_in_it() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    app.provider("dan", "doctor", &sam).await;
    for _ in 0..4 {
        let clinic = opened(&dora, "West").await;
        let path = format!("/api/clinics/{clinic}/");
        let body = json!({"clinic": clinic, "doctor": "dan"});
        let (made, closed) = join(sam.post("/api/clinic-doctors/", body), dora.delete(&path)).await;
        closed.is(204);
        assert!(matches!(made.status, 201 | 400 | 409), "{}", made.text);
        assert_eq!(clinics_of(&app, "dan").await, json!([]));
        assert_eq!(sam.get("/api/clinic-doctors/").await.body["count"], 0);
    }
}

#[actix_web::test]
async fn a_doctor_may_leave_and_has_no_say_from_then_on() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let dan = app.provider("dan", "doctor", &sam).await;
    let clinic = opened(&dora, "West").await;
    let works = joined(&dora, &clinic, "dan").await;
    dora.delete(&works).await.is(403);
    dora.patch(&works, json!({})).await.is(403);
    let same = dan.patch(&works, json!({"doctor": "dora", "clinic": "x"})).await.is(200);
    assert_eq!((&same.body["doctor"], &same.body["clinic"]), (&json!("dan"), &json!(clinic)));
    dan.delete(&works).await.is(204);
    assert_eq!(clinics_of(&app, "dan").await, json!([]));
    dan.patch(&format!("/api/clinics/{clinic}/"), json!({})).await.is(403);
    let again = json!({"clinic": clinic, "doctor": "dan"});
    dan.post("/api/clinic-doctors/", again).await.is(403);
    let again = joined(&dora, &clinic, "dan").await;
    sam.delete(&again).await.is(204);
}

#[actix_web::test]
async fn a_closed_clinic_takes_all_who_work_there_with_it() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    app.provider("dan", "doctor", &sam).await;
    let (west, east) = (opened(&dora, "West").await, opened(&dora, "East").await);
    for clinic in [&west, &east] {
        joined(&dora, clinic, "dan").await;
    }
    dora.delete(&format!("/api/clinics/{west}/")).await.is(204);
    let left = sam.get("/api/clinic-doctors/").await.is(200);
    assert_eq!(left.column("clinic"), [east.clone(), east.clone()]);
    for name in ["dora", "dan"] {
        assert_eq!(clinics_of(&app, name).await, json!([east]));
    }
}

#[actix_web::test]
async fn who_is_taken_on_while_their_profile_is_deleted_does_not_work_there() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let clinic = opened(&dora, "West").await;
    app.provider("dan", "doctor", &sam).await;
    let gone = Write::Delete { collection: "doctors", filter: Filter::eq("user", "dan") };
    app.meddler.plan(Mischief::BeforeCommit("clinic_doctors", vec![gone]));
    let body = json!({"clinic": clinic, "doctor": "dan"});
    let late = dora.post("/api/clinic-doctors/", body).await;
    late.is(400).says(&json!({"doctor": ["Object with username=dan does not exist."]}));
    assert!(app.meddler.is_done());
    for round in 0..10 {
        let name = format!("nina{round}");
        app.provider(&name, "nurse", &sam).await;
        let body = json!({"clinic": clinic, "doctor": name});
        let path = format!("/api/doctors/{name}/");
        let (taken, gone) = join(dora.post("/api/clinic-doctors/", body), sam.delete(&path)).await;
        assert!(matches!(taken.status, 201 | 400), "{}", taken.text);
        gone.is(204);
        let works = sam.get(&format!("/api/clinic-doctors/?doctor={name}")).await.is(200);
        assert_eq!(works.body["count"], 0);
    }
}
