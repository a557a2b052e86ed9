//! What begins while everything that was begun before is ended.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use ihs_api::redeem_ticket;
use ihs_store::{Change, Filter, Write};
use serde_json::json;

use crate::{
    meddler::{Mischief, Pause},
    support::{Answer, App, Client, PASSWORD},
};

async fn log_in(app: &App) -> Answer {
    let body = json!({"username": "ada", "password": PASSWORD});
    app.anonymous().post("/api/token/", body).await
}

async fn refresh(app: &App, token: &str) -> Answer {
    app.anonymous().post("/api/token/refresh/", json!({ "refresh": token })).await
}

/// Holds the next change of sessions until something else is done.
async fn amid<T>(app: &App, held: impl Future<Output = T>, act: impl Future<Output = ()>) -> T {
    let pause = Arc::new(Pause::default());
    app.meddler.plan(Mischief::Hold("sessions", Arc::clone(&pause)));
    join(held, pause.meanwhile(act)).await.0
}

async fn is_out(app: &App, login: &Answer) {
    let mut client = app.anonymous();
    client.token = Some(login.text_at("/token"));
    client.get("/api/users/").await.details(401, "Invalid token.");
    client.post("/api/ws-ticket/", json!({})).await.details(401, "Invalid token.");
    refresh(app, &login.text_at("/refresh")).await.details(401, "Token is invalid or expired");
}

async fn set_active(staff: &Client, active: bool) {
    staff.patch("/api/users/ada/", json!({ "is_active": active })).await.is(200);
}

#[actix_web::test]
async fn a_login_with_the_old_password_does_not_outlive_the_new_one() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let change = async {
        ada.patch("/api/users/ada/", json!({"password": "battery staple"})).await.is(200);
    };
    let late = amid(&app, log_in(&app), change).await;
    is_out(&app, &late.is(200)).await;
    ada.get("/api/users/").await.is(200);
    let on = refresh(&app, &ada.refresh).await.is(200);
    refresh(&app, &on.text_at("/refresh")).await.is(200);
}

#[actix_web::test]
async fn a_session_that_goes_on_is_good_amid_the_change_of_its_password() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let epoch = |collection, filter, epoch: i64| {
        let change = Change::set("epoch", epoch);
        Write::UpdateEvery { collection, filter, change }
    };
    let change = |read, now| {
        let user = epoch("users", Filter::eq("username", "ada"), now);
        Mischief::BeforeGet(read, vec![user, epoch("sessions", Filter::everything(), now)])
    };
    app.meddler.plan(change("sessions", 7));
    ada.get("/api/users/").await.is(200);
    assert!(app.meddler.is_done());
    app.meddler.plan(change("users", 8));
    refresh(&app, &ada.refresh).await.is(200);
    assert!(app.meddler.is_done());
}

#[actix_web::test]
async fn a_login_amid_a_deactivation_stays_out_for_good() {
    let app = App::start().await;
    app.patient("ada").await;
    let sam = app.staff("sam").await;
    let deactivation = async {
        set_active(&sam, false).await;
        set_active(&sam, true).await;
    };
    let late = amid(&app, log_in(&app), deactivation).await;
    is_out(&app, &late.is(200)).await;
    log_in(&app).await.is(200);
}

#[actix_web::test]
async fn a_refresh_amid_a_deactivation_gives_nothing() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let late = amid(&app, refresh(&app, &ada.refresh), set_active(&sam, false)).await;
    late.details(401, "Token is invalid or expired");
    ada.get("/api/users/").await.details(401, "User inactive or deleted.");
    set_active(&sam, true).await;
    ada.get("/api/users/").await.details(401, "Invalid token.");
}

#[actix_web::test]
async fn a_refresh_amid_a_new_password_set_by_staff_gives_nothing() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let change = async {
        sam.patch("/api/users/ada/", json!({"password": "battery staple"})).await.is(200);
    };
    let late = amid(&app, refresh(&app, &ada.refresh), change).await;
    late.details(401, "Token is invalid or expired");
    ada.get("/api/users/").await.details(401, "Invalid token.");
}

#[actix_web::test]
async fn a_ticket_opens_one_socket_however_many_come_with_it_at_once() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let ticket = ada.post("/api/ws-ticket/", json!({})).await.is(200).text_at("/ticket");
    let opened = join_all((0..16).map(|_| redeem_ticket(&app.ctx, &ticket))).await;
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);
}

#[actix_web::test]
async fn a_ticket_ends_with_its_session() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let tickets = join_all((0..2).map(|_| ada.post("/api/ws-ticket/", json!({})))).await;
    let [first, second] = [0, 1].map(|number| tickets[number].text_at("/ticket"));
    set_active(&sam, false).await;
    let refused = redeem_ticket(&app.ctx, &first).await.unwrap_err().to_string();
    assert_eq!(refused, "User inactive or deleted.");
    set_active(&sam, true).await;
    let refused = redeem_ticket(&app.ctx, &second).await.unwrap_err().to_string();
    assert_eq!(refused, "Invalid token.");
}
