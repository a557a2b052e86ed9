//! Which nurses read treatments, and the patients of them.

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::{treatments::ward, ward::found};

#[actix_web::test]
async fn the_nurses_of_the_doctors_clinics_read_treatments_and_patients() {
    let ward = ward().await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    let nora = ward.app.provider("nora", "nurse", &ward.sam).await;
    ward.clinic("West", "nick").await;
    nick.get("/api/patients/ada/").await.is(404);
    let path = ward.begun().await;
    for (client, status) in [(&nick, 200), (&nora, 404)] {
        client.get(&path).await.is(status);
        client.get("/api/patients/ada/").await.is(status);
    }
    ward.clinic("East", "nora").await;
    for (client, status) in [(&nick, 200), (&nora, 404)] {
        client.get(&path).await.is(200);
        client.get("/api/patients/ada/").await.is(status);
    }
    ward.begun().await;
    nora.get("/api/patients/ada/").await.is(200);
}

#[actix_web::test]
async fn who_leaves_a_clinic_takes_the_treatments_along_but_not_the_patients() {
    let ward = ward().await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    let clinic = ward.clinic("West", "nick").await;
    let path = ward.begun().await;
    let works = ward.sam.get("/api/clinic-doctors/?doctor=dora").await.text_at("/results/0/id");
    ward.dora.delete(&format!("/api/clinic-doctors/{works}/")).await.is(204);
    nick.get(&path).await.is(404);
    nick.get("/api/patients/ada/").await.is(200);
    ward.dora.get(&path).await.is(200);
    let again = json!({"clinic": clinic, "doctor": "dora"});
    ward.sam.post("/api/clinic-doctors/", again).await.is(201);
    nick.get(&path).await.is(200);
    ward.dora.delete(&format!("/api/clinics/{clinic}/")).await.is(204);
    nick.get(&path).await.is(404);
    nick.get("/api/patients/ada/").await.is(404);
}

#[actix_web::test]
async fn treatments_that_begin_while_a_clinic_is_joined_are_its_nurses_to_read() {
    let ward = ward().await;
    let dan = ward.app.provider("dan", "doctor", &ward.sam).await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    let clinic = ward.clinic("West", "nick").await;
    ward.app.bind("ada", "dan").await;
    let body = json!({"patient": "ada", "subject": "x"});
    let treatments = (0..6).map(|_| dan.post("/api/treatments/", body.clone()));
    let works = json!({"clinic": clinic, "doctor": "dan"});
    let (made, joined) =
        join(join_all(treatments), ward.sam.post("/api/clinic-doctors/", works)).await;
    joined.is(201);
    for answer in made {
        answer.is(201);
    }
    assert_eq!(nick.get("/api/treatments/").await.body["count"], 6);
    // Whichever came first: the patient is bound by what begins now.
    dan.post("/api/treatments/", body).await.is(201);
    nick.get("/api/patients/ada/").await.is(200);
}

#[actix_web::test]
async fn nurses_read_no_more_of_a_doctor_who_is_gone() {
    let ward = ward().await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    ward.clinic("West", "nick").await;
    let path = ward.begun().await;
    nick.get(&path).await.is(200);
    ward.dora.delete("/api/users/dora/").await.is(204);
    nick.get(&path).await.is(404);
    nick.get("/api/patients/ada/").await.is(200);
    assert_eq!(ward.ada.get(&path).await.is(200).body["doctorUsername"], "dora");
}

#[actix_web::test]
async fn who_adds_a_doctor_does_not_get_their_patients() {
    let ward = ward().await;
    let evan = ward.app.provider("evan", "doctor", &ward.sam).await;
    let nora = ward.app.provider("nora", "nurse", &ward.sam).await;
    let treatment = ward.begun().await;
    let (clinic, _) = found(&evan, "Erebus").await;
    let works = |who: &str| json!({ "clinic": clinic, "doctor": who });
    evan.post("/api/clinic-doctors/", works("nora")).await.is(201);
    let dora = evan.post("/api/clinic-doctors/", works("dora")).await.is(201).text_at("/id");
    nora.get(&treatment).await.is(200);
    nora.get("/api/patients/ada/").await.is(404);
    ward.dora.delete(&format!("/api/clinic-doctors/{dora}/")).await.is(204);
    nora.get(&treatment).await.is(404);
    nora.get("/api/patients/ada/").await.is(404);
}
