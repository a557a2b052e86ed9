//! What is refused, and in which words.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{App, settings};

#[actix_web::test]
async fn broken_bodies_are_refused_in_the_words_of_drf() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for body in ["{", "nope", " "] {
        let answer = sam.raw(Method::POST, "/api/insurances/", "application/json", body).await;
        assert!(answer.is(400).text_at("/detail").starts_with("JSON parse error - "));
    }
    for (body, kind) in [(json!([]), "list"), (json!("x"), "str"), (json!(1), "int")] {
        let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
        let answer = sam.post("/api/insurances/", body).await.is(400);
        answer.says(&json!({ "non_field_errors": [message] }));
    }
    let answer = sam.raw(Method::POST, "/api/insurances/", "text/plain", "x").await;
    answer.details(415, "Unsupported media type \"text/plain\" in request.");
    sam.raw(Method::POST, "/api/insurances/", "text/plain", "").await.is(400);
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused() {
    let mut small = settings();
    small.api.body_bytes = 2_000;
    let app = App::with(small).await;
    let sam = app.staff("sam").await;
    let large = json!({"orgname": "x".repeat(3_000)});
    sam.post("/api/insurances/", large).await.is(413);
}

#[actix_web::test]
async fn nothing_is_answered_in_plain_text() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for path in ["/", "/api/nothing/", "/api/users/ada/nothing/", "/nothing", "/api/%FF%00/"] {
        ada.get(path).await.details(404, "Not found.");
    }
    let long = format!("/api/users/?search={}", "x".repeat(10_000));
    ada.get(&long).await.is(414);
    for query in ["%", "%FF", "a=%zz", "&&&=", "search=%00", "ordering=%00"] {
        let status = ada.get(&format!("/api/users/?{query}")).await.status;
        assert!(status == 400 || status == 200, "{query}: {status}");
    }
}

#[actix_web::test]
async fn texts_that_are_odd_are_refused_or_kept_as_they_are() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let said = |message: &str| json!({ "orgname": [message] });
    for (value, message) in [
        (json!(null), "This field may not be null."),
        (json!("  "), "This field may not be blank."),
        (json!(true), "Not a valid string."),
        (json!("a\0b"), "Null characters are not allowed."),
        (json!("x".repeat(201)), "Ensure this field has no more than 200 characters."),
    ] {
        let answer = sam.post("/api/insurances/", json!({ "orgname": value })).await.is(400);
        answer.says(&said(message));
    }
    for text in ["'; DROP TABLE users; --", "{\"$gt\": \"\"}", "💊 \u{202e}x", "a%b_c\\"] {
        let answer = sam.post("/api/insurances/", json!({ "orgname": text })).await.is(201);
        assert_eq!(answer.body["orgname"], text);
    }
    assert_eq!(sam.get("/api/insurances/?name=%25b_").await.column("orgname"), ["a%b_c\\"]);
}

#[actix_web::test]
async fn odd_references_lead_nowhere() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for odd in ["a\0b", "\u{10ffff}", "' or 1=1", "$ne"] {
        let room = json!({"name": "x", "members": [odd]});
        let message = format!("Object with username={odd} does not exist.");
        ada.post("/api/rooms/", room).await.is(400).says(&json!({ "members": [message] }));
        let message = format!("Invalid pk \"{odd}\" - object does not exist.");
        let answer = ada.patch("/api/patients/ada/", json!({ "insurance": odd })).await.is(400);
        answer.says(&json!({ "insurance": [message] }));
    }
    let operator = json!({"username": {"$gt": ""}, "password": {"$gt": ""}});
    app.anonymous().post("/api/token/", operator).await.is(400).says(&json!({
        "username": ["Not a valid string."], "password": ["Not a valid string."],
    }));
}
