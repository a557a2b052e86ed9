//! Single records: conditional requests, verbs, repeats.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{App, Client};

async fn acme(staff: &Client) -> String {
    let answer = staff.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    format!("/api/insurances/{}/", answer.text_at("/id"))
}

#[actix_web::test]
async fn a_record_is_made_read_changed_and_deleted() {
    let app = App::start().await;
    let (sam, ada) = (app.staff("sam").await, app.patient("ada").await);
    let made = sam.post("/api/insurances", json!({"orgname": " Acme "})).await.is(201);
    assert_eq!(made.body["orgname"], "Acme");
    let id = made.text_at("/id");
    assert_eq!(id.len(), 24);
    let path = format!("/api/insurances/{id}/");
    assert_eq!(made.header("location"), format!("http://clinic.example{path}"));
    ada.get(path.trim_end_matches('/')).await.is(200).says(&json!({"id": id, "orgname": "Acme"}));
    ada.patch(&path, json!({})).await.is(403);
    ada.delete(&path).await.is(403);
    ada.post("/api/insurances/", json!({})).await.is(403);
    sam.put(&path, json!({})).await.is(400).says(&json!({"orgname": ["This field is required."]}));
    sam.put(&path, json!({"orgname": "Best"})).await.is(200);
    sam.patch(&path, json!({})).await.is(200).says(&json!({"id": id, "orgname": "Best"}));
    let gone = sam.delete(&path).await.is(204);
    assert_eq!(gone.text, "");
    sam.get(&path).await.details(404, "No Insurance matches the given query.");
    for odd in ["/api/insurances/x/", "/api/insurances/%00/", "/api/insurances/%FF/"] {
        sam.get(odd).await.details(404, "No Insurance matches the given query.");
    }
}

#[actix_web::test]
async fn what_must_be_unique_is_said_to_be_taken() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    acme(&sam).await;
    let taken = json!({"orgname": ["insurance with this orgname already exists."]});
    sam.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(400).says(&taken);
    let other = sam.post("/api/insurances/", json!({"orgname": "Best"})).await.is(201);
    let path = format!("/api/insurances/{}/", other.text_at("/id"));
    sam.patch(&path, json!({"orgname": "Acme"})).await.is(400).says(&taken);
    sam.patch(&path, json!({"orgname": "Best"})).await.is(200);
}

#[actix_web::test]
async fn a_tag_makes_requests_conditional() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let path = acme(&sam).await;
    let tag = sam.get(&path).await.header("etag");
    let same = sam.with("if-none-match", &tag).get(&path).await.is(304);
    assert_eq!((same.text.as_str(), same.header("etag")), ("", tag.clone()));
    let holder = sam.with("if-match", &tag);
    let changed = holder.patch(&path, json!({"orgname": "Best"})).await.is(200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(sam.get(&path).await.header("etag"), changed.header("etag"));
    sam.with("if-none-match", &tag).get(&path).await.is(200);
    holder.patch(&path, json!({"orgname": "Worst"})).await.is(412);
    holder.delete(&path).await.is(412);
    sam.with("if-match", "*").patch(&path, json!({"orgname": "Third"})).await.is(200);
    let tag = sam.get(&path).await.header("etag");
    sam.with("if-match", &tag).delete(&path).await.is(204);
}

#[actix_web::test]
async fn every_answer_says_what_is_allowed() {
    let app = App::start().await;
    let (sam, ada) = (app.staff("sam").await, app.patient("ada").await);
    let path = acme(&sam).await;
    for client in [&sam, &ada, &app.anonymous()] {
        let list = client.get("/api/insurances/").await;
        assert_eq!(list.header("allow"), "GET, POST, HEAD, OPTIONS");
        let one = client.get(&path).await;
        assert_eq!(one.header("allow"), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
        assert_eq!(one.header("vary"), "Accept");
    }
    let answer = sam.put("/api/insurances/", json!({})).await;
    answer.details(405, "Method \"PUT\" not allowed.");
    app.anonymous().put("/api/insurances/", json!({})).await.is(401);
    sam.send(Method::HEAD, &path, None).await.is(200);
    sam.send(Method::TRACE, &path, None).await.is(405);
}

#[actix_web::test]
async fn options_tells_what_this_caller_may_do() {
    let app = App::start().await;
    let (sam, ada) = (app.staff("sam").await, app.patient("ada").await);
    let path = acme(&sam).await;
    let fields = json!({
        "id": {"type": "string", "required": false, "read_only": true, "label": "Id"},
        "orgname": {"type": "string", "required": true, "read_only": false, "label": "Orgname",
            "max_length": 200},
    });
    let list = sam.send(Method::OPTIONS, "/api/insurances/", None).await.is(200);
    assert_eq!(list.body["name"], "Insurance List");
    assert_eq!(list.body["renders"], json!(["application/json"]));
    assert_eq!(list.body["actions"], json!({ "POST": fields }));
    let one = sam.send(Method::OPTIONS, &path, None).await.is(200);
    assert_eq!(one.body["name"], "Insurance Instance");
    assert_eq!(one.body["actions"], json!({ "PUT": fields }));
    for path in ["/api/insurances/", &path] {
        let seen = ada.send(Method::OPTIONS, path, None).await.is(200);
        assert!(seen.body.get("actions").is_none());
    }
    app.anonymous().send(Method::OPTIONS, "/api/insurances/", None).await.is(401);
    let users = app.anonymous().send(Method::OPTIONS, "/api/users/", None).await.is(200);
    assert_eq!(users.body["actions"]["POST"]["email"]["type"], "email");
}

#[actix_web::test]
async fn a_post_with_a_key_is_done_once() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let keyed = sam.with("idempotency-key", "k1");
    let first = keyed.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    let again = keyed.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    assert_eq!((first.text, first.headers.get("location").cloned()), {
        let location = again.headers.get("location").cloned();
        (again.text, location)
    });
    assert_eq!(sam.get("/api/insurances/").await.body["count"], 1);
    keyed.post("/api/insurances/", json!({"orgname": "Best"})).await.is(422);
    let other = app.log_in("sam-root").await.with("idempotency-key", "k1");
    other.post("/api/insurances/", json!({"orgname": "Best"})).await.is(201);
}

#[actix_web::test]
async fn forms_count_like_json() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let urlencoded = "application/x-www-form-urlencoded";
    let made = sam.raw(Method::POST, "/api/insurances/", urlencoded, "orgname=A%26B+x").await;
    assert_eq!(made.is(201).body["orgname"], "A&B x");
    let multipart = "--b\r\ncontent-disposition: form-data; name=\"orgname\"\r\n\r\nC\r\n--b--\r\n";
    let kind = "multipart/form-data; boundary=b";
    sam.raw(Method::POST, "/api/insurances/", kind, multipart).await.is(201);
    let room = "name=x&members=sam-root&members=sam";
    let made = sam.raw(Method::POST, "/api/rooms/", urlencoded, room).await.is(201);
    assert_eq!(made.body["members"], json!(["sam", "sam-root"]));
}

#[actix_web::test]
async fn a_condition_that_cannot_be_read_is_not_taken_for_none() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let unreadable = ada.with("if-match", b"\"\xff\"");
    unreadable.patch("/api/patients/ada/", json!({"weight": 1})).await.is(412);
    unreadable.delete("/api/users/ada/").await.is(412);
    ada.with("if-none-match", b"\xff").get("/api/patients/ada/").await.is(200);
    let key = ada.with("idempotency-key", b"\xff");
    key.post("/api/rooms/", json!({"name": "x"})).await.is(400);
}
