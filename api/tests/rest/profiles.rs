//! Patients and doctors.

use ihs_store::{Change, Filter, Write};
use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_patient_keeps_their_own_record() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let acme = sam.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    let acme = acme.text_at("/id");
    let body = json!({
        "weight": "61.5", "height": 170, "nationalId": 123, "insurance": acme,
        "diseaseHistory": "none", "user": "eve", "online": true,
    });
    let answer = ada.patch("/api/patients/ada/", body).await.is(200);
    assert_eq!(answer.body["weight"], 61.5);
    assert_eq!(answer.body["nationalId"], "123");
    assert_eq!(answer.body["insurance"], json!(acme));
    assert_eq!(answer.body["user"], "ada");
    assert_eq!(answer.body["online"], false);
    let bad = json!({"weight": "heavy", "insurance": "0".repeat(24), "supplementalInsurance": []});
    let pk = format!("Invalid pk \"{}\" - object does not exist.", "0".repeat(24));
    ada.patch("/api/patients/ada/", bad).await.is(400).says(&json!({
        "insurance": [pk],
        "supplementalInsurance": ["Incorrect type. Expected pk value, received list."],
        "weight": ["A valid number is required."],
    }));
}

#[actix_web::test]
async fn what_is_deleted_is_let_go_of() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let acme = sam.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    let acme = acme.text_at("/id");
    ada.patch("/api/patients/ada/", json!({"insurance": acme})).await.is(200);
    sam.delete(&format!("/api/insurances/{acme}/")).await.is(204);
    assert_eq!(ada.get("/api/patients/ada/").await.body["insurance"], json!(null));
    let log = sam.get("/api/audit/?patient=ada&action=update&user=sam").await.is(200);
    assert_eq!(log.body["count"], 1);
}

#[actix_web::test]
async fn profiles_are_made_with_the_user_only() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for path in ["/api/patients/", "/api/doctors/"] {
        let answer = sam.post(path, json!({})).await;
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        answer.details(405, "Method \"POST\" not allowed.");
    }
}

#[actix_web::test]
async fn patients_are_read_by_themselves_by_staff_and_by_who_treats_them() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let (dora, sam) = (app.doctor("dora").await, app.staff("sam").await);
    assert_eq!(ada.get("/api/patients/").await.column("user"), ["ada"]);
    assert_eq!(sam.get("/api/patients/").await.column("user"), ["ada", "bob"]);
    bob.get("/api/patients/ada/").await.details(404, "No Patient matches the given query.");
    let bind = Write::Update {
        collection: "patients",
        filter: Filter::eq("user", "ada"),
        change: Change::default().and_include("_treated_by", "dora"),
    };
    app.ctx.store.commit(vec![bind]).await.unwrap();
    dora.get("/api/patients/").await.is(403);
    sam.patch("/api/doctors/dora/", json!({"verified": true})).await.is(200);
    assert_eq!(dora.get("/api/patients/").await.column("user"), ["ada"]);
    dora.get("/api/patients/ada/").await.is(200);
    dora.patch("/api/patients/ada/", json!({"weight": 1})).await.is(403);
    dora.get("/api/patients/bob/").await.is(404);
}

#[actix_web::test]
async fn a_doctor_shows_everything_but_their_national_id() {
    let app = App::start().await;
    let (ada, dora) = (app.patient("ada").await, app.doctor("dora").await);
    let sam = app.staff("sam").await;
    let body = json!({"nationalId": "123", "speciality": "Cardiology"});
    dora.patch("/api/doctors/dora/", body).await.is(200);
    let seen = ada.get("/api/doctors/dora/").await.is(200);
    assert!(seen.body.get("nationalId").is_none());
    assert_eq!(seen.body["average_rating"], json!(null));
    assert_eq!(seen.body["reviewee"], json!([]));
    for client in [&dora, &sam] {
        assert_eq!(client.get("/api/doctors/dora/").await.body["nationalId"], "123");
    }
    assert_eq!(ada.get("/api/doctors/?speciality=cardio").await.column("user"), ["dora"]);
    assert_eq!(ada.get("/api/doctors/?speciality=x").await.body["count"], 0);
    dora.patch("/api/doctors/dora/", json!({"verified": true})).await.is(403);
    ada.patch("/api/doctors/dora/", json!({"speciality": "x"})).await.is(403);
}

#[actix_web::test]
async fn names_are_found_in_any_case_and_form() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let names = json!({"first_name": "José", "last_name": "ÁLVAREZ"});
    ada.patch("/api/users/ada/", names).await.is(200);
    for query in ["name=jose", "name=alvarez", "search=JOSE+%22se+alv%22", "name__icontains=se"] {
        let found = sam.get(&format!("/api/patients/?{query}")).await.is(200);
        assert_eq!(found.column("user"), ["ada"], "{query}");
    }
    assert_eq!(sam.get("/api/patients/?search=jose,nobody").await.body["count"], 0);
}
