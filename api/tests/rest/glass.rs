//! Breaking the glass.

use ihs_store::{Change, Filter, Write};
use serde_json::{Value, json};

use crate::{
    audit::bind,
    support::{App, Client},
};

const PATH: &str = "/api/patients/ada/break-glass/";

/// A doctor whom staff have verified.
async fn verified(app: &App, sam: &Client, name: &str, kind: &str) -> Client {
    let client = app.sign_up(name, kind).await;
    sam.patch(&format!("/api/doctors/{name}/"), json!({"verified": true})).await.is(200);
    client
}

#[actix_web::test]
async fn the_glass_opens_the_record_for_a_reason() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    app.patient("bob").await;
    for kind in ["doctor", "nurse"] {
        let dora = verified(&app, &sam, kind, kind).await;
        dora.get("/api/patients/ada/").await.is(404);
        let answer = dora.post(PATH, json!({"reason": " unconscious "})).await.is(201);
        assert_eq!(answer.body["patient"], "ada");
        assert_eq!(answer.body["reason"], "unconscious");
        let now = app.ctx.clock.now().to_string();
        assert!(answer.text_at("/expires") > now, "{}", answer.text);
        dora.get("/api/patients/ada/").await.is(200);
        assert_eq!(dora.get("/api/patients/").await.is(200).column("user"), ["ada"]);
        dora.patch("/api/patients/ada/", json!({"weight": 1})).await.is(403);
        dora.delete("/api/patients/ada/").await.is(403);
        dora.get("/api/patients/ada/access-log/").await.is(403);
        dora.get("/api/patients/bob/").await.is(404);
        let seen = ada.get(&format!("/api/patients/ada/access-log/?user={kind}")).await.is(200);
        assert_eq!(seen.column("action"), ["read", "read", "break_glass"]);
        let marks: Vec<&Value> =
            (0..3).map(|place| &seen.body["results"][place]["break_glass"]).collect();
        assert_eq!(marks, [&json!(true), &json!(true), &json!(false)]);
        assert_eq!(seen.column("reason"), ["unconscious"; 3]);
    }
}

#[actix_web::test]
async fn the_same_key_breaks_it_once() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    app.patient("bob").await;
    let dora = verified(&app, &sam, "dora", "doctor").await.with("idempotency-key", "k");
    let reason = json!({"reason": "unconscious"});
    let all = futures_util::future::join_all((0..5).map(|_| dora.post(PATH, reason.clone()))).await;
    let first = all[0].text.clone();
    for answer in all {
        answer.is(201).says(&serde_json::from_str(&first).unwrap());
    }
    dora.post(PATH, json!({"reason": "another"})).await.is(422);
    dora.post("/api/patients/bob/break-glass/", reason).await.is(422);
    assert_eq!(ada.get("/api/notifications/").await.body["count"], 1);
    let broken = "/api/patients/ada/access-log/?action=break_glass";
    assert_eq!(ada.get(broken).await.body["count"], 1);
}

#[actix_web::test]
async fn the_patient_and_staff_are_told() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let dora = verified(&app, &sam, "dora", "doctor").await;
    dora.post(PATH, json!({"reason": "unconscious"})).await.is(201);
    let told = ada.get("/api/notifications/").await.is(200);
    assert_eq!(told.body["count"], 1);
    assert!(told.text.contains("dora has opened your record in an emergency: unconscious"));
    let told = sam.get("/api/notifications/").await.is(200);
    assert!(told.text.contains("dora has opened the record of ada in an emergency: unconscious"));
    assert_eq!(dora.get("/api/notifications/").await.body["count"], 0);
}

#[actix_web::test]
async fn the_glass_is_for_doctors_and_nurses_without_access() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let new = app.doctor("new").await;
    let dora = verified(&app, &sam, "dora", "doctor").await;
    let reason = json!({"reason": "unconscious"});
    app.anonymous().post(PATH, reason.clone()).await.is(401);
    for client in [&ada, &sam, &new, &app.patient("bob").await] {
        client.post(PATH, reason.clone()).await.is(403);
        client.post("/api/patients/eve/break-glass/", reason.clone()).await.is(403);
    }
    let nobody = dora.post("/api/patients/eve/break-glass/", reason.clone()).await;
    nobody.details(404, "No Patient matches the given query.");
    dora.get(PATH).await.is(405);
    bind(&app, "ada", "dora").await;
    let answer = dora.post(PATH, reason).await;
    answer.details(409, "You have access to this record already.");
    assert_eq!(ada.get("/api/notifications/").await.body["count"], 0);
    dora.get("/api/patients/ada/").await.is(200);
    let seen = ada.get("/api/patients/ada/access-log/?user=dora").await.is(200);
    assert_eq!(seen.body["results"][0]["break_glass"], false);
}

#[actix_web::test]
async fn a_reason_is_needed() {
    let app = App::start().await;
    let (_ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let dora = verified(&app, &sam, "dora", "doctor").await;
    let says = |message: &str| json!({ "reason": [message] });
    dora.post(PATH, json!({})).await.is(400).says(&says("This field is required."));
    let blank = dora.post(PATH, json!({"reason": "  "})).await.is(400);
    blank.says(&says("This field may not be blank."));
    let long = dora.post(PATH, json!({"reason": "x".repeat(1_001)})).await.is(400);
    long.says(&says("Ensure this field has no more than 1000 characters."));
    dora.get("/api/patients/ada/").await.is(404);
}

#[actix_web::test]
async fn the_glass_closes_by_itself_and_can_be_broken_again() {
    let app = App::start().await;
    let (_ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let dora = verified(&app, &sam, "dora", "doctor").await;
    let reason = json!({"reason": "unconscious"});
    dora.post(PATH, reason.clone()).await.is(201);
    let over = json!(["2020-01-01T00:00:00.000Z ada", "2020-01-01T00:00:00.000Z bob"]);
    let write = Write::Update {
        collection: "users",
        filter: Filter::eq("username", "dora"),
        change: Change::set("_glass", over),
    };
    app.ctx.store.commit(vec![write]).await.unwrap();
    dora.get("/api/patients/ada/").await.is(404);
    for _ in 0..2 {
        dora.post(PATH, reason.clone()).await.is(201);
        dora.get("/api/patients/ada/").await.is(200);
    }
    let user = Filter::eq("username", "dora");
    let found = app.ctx.store.find(ihs_store::Query::new("users", user, 1)).await.unwrap();
    assert_eq!(found[0]["_glass"].as_array().map(Vec::len), Some(1));
    // Whoever is no longer trusted sees nothing through it either.
    sam.patch("/api/doctors/dora/", json!({"verified": false})).await.is(200);
    dora.get("/api/patients/ada/").await.is(403);
}
