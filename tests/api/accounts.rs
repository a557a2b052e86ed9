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
async fn a_username_is_taken_once_however_it_is_written() {
    let app = App::start().await;
    app.patient("ada").await;
    for username in ["ada", "Ada", "\u{430}da", "ａｄａ"] {
        let body = json!({"username": username, "password": PASSWORD, "userType": "patient"});
        assert_eq!(
            app.anonymous().post("/api/users/", body).await.bad_request(),
            json!({"username": ["A user with that username already exists."]})
        );
    }
}

#[tokio::test]
async fn who_guesses_passwords_has_to_wait() {
    let app = App::with(&[("IHS_AUTH__LOGIN_FAILURES", "2")]).await;
    app.patient("ada").await;
    let log_in = |password: &str| {
        let body = json!({"username": "ada", "password": password});
        let anonymous = app.anonymous();
        async move { anonymous.post("/api/token/", body).await }
    };
    for _ in 0..2 {
        log_in("wrong").await.bad_request();
    }
    let throttled = log_in(PASSWORD).await;
    assert_eq!(throttled.status, 429);
    let detail = throttled.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("Request was throttled. Expected available in "), "{detail}");
}

#[tokio::test]
async fn a_new_key_logs_nobody_out() {
    let (old, new) = ("s9fQm2Lx0vTzK4dWb7RyHc3GnE8uJaPo", "8uJaPos9fQm2Lx0vTzK4dWb7RyHc3GnE");
    let mut app = App::with(&[("IHS_AUTH__KEY", old), ("IHS_SERVER__PROFILE", "production")]).await;
    let ada = app.patient("ada").await;
    app.set(&[("IHS_AUTH__KEY", new), ("IHS_AUTH__OLD_KEYS", old)]);
    app.restart();
    ada.get("/api/users/ada/").await.ok();
    let newer = app.log_in("ada").await;
    app.set(&[("IHS_AUTH__OLD_KEYS", "")]);
    app.restart();
    newer.get("/api/users/ada/").await.ok();
    ada.get("/api/users/ada/").await.with_status(401);
}
