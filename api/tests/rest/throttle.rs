//! Logins that fail too often: who has to wait, and who must not.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, App, Client, PASSWORD, settings};

const HOME: &str = "192.0.2.1";
const EVE: &str = "198.51.100.1";

async fn log_in(client: &Client, name: &str, password: &str) -> Answer {
    client.post("/api/token/", json!({"username": name, "password": password})).await
}

/// Three wrong passwords are let pass for each account, six for each address.
async fn strict() -> App {
    let mut settings = settings();
    settings.auth.login_failures = 3;
    settings.auth.login_failures_per_address = 6;
    settings.auth.login_window_seconds = 300;
    App::with(settings).await
}

#[track_caller]
fn is_throttled(answer: &Answer) {
    assert_eq!(answer.status, 429, "{}", answer.text);
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=100).contains(&seconds), "{seconds}");
    let said = format!("Request was throttled. Expected available in {seconds} seconds.");
    assert_eq!(answer.body, json!({ "detail": said }));
}

#[actix_web::test]
async fn who_guesses_waits_whether_there_is_such_a_user_or_not() {
    let app = strict().await;
    app.patient("ada").await;
    for (name, address) in [("ada", "198.51.100.1"), ("nobody", "198.51.100.2")] {
        let eve = app.anonymous().at(address);
        for _ in 0..3 {
            log_in(&eve, name, "wrong horse").await.is(400);
        }
        is_throttled(&log_in(&eve, name, "wrong horse").await);
        is_throttled(&log_in(&eve, name, PASSWORD).await);
        let alias = json!({"username": name, "password": PASSWORD});
        is_throttled(&eve.post("/api-token-auth/", alias).await);
    }
}

#[actix_web::test]
async fn an_account_is_open_to_its_owner_while_somebody_else_guesses() {
    let app = strict().await;
    app.patient("ada").await;
    let eve = app.anonymous().at(EVE);
    for _ in 0..8 {
        log_in(&eve, "ada", "wrong horse").await;
    }
    is_throttled(&log_in(&eve, "ada", "wrong horse").await);
    for address in [HOME, "2001:db8::1"] {
        log_in(&app.anonymous().at(address), "ada", PASSWORD).await.is(200);
    }
    log_in(&app.anonymous().at(HOME), "ada", "wrong horse").await.is(400);
}

#[actix_web::test]
async fn who_logged_in_at_an_address_before_may_do_so_while_others_guess_there() {
    let app = strict().await;
    app.patient("ada").await;
    app.patient("bob").await;
    let here = app.anonymous().at(HOME);
    log_in(&here, "ada", PASSWORD).await.is(200);
    for number in 0..6 {
        log_in(&here, &format!("guess{number}"), "wrong horse").await.is(400);
    }
    is_throttled(&log_in(&here, "bob", PASSWORD).await);
    is_throttled(&log_in(&here, "ada", "wrong horse").await);
    log_in(&here, "ada", PASSWORD).await.is(200);
}

#[actix_web::test]
async fn those_who_know_their_password_are_never_too_many() {
    let app = strict().await;
    app.patient("ada").await;
    let here = app.anonymous().at(HOME);
    for answer in join_all((0..40).map(|_| log_in(&here, "ada", PASSWORD))).await {
        answer.is(200);
    }
}

#[actix_web::test]
async fn of_many_guesses_at_once_no_more_are_looked_at_than_of_those_in_turn() {
    let app = strict().await;
    app.patient("ada").await;
    let eve = app.anonymous().at(EVE);
    let mut guesses = vec!["wrong horse"; 30];
    guesses.push(PASSWORD);
    let answers = join_all(guesses.iter().map(|guess| log_in(&eve, "ada", guess))).await;
    let looked_at = answers.iter().filter(|answer| answer.status != 429).count();
    assert!(looked_at <= 4, "{looked_at}");
    is_throttled(&log_in(&eve, "ada", PASSWORD).await);
}

#[actix_web::test]
async fn a_name_is_the_same_account_however_it_is_written() {
    let app = strict().await;
    app.patient("fi").await;
    let eve = app.anonymous().at(EVE);
    for name in ["fi", "ﬁ", "ｆｉ"] {
        log_in(&eve, name, "wrong horse").await.is(400);
    }
    is_throttled(&log_in(&eve, "fi", PASSWORD).await);
}

#[actix_web::test]
async fn what_a_client_says_of_its_address_counts_only_behind_a_proxy() {
    let proxied = |client: &Client, address: &str| client.with("x-forwarded-for", address);
    let app = strict().await;
    let eve = app.anonymous().at(EVE);
    for number in 0..3 {
        let eve = proxied(&eve, &format!("203.0.113.{number}"));
        log_in(&eve, "ada", "wrong horse").await.is(400);
    }
    is_throttled(&log_in(&proxied(&eve, "203.0.113.9"), "ada", "wrong horse").await);

    let mut behind = settings();
    behind.auth.login_failures = 3;
    behind.server.behind_proxy = true;
    let app = App::with(behind).await;
    let proxy = app.anonymous().at("10.0.0.1");
    for number in 0..3 {
        let eve = proxied(&proxy, &format!("203.0.113.{number}, {EVE}"));
        log_in(&eve, "ada", "wrong horse").await.is(400);
    }
    is_throttled(&log_in(&proxied(&proxy, EVE), "ada", "wrong horse").await);
    log_in(&proxied(&proxy, HOME), "ada", "wrong horse").await.is(400);
}

#[actix_web::test]
async fn the_limits_can_be_switched_off() {
    let mut settings = settings();
    settings.auth.login_failures = 0;
    settings.auth.login_failures_per_address = 0;
    let app = App::with(settings).await;
    for _ in 0..30 {
        log_in(&app.anonymous(), "ada", "wrong horse").await.is(400);
    }
}
