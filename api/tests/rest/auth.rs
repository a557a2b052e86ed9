//! Logging in, staying in, getting thrown out.

use actix_web::http::Method;
use futures_util::future::join;
use ihs_api::{authenticate, redeem_ticket};
use ihs_store::{Change, Filter, Write};
use serde_json::json;

use crate::{
    meddler::Mischief,
    support::{Answer, App, PASSWORD, account},
};

#[actix_web::test]
async fn a_login_hands_out_tokens_the_user_and_the_profile() {
    let app = App::start().await;
    app.patient("ada").await;
    for path in ["/api/token/", "/api/token", "/api-token-auth/", "/api-token-auth"] {
        let body = json!({"username": "ada", "password": PASSWORD});
        let answer = app.anonymous().post(path, body).await.is(200);
        assert_eq!(answer.body["type"], "patient");
        assert_eq!(answer.body["expires_in"], 3600);
        assert_eq!(answer.body["user"]["username"], "ada");
        assert_eq!(answer.body["detail"]["user"], "ada");
        assert!(answer.body["user"].get("password").is_none());
        assert!(!answer.text.contains("argon2"));
    }
    let form = format!("username=ada&password={}", PASSWORD.replace(' ', "+"));
    let urlencoded = "application/x-www-form-urlencoded";
    app.anonymous().raw(Method::POST, "/api/token/", urlencoded, &form).await.is(200);
}

#[actix_web::test]
async fn the_staff_have_no_profile() {
    let app = App::start().await;
    app.staff("sam").await;
    let body = json!({"username": "sam", "password": PASSWORD});
    let answer = app.anonymous().post("/api/token/", body).await.is(200);
    assert_eq!((&answer.body["type"], &answer.body["detail"]), (&json!("staff"), &json!(null)));
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = App::start().await;
    app.patient("ada").await;
    let wrong = json!({"non_field_errors": ["Unable to log in with provided credentials."]});
    for (name, password) in [("ada", "wrong horse"), ("nobody", PASSWORD), ("ada", "")] {
        let body = json!({"username": name, "password": password});
        let answer = app.anonymous().post("/api/token/", body).await.is(400);
        if password.is_empty() {
            answer.says(&json!({"password": ["This field may not be blank."]}));
        } else {
            answer.says(&wrong);
        }
    }
    let missing = json!({
        "username": ["This field is required."], "password": ["This field is required."],
    });
    app.anonymous().post("/api/token/", json!({})).await.is(400).says(&missing);
}

#[actix_web::test]
async fn nobody_learns_whether_an_account_is_there_inactive_deleted_or_has_no_password() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    for name in ["ada", "bob", "cy", "dan"] {
        app.patient(name).await;
    }
    sam.patch("/api/users/ada/", json!({"is_active": false})).await.is(200);
    sam.delete("/api/users/bob/").await.is(204);
    for (name, hash) in [("cy", ""), ("dan", "!unusable")] {
        let write = Write::Update {
            collection: "users",
            filter: Filter::eq("username", name),
            change: Change::set("password_hash", hash),
        };
        app.ctx.store.commit(vec![write]).await.unwrap();
    }
    let wrong = json!({"non_field_errors": ["Unable to log in with provided credentials."]});
    for name in ["ada", "bob", "cy", "dan", "nobody"] {
        for password in [PASSWORD, "wrong horse", "nobody"] {
            let body = json!({"username": name, "password": password});
            app.anonymous().post("/api/token/", body).await.is(400).says(&wrong);
        }
    }
}

#[actix_web::test]
async fn the_keyword_counts_in_any_case_and_other_schemes_do_not_count() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let token = ada.token.clone().unwrap();
    for keyword in ["Bearer", "Token", "bearer", "TOKEN"] {
        let header = format!("{keyword} {token}");
        app.anonymous().with("authorization", &header).get("/api/users/").await.is(200);
    }
    for (header, detail) in [
        ("Basic YTpi", "Authentication credentials were not provided."),
        ("Bearer", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
        ("Token nonsense", "Invalid token."),
    ] {
        let answer = app.anonymous().with("authorization", header).get("/api/users/").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
        answer.details(401, detail);
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_on_public_paths_but_not_where_it_is_not_looked_at() {
    let app = App::start().await;
    app.patient("ada").await;
    let bad = app.anonymous().with("authorization", "Bearer nonsense");
    for path in ["/api/", "/api", "/readyz", "/readyz/"] {
        app.anonymous().get(path).await.is(200);
        bad.get(path).await.challenges("Invalid token.");
        bad.send(Method::OPTIONS, path, None).await.challenges("Invalid token.");
    }
    bad.post("/api/users/", account("bob", "patient")).await.challenges("Invalid token.");
    bad.get("/healthz").await.is(200);
    let body = json!({"username": "ada", "password": PASSWORD});
    for path in ["/api/token/", "/api-token-auth/"] {
        bad.post(path, body.clone()).await.is(200);
    }
    let answer = bad.post("/api/token/refresh/", json!({"refresh": "a.b.c"})).await;
    answer.challenges("Token is invalid or expired");
}

#[actix_web::test]
async fn every_401_says_how_to_come_in() {
    let app = App::start().await;
    let missing = "Authentication credentials were not provided.";
    let mut paths: Vec<String> =
        ihs_api::resources().map(|resource| format!("/api/{}/", resource.name())).collect();
    paths.extend(["/ws/", "/ws/chat/x/", "/ws/notifications/"].map(str::to_owned));
    paths.extend(["/api/notifications/events/?ticket=x", "/ws/?ticket=x"].map(str::to_owned));
    for path in paths {
        let detail = if path.contains('?') { "Invalid token." } else { missing };
        let accepting = app.anonymous().with("accept", "*/*");
        accepting.get(&path).await.challenges(detail);
        let bad = accepting.with("authorization", "Token nonsense");
        bad.get(&path).await.challenges("Invalid token.");
    }
    for path in ["/api/token/revoke/", "/api/ws-ticket/"] {
        app.anonymous().post(path, json!({})).await.challenges(missing);
    }
    let problem = app.anonymous().with("accept", "application/problem+json");
    let answer = problem.get("/api/users/").await.is(401);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
}

async fn refresh(app: &App, token: &str) -> Answer {
    app.anonymous().post("/api/token/refresh/", json!({ "refresh": token })).await
}

#[actix_web::test]
async fn a_refresh_token_is_spent_once_and_its_copy_ends_the_session() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let second = refresh(&app, &ada.refresh).await.is(200);
    let mut newer = ada.clone();
    newer.token = Some(second.text_at("/token"));
    newer.get("/api/users/").await.is(200);
    refresh(&app, &ada.refresh).await.details(401, "Token is invalid or expired");
    newer.get("/api/users/").await.details(401, "Invalid token.");
    let third = second.text_at("/refresh");
    refresh(&app, &third).await.details(401, "Token is invalid or expired");
    refresh(&app, "a.b.c").await.details(401, "Token is invalid or expired");
    refresh(&app, "").await.is(400).says(&json!({"refresh": ["This field may not be blank."]}));
}

#[actix_web::test]
async fn a_refresh_that_failed_can_be_tried_again() {
    let app = App::start().await;
    app.patient("ada").await;
    let body = json!({"username": "ada", "password": PASSWORD});
    let pair = app.anonymous().post("/api/token/", body).await.is(200);
    let token = pair.text_at("/refresh");
    for mischief in [Mischief::Refuse("audit_heads"), Mischief::Refuse("sessions")] {
        app.meddler.plan(mischief);
        refresh(&app, &token).await.is(503);
        assert!(app.meddler.is_done());
    }
    let mut next = token;
    for mischief in [Mischief::Forget("sessions"), Mischief::Lose("sessions")] {
        app.meddler.plan(mischief);
        next = refresh(&app, &next).await.is(200).text_at("/refresh");
        assert!(app.meddler.is_done());
    }
    refresh(&app, &next).await.is(200);
}

#[actix_web::test]
async fn of_two_who_spend_the_same_refresh_token_one_wins() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let (one, other) = join(refresh(&app, &ada.refresh), refresh(&app, &ada.refresh)).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[actix_web::test]
async fn revoking_ends_one_session_or_all() {
    let app = App::start().await;
    let phone = app.patient("ada").await;
    let (laptop, desk) = (app.log_in("ada").await, app.log_in("ada").await);
    phone.post("/api/token/revoke/", json!({})).await.is(204);
    phone.get("/api/users/").await.details(401, "Invalid token.");
    refresh(&app, &phone.refresh).await.is(401);
    laptop.post("/api/token/revoke/", json!({"all": true})).await.is(204);
    desk.get("/api/users/").await.details(401, "Invalid token.");
    app.anonymous().post("/api/token/revoke/", json!({})).await.is(401);
}

#[actix_web::test]
async fn a_ticket_opens_one_socket() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let answer = ada.post("/api/ws-ticket/", json!({})).await.is(200);
    assert_eq!(answer.body["expires_in"], 30);
    let ticket = answer.text_at("/ticket");
    assert_eq!(redeem_ticket(&app.ctx, &ticket).await.unwrap().username, "ada");
    assert!(redeem_ticket(&app.ctx, &ticket).await.is_err());
    assert!(redeem_ticket(&app.ctx, "nonsense").await.is_err());
    app.anonymous().post("/api/ws-ticket/", json!({})).await.is(401);
}

#[actix_web::test]
async fn sockets_check_the_same_tokens() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let token = ada.token.clone().unwrap();
    assert_eq!(authenticate(&app.ctx, &token).await.unwrap().username, "ada");
    ada.post("/api/token/revoke/", json!({})).await.is(204);
    assert!(authenticate(&app.ctx, &token).await.is_err());
}

#[actix_web::test]
async fn a_deactivated_user_is_out_at_once() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    sam.patch("/api/users/ada/", json!({"is_active": false})).await.is(200);
    ada.get("/api/users/").await.details(401, "User inactive or deleted.");
    refresh(&app, &ada.refresh).await.is(401);
    let body = json!({"username": "ada", "password": PASSWORD});
    app.anonymous().post("/api/token/", body).await.is(400);
}

#[actix_web::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = App::start().await;
    let (ada, thief) = (app.patient("ada").await, app.log_in("ada").await);
    ada.patch("/api/users/ada/", json!({"password": "battery staple"})).await.is(200);
    ada.get("/api/users/").await.is(200);
    thief.get("/api/users/").await.details(401, "Invalid token.");
    let old = json!({"username": "ada", "password": PASSWORD});
    app.anonymous().post("/api/token/", old).await.is(400);
    let new = json!({"username": "ada", "password": "battery staple"});
    app.anonymous().post("/api/token/", new).await.is(200);
}
