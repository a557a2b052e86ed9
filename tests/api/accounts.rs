//! Signing up and logging in.

use serde_json::json;

use crate::support::{App, app::PASSWORD};

#[tokio::test]
async fn whoever_signs_up_can_log_in() {
    let app = App::start().await;
    let body = json!({"username": "ada", "password": PASSWORD, "userType": "patient"});
    let made = app.anonymous().post("/api/users/", body).await;
    assert_eq!(made.created()["username"], "ada");
    let pair = app
        .anonymous()
        .post("/api/token/", json!({"username": "ada", "password": PASSWORD}))
        .await
        .ok();
    assert_eq!(pair["type"], "patient");
    assert_eq!(pair["user"]["username"], "ada");
    assert!(pair["token"].is_string() && pair["refresh"].is_string());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = App::start().await;
    app.patient("ada").await;
    for username in ["ada", "nobody"] {
        let body = json!({"username": username, "password": "wrong"});
        assert_eq!(
            app.anonymous().post("/api/token/", body).await.bad_request(),
            json!({"non_field_errors": ["Unable to log in with provided credentials."]})
        );
    }
}

#[tokio::test]
async fn a_username_is_taken_once() {
    let app = App::start().await;
    app.patient("ada").await;
    let body = json!({"username": "ada", "password": PASSWORD, "userType": "patient"});
    assert_eq!(
        app.anonymous().post("/api/users/", body).await.bad_request(),
        json!({"username": ["A user with that username already exists."]})
    );
}
