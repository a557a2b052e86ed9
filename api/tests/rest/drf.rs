//! What clients of Django REST framework rely on, down to the wording and the order of messages;
//! the answers were compared with those of a real one.

use actix_web::http::Method;
use serde_json::json;

use crate::support::App;

const FORM: &str = "application/x-www-form-urlencoded";

#[actix_web::test]
async fn what_is_no_json_is_refused_in_the_words_of_python() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for (body, said) in [
        (
            "{\"orgname\":\"a\",}",
            "Expecting property name enclosed in double quotes: line 1 column 16 (char 15)",
        ),
        ("{\"orgname\":}", "Expecting value: line 1 column 12 (char 11)"),
        ("{\"orgname\":NaN}", "Out of range float values are not JSON compliant: 'NaN'"),
        ("{} x", "Extra data: line 1 column 4 (char 3)"),
    ] {
        let answer = sam.raw(Method::POST, "/api/insurances/", "application/json", body).await;
        answer.details(400, &format!("JSON parse error - {said}"));
    }
}

#[actix_web::test]
async fn faults_come_in_the_order_of_the_fields() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let account = json!({"username": "ada", "password": "x", "userType": "y", "email": "z"});
    let answer = app.anonymous().post("/api/users/", account).await.is(400);
    let fields: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["username", "password", "email", "userType"]);
    let body = json!({"height": "y", "insurance": "z", "nationalId": [], "weight": "x"});
    let answer = ada.patch("/api/patients/ada/", body).await.is(400);
    let fields: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["nationalId", "insurance", "weight", "height"]);
}

#[actix_web::test]
async fn messages_about_one_text_come_in_the_order_of_drf() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let long = format!("{}\0", "x".repeat(200));
    let said = json!({"orgname": [
        "Ensure this field has no more than 200 characters.", "Null characters are not allowed.",
    ]});
    sam.post("/api/insurances/", json!({ "orgname": long })).await.is(400).says(&said);
    let account = json!({"username": "!".repeat(151), "password": "correct horse",
        "userType": "patient"});
    let answer = app.anonymous().post("/api/users/", account).await.is(400);
    answer.says(&json!({"username": [
        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ \
         characters.",
        "Ensure this field has no more than 150 characters.",
    ]}));
}

#[actix_web::test]
async fn odd_values_are_named_as_python_writes_them() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for (odd, said) in
        [(json!(true), "True"), (json!([1, "a"]), "[1, 'a']"), (json!({"a": null}), "{'a': None}")]
    {
        let body = json!({"user": odd, "title": "t", "text": "x", "category": odd});
        sam.post("/api/notifications/", body).await.is(400).says(&json!({
            "user": [format!("Object with username={said} does not exist.")],
            "category": [format!("\"{said}\" is not a valid choice.")],
        }));
    }
}

#[actix_web::test]
async fn numbers_are_read_in_the_digits_of_the_country() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let answer = ada.patch("/api/patients/ada/", json!({"weight": "۷۰.۵"})).await.is(200);
    assert_eq!(answer.body["weight"], 70.5);
    ada.get("/api/patients/?page=%DB%B1&page_size=%D9%A5").await.is(200);
}

#[actix_web::test]
async fn a_page_that_is_far_too_large_is_cut() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for number in 0..30 {
        sam.post("/api/insurances/", json!({"orgname": format!("i{number}")})).await.is(201);
    }
    let answer = sam.get("/api/insurances/?page_size=99999999999999999999").await.is(200);
    assert_eq!(answer.column("orgname").len(), 30);
}

#[actix_web::test]
async fn a_filter_is_trimmed_and_a_blank_one_asks_for_nothing() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for name in ["Acme", "Best"] {
        sam.post("/api/insurances/", json!({ "orgname": name })).await.is(201);
    }
    assert_eq!(sam.get("/api/insurances/?name=%20acm").await.column("orgname"), ["Acme"]);
    assert_eq!(sam.get("/api/insurances/?name=%20").await.body["count"], 2);
}

#[actix_web::test]
async fn parts_of_a_form_end_at_lines_that_are_their_boundary() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let body = "preamble\r\n--x\r\nContent-Disposition: form-data; name=\"orgname\"\r\n\r\n\
         A --x B\r\n--x--\r\nepilogue";
    let kind = "multipart/form-data; boundary=x";
    let made = sam.raw(Method::POST, "/api/insurances/", kind, body).await.is(201);
    assert_eq!(made.body["orgname"], "A --x B");
    for (kind, said) in [("multipart/form-data", "None"), ("multipart/form-data; boundary=", "")] {
        let answer = sam.raw(Method::POST, "/api/insurances/", kind, body).await;
        let said = format!("Multipart form parse error - Invalid boundary in multipart: {said}");
        answer.details(400, &said);
    }
}

#[actix_web::test]
async fn options_labels_fields_as_django_does_and_requires_none_that_is_read_only() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let patient = ada.send(Method::OPTIONS, "/api/patients/ada/", None).await.is(200);
    assert_eq!(patient.text_at("/actions/PUT/nationalId/label"), "NationalId");
    let user = ada.send(Method::OPTIONS, "/api/users/ada/", None).await.is(200);
    let username = &user.body["actions"]["PUT"]["username"];
    assert_eq!((&username["read_only"], &username["required"]), (&json!(true), &json!(false)));
    let list = app.anonymous().send(Method::OPTIONS, "/api/users/", None).await.is(200);
    assert_eq!(list.text_at("/actions/POST/userType/label"), "Usertype");
}

#[actix_web::test]
async fn booleans_are_words_in_any_case_and_nothing_around_them() {
    let app = App::start().await;
    let (sam, _) = (app.staff("sam").await, app.patient("ada").await);
    for (word, status) in [("tRUE", 200), ("oFF", 200), ("0.0", 400), ("%20on", 400), ("", 200)] {
        let body = format!("is_active={word}");
        let answer = sam.raw(Method::PATCH, "/api/users/ada/", FORM, &body).await;
        assert_eq!(answer.status, status, "{word}: {}", answer.text);
    }
}

#[actix_web::test]
async fn a_record_that_one_has_already_is_not_overwritten() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let made = sam.post("/api/insurances/", json!({"orgname": "Acme"})).await.is(201);
    let path = format!("/api/insurances/{}/", made.text_at("/id"));
    let tag = made.header("etag");
    for known in ["*", &tag, &format!("W/{tag}")] {
        let client = sam.with("if-none-match", known);
        client.put(&path, json!({"orgname": "Best"})).await.is(412);
        client.patch(&path, json!({"orgname": "Best"})).await.is(412);
        client.delete(&path).await.is(412);
        client.get(&path).await.is(304);
    }
    sam.with("if-none-match", "\"9-a\"").patch(&path, json!({"orgname": "Best"})).await.is(200);
    sam.with("if-match", &tag).get(&path).await.is(412);
    sam.with("if-match", "*").get(&path).await.is(200);
}

#[actix_web::test]
async fn what_is_not_there_varies_by_what_the_client_takes() {
    let app = App::start().await;
    assert_eq!(app.anonymous().get("/nothing/").await.is(404).header("vary"), "Accept");
}
