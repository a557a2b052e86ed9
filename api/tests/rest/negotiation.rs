//! Which answers clients take, and the endpoints that belong to nothing else.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn problem_documents_are_given_to_whoever_asks() {
    let app = App::start().await;
    let ada = app.patient("ada").await.with("accept", "application/problem+json");
    let answer = ada.get("/api/users/bob/").await.is(404);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.says(&json!({
        "type": "urn:ihs:problem:not-found", "title": "Not Found", "status": 404,
        "detail": "No User matches the given query.",
    }));
    let invalid = ada.post("/api/messages/", json!({})).await.is(400);
    assert_eq!(invalid.body["errors"]["text"], json!(["This field is required."]));
    let unknown = ada.get("/api/nothing/").await.is(404);
    assert_eq!(unknown.body["type"], "urn:ihs:problem:not-found");
}

#[actix_web::test]
async fn who_takes_no_json_gets_406_before_anything_else() {
    let app = App::start().await;
    let client = app.anonymous().with("accept", "text/html");
    let said = "Could not satisfy the request Accept header.";
    client.put("/api/insurances/", json!({})).await.details(406, said);
    let browser = app.patient("ada").await.with("accept", "text/html,*/*;q=0.8");
    browser.get("/api/users/").await.is(200);
}

#[actix_web::test]
async fn the_root_lists_the_resources() {
    let app = App::start().await;
    let answer = app.anonymous().get("/api").await.is(200);
    assert_eq!(answer.body["users"], "http://clinic.example/api/users/");
    let names: Vec<&str> = ihs_api::resources().map(ihs_api::Resource::name).collect();
    let listed: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(listed, names);
}

#[actix_web::test]
async fn a_node_that_is_being_stopped_is_not_ready() {
    let app = App::start().await;
    app.anonymous().get("/healthz").await.is(200).says(&json!({"status": "ok"}));
    app.anonymous().get("/readyz").await.is(200);
    app.ctx.drain();
    let answer = app.anonymous().get("/readyz").await.is(503);
    assert!(!answer.header("retry-after").is_empty());
    app.anonymous().get("/healthz").await.is(200);
}

#[actix_web::test]
async fn a_store_that_is_away_is_a_retryable_error() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    app.ctx.store.close().await;
    for answer in [ada.get("/api/users/").await, app.anonymous().get("/readyz").await] {
        let answer = answer.is(503);
        assert!(!answer.header("retry-after").is_empty());
        assert!(answer.text_at("/detail").contains("temporarily unavailable"));
    }
}
