//! Doctors and nurses whom staff have not verified, or no longer.

use serde_json::{Value, json};

use crate::{
    support::{App, Client, settings},
    ward::{Ward, set},
};

/// A clinic with a doctor and a nurse, whose patient is ada.
struct Clinic {
    app: App,
    sam: Client,
    dora: Client,
    nick: Client,
    id: String,
    treatment: String,
}

async fn clinic() -> Clinic {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let nick = app.provider("nick", "nurse", &sam).await;
    app.patient("ada").await;
    let id = dora.post("/api/clinics/", json!({"name": "West"})).await.is(201).text_at("/id");
    let works = json!({"clinic": id, "doctor": "nick"});
    dora.post("/api/clinic-doctors/", works).await.is(201);
    app.bind("ada", "dora").await;
    let made = dora.post("/api/treatments/", json!({"patient": "ada", "subject": "Cough"})).await;
    let treatment = format!("/api/treatments/{}/", made.is(201).text_at("/id"));
    Clinic { app, sam, dora, nick, id, treatment }
}

async fn verify(staff: &Client, name: &str, verified: bool) {
    let path = format!("/api/doctors/{name}/");
    staff.patch(&path, json!({ "verified": verified })).await.is(200);
}

#[actix_web::test]
async fn who_is_not_verified_can_be_seen_and_can_chat() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for (name, kind) in [("dora", "doctor"), ("nick", "nurse")] {
        let provider = app.sign_up(name, kind).await;
        let seen = ada.get(&format!("/api/doctors/{name}/")).await.is(200);
        assert_eq!((&seen.body["kind"], &seen.body["verified"]), (&json!(kind), &json!(false)));
        let room = json!({"kind": "direct", "members": ["ada"]});
        let room = provider.post("/api/rooms/", room).await.is(201).text_at("/id");
        provider.post("/api/messages/", json!({"room": room, "text": "x"})).await.is(201);
    }
}

#[actix_web::test]
async fn who_is_not_verified_does_nothing_of_what_providers_do() {
    let clinic = clinic().await;
    let body = json!({"patient": "ada", "subject": "x"});
    let notice = json!({"user": "ada", "title": "x", "text": "x"});
    for (name, kind) in [("new", "doctor"), ("newer", "nurse")] {
        let one = clinic.app.sign_up(name, kind).await;
        clinic.app.bind("ada", name).await;
        let works = json!({"clinic": clinic.id, "doctor": name});
        clinic.dora.post("/api/clinic-doctors/", works.clone()).await.is(201);
        one.post("/api/clinics/", json!({"name": "x"})).await.is(403);
        one.patch(&format!("/api/clinics/{}/", clinic.id), json!({})).await.is(403);
        one.delete(&format!("/api/clinics/{}/", clinic.id)).await.is(403);
        one.post("/api/clinic-doctors/", works).await.is(403);
        one.post("/api/treatments/", body.clone()).await.is(403);
        one.post("/api/appointments/", json!({})).await.is(403);
        one.post("/api/notifications/", notice.clone()).await.is(403);
        for path in ["ada/", "nobody/", "", "?search=ada", "ada/access-log/"] {
            one.get(&format!("/api/patients/{path}")).await.is(403);
        }
        one.get(&clinic.treatment).await.is(404);
        assert_eq!(one.get("/api/treatments/").await.body["count"], 0);
    }
}

#[actix_web::test]
async fn verification_is_given_by_staff_only() {
    let clinic = clinic().await;
    for (client, name) in [(&clinic.dora, "dora"), (&clinic.nick, "nick")] {
        let path = format!("/api/doctors/{name}/");
        for verified in [json!(true), json!(false)] {
            client.patch(&path, json!({ "verified": verified })).await.is(403);
        }
        client.put(&path, json!({"verified": true})).await.is(403);
        client.patch(&path, json!({"speciality": "x"})).await.is(200);
        assert_eq!(clinic.sam.get(&path).await.body["verified"], true);
    }
    let body = json!({"verified": "maybe"});
    clinic.sam.patch("/api/doctors/dora/", body).await.is(400);
    let forged = json!({"verified": true, "_clinics": [clinic.id]});
    let eve = clinic.app.sign_up("eve", "nurse").await;
    eve.patch("/api/users/eve/", forged).await.is(200);
    assert_eq!(eve.get("/api/treatments/").await.body["count"], 0);
    assert_eq!(clinic.sam.get("/api/doctors/?verified=false").await.column("user"), ["eve"]);
}

#[actix_web::test]
async fn a_withdrawn_verification_counts_at_once() {
    let clinic = clinic().await;
    let stop = json!({"status": "stopped"});
    for (client, name) in [(&clinic.dora, "dora"), (&clinic.nick, "nick")] {
        client.get("/api/patients/ada/").await.is(200);
        client.get(&clinic.treatment).await.is(200);
        verify(&clinic.sam, name, false).await;
        client.get("/api/patients/ada/").await.is(403);
        client.get(&clinic.treatment).await.is(404);
        client.patch(&clinic.treatment, stop.clone()).await.is(404);
        let path = format!("/api/clinics/{}/", clinic.id);
        client.patch(&path, json!({})).await.is(403);
    }
    let body = json!({"patient": "ada", "subject": "x"});
    clinic.dora.post("/api/treatments/", body.clone()).await.is(403);
    clinic.dora.post("/api/appointments/", json!({})).await.is(403);
    clinic.dora.post("/api/clinics/", json!({"name": "x"})).await.is(403);
    verify(&clinic.sam, "dora", true).await;
    clinic.dora.post("/api/treatments/", body).await.is(201);
    clinic.dora.patch(&clinic.treatment, stop).await.is(200);
}

#[actix_web::test]
async fn where_the_settings_say_so_everybody_is_taken_at_their_word() {
    let mut trusting = settings();
    trusting.auth.verify_providers = false;
    let app = App::with(trusting).await;
    let (dora, nick) = (app.doctor("dora").await, app.sign_up("nick", "nurse").await);
    app.patient("ada").await;
    assert_eq!(dora.get("/api/doctors/dora/").await.body["verified"], Value::Bool(false));
    let id = dora.post("/api/clinics/", json!({"name": "West"})).await.is(201).text_at("/id");
    let works = json!({"clinic": id, "doctor": "nick"});
    dora.post("/api/clinic-doctors/", works).await.is(201);
    app.bind("ada", "dora").await;
    let body = json!({"patient": "ada", "subject": "x"});
    dora.post("/api/treatments/", body).await.is(201);
    for client in [&dora, &nick] {
        client.get("/api/patients/ada/").await.is(200);
        assert_eq!(client.get("/api/treatments/").await.body["count"], 1);
    }
    dora.patch("/api/doctors/dora/", json!({"verified": true})).await.is(403);
}

#[actix_web::test]
async fn slots_of_a_doctor_who_is_not_trusted_any_more_are_not_reserved() {
    let ward = Ward::start().await;
    let cat = ward.app.patient("cat").await;
    let (slot, held) = (ward.slot(60, 90).await, ward.reserved(&cat, 120, 150).await);
    verify(&ward.staff, "ada", false).await;
    cat.get(&slot).await.is(200);
    let refused = "The doctor is not verified and takes no appointments.";
    set(&cat, &slot, "reserved").await.details(409, refused);
    assert_eq!(cat.get(&slot).await.body["status"], "open");
    set(&cat, &held, "cancelled").await.is(200);
    verify(&ward.staff, "ada", true).await;
    set(&cat, &slot, "reserved").await.is(200);
}

#[actix_web::test]
async fn who_deletes_their_profile_is_trusted_no_more() {
    let clinic = clinic().await;
    for one in [&clinic.dora, &clinic.nick] {
        one.get("/api/patients/ada/").await.is(200);
        one.delete(&format!("/api/doctors/{}/", one.name)).await.is(204);
        one.get("/api/patients/ada/").await.is(403);
        let glass = json!({"reason": "x"});
        one.post("/api/patients/ada/break-glass/", glass).await.is(403);
        one.post("/api/clinics/", json!({"name": "East"})).await.is(403);
        let log = format!("/api/audit/?action=unverify&user={}", one.name);
        assert_eq!(clinic.sam.get(&log).await.is(200).body["count"], 1);
    }
}
