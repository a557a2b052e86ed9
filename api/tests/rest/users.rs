//! Signing up, and what becomes of accounts.

use std::sync::Arc;

use ihs_api::{Ctx, create_superuser, sweep};
use ihs_store::{Change, Clock, Filter, Query, Timestamp, Write};
use serde_json::json;

use crate::{
    meddler::Mischief,
    support::{App, PASSWORD, account, settings},
};

#[actix_web::test]
async fn signing_up_makes_user_and_profile_and_shows_no_secret() {
    let app = App::start().await;
    let mut body = account("ada", "doctor");
    body["first_name"] = json!(" Ada ");
    body["last_name"] = json!("Lovelace");
    let answer = app.anonymous().post("/api/users/", body).await.is(201);
    assert_eq!(answer.header("location"), "http://clinic.example/api/users/ada/");
    answer.says(&json!({
        "username": "ada", "full_name": "Ada Lovelace", "is_active": true,
        "email": "a@example.org", "owner": "ada", "first_name": "Ada", "last_name": "Lovelace",
        "type": "doctor",
    }));
    let ada = app.log_in("ada").await;
    let profile = ada.get("/api/doctors/ada/").await.is(200);
    assert_eq!(profile.body["userfullname"], "Ada Lovelace");
    assert_eq!(profile.body["verified"], false);
    ada.get("/api/patients/ada/").await.is(403);
}

#[actix_web::test]
async fn all_that_is_wrong_with_a_sign_up_is_said_at_once() {
    let app = App::start().await;
    app.patient("ada").await;
    let answer = app.anonymous().post("/api/users/", json!({})).await;
    let required = json!(["This field is required."]);
    answer.is(400).says(&json!({
        "username": required, "password": required, "userType": required,
    }));
    let body = json!({"username": "ada", "password": "x", "userType": "king", "email": "nope"});
    app.anonymous().post("/api/users/", body).await.is(400).says(&json!({
        "username": ["A user with that username already exists."],
        "password": ["Ensure this field has at least 8 characters."],
        "email": ["Enter a valid email address."],
        "userType": ["\"king\" is not a valid choice."],
    }));
    let body = account("a b!", "patient");
    app.anonymous().post("/api/users/", body).await.is(400).says(&json!({"username": [
        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ \
         characters."
    ]}));
    let mut long = account("bob", "patient");
    long["password"] = json!("x".repeat(5_000));
    app.anonymous().post("/api/users/", long).await.is(400);
}

#[actix_web::test]
async fn only_a_superuser_makes_staff() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let refused = json!({"userType": ["\"staff\" is not a valid choice."]});
    for client in [app.anonymous(), sam.clone(), app.patient("ada").await] {
        client.post("/api/users/", account("eve", "staff")).await.is(400).says(&refused);
    }
}

#[actix_web::test]
async fn usernames_are_of_any_script_and_one_unicode_form() {
    let app = App::start().await;
    app.patient("علی").await.get("/api/users/%D8%B9%D9%84%DB%8C/").await.is(200);
    app.patient("a+b@c.d").await.get("/api/users/a%2Bb@c.d/").await.is(200);
    app.patient("fi").await;
    app.anonymous().post("/api/users/", account("ﬁ", "patient")).await.is(400);
}

#[actix_web::test]
async fn nobody_gets_a_name_that_looks_like_another() {
    let app = App::start().await;
    app.patient("ada").await;
    app.patient("Ian").await;
    let taken = json!({"username": ["A user with that username already exists."]});
    for alike in ["Ada", "ADA", "\u{430}da", "ａｄａ", "ada\u{3164}", "lan", "ian"] {
        app.anonymous().post("/api/users/", account(alike, "patient")).await.is(400).says(&taken);
        let error = create_superuser(&app.ctx, alike, "", PASSWORD).await.unwrap_err();
        assert!(error.to_string().contains("already exists"), "{error}");
    }
    let mut faulty = account("Ada", "patient");
    faulty["email"] = json!("nope");
    app.anonymous().post("/api/users/", faulty).await.is(400).says(&json!({
        "email": ["Enter a valid email address."],
        "username": ["A user with that username already exists."],
    }));
    let exact = json!({"username": "Ada", "password": PASSWORD});
    app.anonymous().post("/api/token/", exact).await.is(400);
    app.log_in("ada").await.get("/api/users/ada/").await.is(200);
    app.patient("adam").await;
}

#[actix_web::test]
async fn of_many_who_want_names_that_look_alike_one_gets_it() {
    let app = App::start().await;
    let names = ["ada", "Ada", "aDa", "\u{430}da", "ADA", "ａｄａ"];
    let bodies = names.map(|name| account(name, "patient"));
    let client = app.anonymous();
    let tries = bodies.map(|body| client.post("/api/users/", body));
    let statuses: Vec<u16> =
        futures_util::future::join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 5, "{statuses:?}");
}

#[actix_web::test]
async fn records_that_are_made_without_a_request_keep_their_looks_too() {
    let app = App::start().await;
    let values = json!({"username": "ada", "type": "patient", "is_active": true});
    let id = app.ctx.ids.record();
    let values = values.as_object().unwrap().clone();
    let write = ihs_api::seed::record(&app.ctx, "users", &id, "ada", values).unwrap();
    app.ctx.store.commit(vec![write]).await.unwrap();
    app.anonymous().post("/api/users/", account("Ada", "patient")).await.is(400);
}

/// As earlier versions have stored them.
#[actix_web::test]
async fn users_without_keys_of_their_names_are_users_all_the_same() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let query = Query::new("users", Filter::eq("username", "ada"), 1);
    let mut document = app.ctx.store.find(query).await.unwrap().remove(0);
    for field in ["_folded", "_skeleton", "epoch"] {
        document.remove(field).unwrap();
    }
    let filter = Filter::eq("username", "ada");
    let delete = Write::Delete { collection: "users", filter };
    let insert = Write::Insert { collection: "users", document };
    app.ctx.store.commit(vec![delete, insert]).await.unwrap();
    ada.patch("/api/users/ada/", json!({"first_name": "Ada"})).await.is(200);
    let other = app.log_in("ada").await;
    other.patch("/api/users/ada/", json!({"password": "battery staple"})).await.is(200);
    other.get("/api/users/").await.is(200);
    ada.get("/api/users/").await.details(401, "Invalid token.");
    app.anonymous().post("/api/users/", account("ada", "patient")).await.is(400);
}

#[actix_web::test]
async fn passwords_that_everybody_guesses_are_refused_where_that_is_asked_for() {
    let mut settings = settings();
    settings.auth.refuse_weak_passwords = true;
    let app = App::with(settings).await;
    let cases = [
        ("password1", "This password is too common."),
        ("84739201844", "This password is entirely numeric."),
        ("countess.ada", "The password is too similar to the username."),
        ("a@example.org", "The password is too similar to the email address."),
    ];
    for (password, fault) in cases {
        let mut body = account("countess-ada", "patient");
        body["password"] = json!(password);
        let answer = app.anonymous().post("/api/users/", body).await.is(400);
        answer.says(&json!({ "password": [fault] }));
    }
    let ada = app.patient("countess-ada").await;
    for (password, fault) in cases {
        let answer = ada.patch("/api/users/countess-ada/", json!({ "password": password })).await;
        answer.is(400).says(&json!({ "password": [fault] }));
    }
    let refused = create_superuser(&app.ctx, "root", "", "password1").await.unwrap_err();
    assert_eq!(refused.to_string(), "password: This password is too common.");
}

#[actix_web::test]
async fn what_is_not_for_oneself_to_set_is_403_and_what_nobody_sets_is_ignored() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let refused = "You do not have permission to perform this action.";
    ada.patch("/api/users/ada/", json!({"is_active": false})).await.details(403, refused);
    let body = json!({
        "is_superuser": true, "username": "eve", "owner": "eve", "userType": "staff",
        "type": "staff", "_owner": "eve", "_version": 9, "first_name": "Ada",
    });
    let answer = ada.patch("/api/users/ada/", body).await.is(200);
    assert_eq!(answer.body["type"], "patient");
    assert_eq!(answer.body["username"], "ada");
    assert_eq!(ada.get("/api/patients/ada/").await.is(200).body["userfullname"], "Ada");
}

#[actix_web::test]
async fn one_sees_oneself_and_staff_see_all() {
    let app = App::start().await;
    let (ada, _bob) = (app.patient("ada").await, app.patient("bob").await);
    let sam = app.staff("sam").await;
    assert_eq!(ada.get("/api/users/").await.is(200).column("username"), ["ada"]);
    ada.get("/api/users/bob/").await.details(404, "No User matches the given query.");
    ada.patch("/api/users/bob/", json!({})).await.is(404);
    ada.delete("/api/users/bob/").await.is(404);
    let all = sam.get("/api/users/").await.is(200).column("username");
    assert_eq!(all, ["ada", "bob", "sam", "sam-root"]);
    let found = sam.get("/api/users/?search=bo&type=patient&ordering=-username").await.is(200);
    assert_eq!(found.column("username"), ["bob"]);
}

#[actix_web::test]
async fn staff_cannot_take_over_a_superuser() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let body = json!({"password": "battery staple"});
    sam.patch("/api/users/sam-root/", body.clone()).await.is(403);
    sam.delete("/api/users/sam-root/").await.is(403);
    app.log_in("sam-root").await.patch("/api/users/sam/", body).await.is(200);
}

#[actix_web::test]
async fn a_deleted_user_is_gone_but_the_name_stays_taken() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    ada.delete("/api/users/ada/").await.is(204);
    ada.get("/api/users/").await.details(401, "User inactive or deleted.");
    sam.get("/api/users/ada/").await.is(404);
    sam.get("/api/patients/ada/").await.is(404);
    assert!(!sam.get("/api/users/").await.text.contains("ada"));
    app.anonymous()
        .post("/api/users/", account("ada", "patient"))
        .await
        .is(400)
        .says(&json!({"username": ["A user with that username already exists."]}));
    let body = json!({"username": "ada", "password": PASSWORD});
    app.anonymous().post("/api/token/", body).await.is(400);
    let room = json!({"name": "x", "members": ["ada"]});
    sam.post("/api/rooms/", room).await.is(400);
}

#[actix_web::test]
async fn the_command_line_keeps_the_same_rules() {
    let app = App::start().await;
    let refused = create_superuser(&app.ctx, "a b", "nope", "x").await.unwrap_err().to_string();
    for field in ["username: ", "email: ", "password: "] {
        assert!(refused.contains(field), "{refused}");
    }
    app.superuser("root").await.get("/api/users/root/").await.is(200);
    let again = create_superuser(&app.ctx, "root", "", PASSWORD).await.unwrap_err();
    assert!(again.to_string().contains("already exists"));
}

/// A clock that is an hour ahead.
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        ihs_store::SystemClock.now().plus_millis(3_600_000)
    }
}

/// The same node an hour later.
fn later(ctx: &Ctx) -> Ctx {
    let mut ctx = ctx.clone();
    ctx.clock = Arc::new(Later);
    ctx
}

async fn members(app: &App, room: &str) -> serde_json::Value {
    let room = app.ctx.store.get("rooms", room).await.unwrap().unwrap();
    room["members"].clone()
}

#[actix_web::test]
async fn a_user_who_could_not_be_deleted_is_still_in_their_rooms() {
    let app = App::start().await;
    let (ada, _bob) = (app.patient("ada").await, app.patient("bob").await);
    let body = json!({"name": "ward", "members": ["bob"]});
    let room = ada.post("/api/rooms/", body).await.is(201).text_at("/id");
    app.meddler.plan(Mischief::Refuse("users"));
    ada.delete("/api/users/ada/").await.is(503);
    assert_eq!(members(&app, &room).await, json!(["ada", "bob"]));
    ada.get(&format!("/api/rooms/{room}/")).await.is(200);
    ada.delete("/api/users/ada/").await.is(204);
    assert_eq!(members(&app, &room).await, json!(["bob"]));
}

#[actix_web::test]
async fn a_departure_that_was_interrupted_is_finished_later() {
    let app = App::start().await;
    let (ada, _bob) = (app.patient("ada").await, app.patient("bob").await);
    let mut rooms = Vec::new();
    for name in ["ward", "lab"] {
        let body = json!({"name": name, "members": ["bob"]});
        rooms.push(ada.post("/api/rooms/", body).await.is(201).text_at("/id"));
    }
    app.meddler.plan(Mischief::Refuse("rooms"));
    ada.delete("/api/users/ada/").await.is(204);
    assert_eq!(members(&app, &rooms[0]).await, json!(["ada", "bob"]));
    assert_eq!(members(&app, &rooms[1]).await, json!(["bob"]));
    sweep(&app.ctx).await.unwrap();
    assert_eq!(members(&app, &rooms[0]).await, json!(["ada", "bob"]));
    sweep(&later(&app.ctx)).await.unwrap();
    assert_eq!(members(&app, &rooms[0]).await, json!(["bob"]));
}

/// A request that had looked her up before adds her after.
#[actix_web::test]
async fn who_is_added_to_a_room_while_they_are_deleted_is_out_of_it_later() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = bob.post("/api/rooms/", json!({"name": "ward"})).await.is(201).text_at("/id");
    ada.delete("/api/users/ada/").await.is(204);
    let late = Write::Update {
        collection: "rooms",
        filter: Filter::id(room.clone()),
        change: Change::default().and_include("members", "ada"),
    };
    app.ctx.store.commit(vec![late]).await.unwrap();
    sweep(&later(&app.ctx)).await.unwrap();
    assert_eq!(members(&app, &room).await, json!(["bob"]));
    let marked = Filter::Present("_leaving");
    assert_eq!(app.ctx.store.count("users", marked).await.unwrap(), 0);
}
