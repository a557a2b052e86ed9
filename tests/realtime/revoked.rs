//! Sockets end with the login that opened them.

use serde_json::json;

use crate::support::{App, app::PASSWORD, user::User};

#[tokio::test]
async fn a_revoked_login_ends_its_own_sockets() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let other_login = app.log_in("ada").await;
    let mut here = ada.socket("/ws/").await;
    let mut there = other_login.socket("/ws/").await;
    ada.post("/api/token/revoke/", json!({})).await;
    assert_eq!(here.closed().await, 4401);
    there.send(json!({"type": "ping", "ref": 1})).await;
    there.next_of("pong").await;
    other_login.post("/api/token/revoke/", json!({"all": true})).await;
    assert_eq!(there.closed().await, 4401);
}

#[tokio::test]
async fn a_new_password_ends_the_sockets_of_other_logins() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let other_login = app.log_in("ada").await;
    let mut here = ada.socket("/ws/").await;
    let mut there = other_login.socket("/ws/").await;
    ada.patch("/api/users/ada/", json!({"password": "another long password"})).await.ok();
    assert_eq!(there.closed().await, 4401);
    here.send(json!({"type": "ping", "ref": 1})).await;
    here.next_of("pong").await;
}

#[tokio::test]
async fn a_deactivated_user_has_no_sockets_any_more_and_opens_none() {
    let mut app = App::start().await;
    let root = app.superuser("root").await;
    let ada = app.patient("ada").await;
    let other_login = app.log_in("ada").await;
    let mut here = ada.socket("/ws/").await;
    let mut there = other_login.socket("/ws/").await;
    root.patch("/api/users/ada/", json!({"is_active": false})).await.ok();
    assert_eq!((here.closed().await, there.closed().await), (4401, 4401));
    assert_eq!(ada.try_socket("/ws/").await.err(), Some(401));
    root.patch("/api/users/ada/", json!({"is_active": true})).await.ok();
    assert_eq!(ada.try_socket("/ws/").await.err(), Some(401));
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_the_sockets_of_its_login() {
    let app = App::start().await;
    app.patient("ada").await;
    let body = json!({"username": "ada", "password": PASSWORD});
    let pair = app.anonymous().post("/api/token/", body).await.ok();
    let ada = User::with_token(&app, "ada", pair["token"].as_str().unwrap());
    let mut socket = ada.socket("/ws/").await;
    let refresh = json!({"refresh": pair["refresh"]});
    app.anonymous().post("/api/token/refresh/", refresh.clone()).await.ok();
    app.anonymous().post("/api/token/refresh/", refresh).await.with_status(401);
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn a_token_that_ends_takes_its_socket_with_it() {
    let app = App::with(&[("IHS_AUTH__ACCESS_SECONDS", "2")]).await;
    let ada = app.patient("ada").await;
    assert_eq!(ada.socket("/ws/").await.closed().await, 4401);
}

#[tokio::test]
async fn a_node_that_stops_sends_its_sockets_elsewhere() {
    let mut app = App::start().await;
    let ada = app.patient("ada").await;
    let mut socket = ada.socket("/ws/").await;
    app.restart();
    assert_eq!(socket.closed().await, 1012);
}
