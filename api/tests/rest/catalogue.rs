//! What the clinic knows of by name: specialities, medicines, diseases.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{App, Client};

const REQUIRED: &str = "This field is required.";

async fn made(staff: &Client, path: &str, body: Value) -> String {
    staff.post(path, body).await.is(201).text_at("/id")
}

#[actix_web::test]
async fn names_are_made_read_changed_and_deleted_by_staff() {
    let app = App::start().await;
    let (sam, ada) = (app.staff("sam").await, app.patient("ada").await);
    for (resource, model) in
        [("specialities", "Speciality"), ("medicines", "Medicine"), ("diseases", "Disease")]
    {
        let list = format!("/api/{resource}/");
        let answer = sam.post(&list, json!({"name": " Asthma ", "id": "x"})).await.is(201);
        assert_eq!(answer.body["name"], "Asthma", "{resource}");
        let path = format!("{list}{}/", answer.text_at("/id"));
        assert_eq!(answer.header("location"), format!("http://clinic.example{path}"));
        ada.get(&path).await.is(200).says(&answer.body);
        sam.put(&path, json!({})).await.is(400).says(&json!({ "name": [REQUIRED] }));
        assert_eq!(sam.patch(&path, json!({"name": "Gout"})).await.is(200).body["name"], "Gout");
        sam.delete(&path).await.is(204);
        let gone = format!("No {model} matches the given query.");
        ada.get(&path).await.details(404, &gone);
    }
}

#[actix_web::test]
async fn only_staff_write_and_nobody_unknown_reads() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let others = [
        app.patient("ada").await,
        app.provider("dora", "doctor", &sam).await,
        app.provider("nick", "nurse", &sam).await,
    ];
    for resource in ["specialities", "medicines", "diseases"] {
        let list = format!("/api/{resource}/");
        let path = format!("{list}{}/", made(&sam, &list, json!({"name": "x"})).await);
        for client in &others {
            client.get(&path).await.is(200);
            client.post(&list, json!({"name": "y"})).await.is(403);
            client.put(&path, json!({"name": "y"})).await.is(403);
            client.patch(&path, json!({"name": "y"})).await.is(403);
            client.delete(&path).await.is(403);
        }
        app.anonymous().get(&list).await.is(401);
        assert_eq!(sam.get(&list).await.column("name"), ["x"]);
    }
}

#[actix_web::test]
async fn all_that_is_wrong_with_a_disease_is_said_at_once() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let nowhere = "0".repeat(24);
    let body = json!({"name": "x".repeat(201), "related_speciality": nowhere});
    sam.post("/api/diseases/", body).await.is(400).says(&json!({
        "name": ["Ensure this field has no more than 200 characters."],
        "related_speciality": [format!("Invalid pk \"{nowhere}\" - object does not exist.")],
    }));
    let blank = json!({"name": " ", "related_speciality": {}});
    sam.post("/api/diseases/", blank).await.is(400).says(&json!({
        "name": ["This field may not be blank."],
        "related_speciality": ["Incorrect type. Expected pk value, received dict."],
    }));
    let null = json!({"name": null, "related_speciality": null});
    let answer = sam.post("/api/diseases/", null).await.is(400);
    answer.says(&json!({"name": ["This field may not be null."]}));
}

#[actix_web::test]
async fn names_are_found_by_their_parts_in_any_case() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for name in ["Ibuprofen", "Amoxicillin", "Ibandronate"] {
        made(&sam, "/api/medicines/", json!({ "name": name })).await;
    }
    let names = async |query: &str| sam.get(&format!("/api/medicines/{query}")).await.is(200);
    assert_eq!(names("").await.column("name"), ["Amoxicillin", "Ibandronate", "Ibuprofen"]);
    assert_eq!(names("?name=IB").await.column("name"), ["Ibandronate", "Ibuprofen"]);
    assert_eq!(names("?search=pro+ib").await.column("name"), ["Ibuprofen"]);
    assert_eq!(names("?ordering=-name&page_size=1").await.column("name"), ["Ibuprofen"]);
    sam.get("/api/medicines/?nmae=x").await.is(400);
}

#[actix_web::test]
async fn diseases_are_found_by_their_speciality_and_outlive_it() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let lungs = made(&sam, "/api/specialities/", json!({"name": "Pulmonology"})).await;
    let asthma = json!({"name": "Asthma", "related_speciality": lungs});
    let asthma = made(&sam, "/api/diseases/", asthma).await;
    made(&sam, "/api/diseases/", json!({"name": "Gout"})).await;
    for query in [format!("speciality={lungs}"), format!("related_speciality={lungs}")] {
        let found = sam.get(&format!("/api/diseases/?{query}")).await.is(200);
        assert_eq!(found.column("name"), ["Asthma"], "{query}");
    }
    let without = sam.get("/api/diseases/?speciality__isnull=true").await.is(200);
    assert_eq!(without.column("name"), ["Gout"]);
    sam.delete(&format!("/api/specialities/{lungs}/")).await.is(204);
    let left = sam.get(&format!("/api/diseases/{asthma}/")).await.is(200);
    assert_eq!(left.body["related_speciality"], json!(null));
}

#[actix_web::test]
async fn what_is_named_and_deleted_at_once_is_one_of_both() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let dora = app.provider("dora", "doctor", &sam).await;
    app.bind("ada", "dora").await;
    for _ in 0..20 {
        let new = async |list: &str, field: &str| {
            let body = json!({ field: format!("x{}", app.ctx.ids.record()) });
            sam.post(list, body).await.is(201).text_at("/id")
        };
        let medicine = new("/api/medicines/", "name").await;
        let dose = json!({"medicine": medicine, "dose": "1", "frequency": "daily", "days": 1});
        let body = json!({"patient": "ada", "subject": "x", "medicines": [dose]});
        let path = format!("/api/medicines/{medicine}/");
        let (made, gone) = join(dora.post("/api/treatments/", body), sam.delete(&path)).await;
        assert!(
            matches!((made.status, gone.status), (201, 409) | (400, 204)),
            "{} {}",
            made.text,
            gone.text
        );
        let insurance = new("/api/insurances/", "orgname").await;
        let body = json!({ "insurance": insurance });
        let path = format!("/api/insurances/{insurance}/");
        let (set, gone) = join(ada.patch("/api/patients/ada/", body), sam.delete(&path)).await;
        assert!(
            matches!((set.status, gone.status), (200 | 400, 204)),
            "{} {}",
            set.text,
            gone.text
        );
        assert_eq!(ada.get("/api/patients/ada/").await.body["insurance"], json!(null));
    }
}
