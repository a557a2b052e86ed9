//! Followers, and that whoever is followed hears of it.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    meddler::Mischief,
    support::{App, Client},
};

async fn inbox(client: &Client) -> Vec<String> {
    client.get("/api/notifications/?category=follow").await.is(200).column("text")
}

#[actix_web::test]
async fn one_follows_for_oneself_and_the_other_hears_of_it_though_they_are_away() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    ada.patch("/api/users/ada/", json!({"first_name": "Ada"})).await.is(200);
    let answer = ada.post("/api/followers/", json!({"followee": "bob"})).await.is(201);
    let id = answer.text_at("/id");
    answer.says(&json!({
        "id": id, "follower": "ada", "followee": "bob",
        "follower_detail": {"username": "ada", "full_name": "Ada", "type": "patient"},
        "followee_detail": {"username": "bob", "full_name": "", "type": "doctor"},
    }));
    assert_eq!(inbox(&bob).await, ["Ada follows you."]);
    assert_eq!(inbox(&ada).await, Vec::<String>::new());
    let told = bob.get("/api/notifications/").await;
    assert_eq!(told.body["results"][0]["viewed"], false);
    assert_eq!(told.body["results"][0]["title"], "New follower");
}

#[actix_web::test]
async fn one_follows_once_and_not_oneself_and_for_nobody_else() {
    let app = App::start().await;
    let (ada, bob, sam) =
        (app.patient("ada").await, app.patient("bob").await, app.staff("sam").await);
    ada.post("/api/followers/", json!({"followee": "bob"})).await.is(201);
    let again = ada.post("/api/followers/", json!({"followee": "bob"})).await.is(400);
    again.says(&json!({
        "non_field_errors": ["The fields follower, followee must make a unique set."],
    }));
    for client in [&bob, &sam] {
        let body = json!({"follower": "ada", "followee": "sam"});
        client.post("/api/followers/", body).await.is(403);
    }
    ada.post("/api/followers/", json!({"followee": "ada"})).await.is(400);
    ada.post("/api/followers/", json!({"followee": "eve"})).await.is(400).says(&json!({
        "followee": ["Object with username=eve does not exist."],
    }));
    ada.post("/api/followers/", json!({})).await.is(400).says(&json!({
        "followee": ["This field is required."],
    }));
    assert_eq!(inbox(&bob).await.len(), 1);
    assert_eq!(inbox(&sam).await.len(), 0);
}

#[actix_web::test]
async fn of_many_times_at_once_one_counts_and_is_told_of() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let tries = (0..6).map(|_| ada.post("/api/followers/", json!({"followee": "bob"})));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|one| one.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|one| one.status == 400).count(), 5);
    assert_eq!(inbox(&bob).await.len(), 1);
}

#[actix_web::test]
async fn nobody_is_told_of_what_was_not_stored() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    app.meddler.plan(Mischief::Refuse("followers"));
    ada.post("/api/followers/", json!({"followee": "bob"})).await.is(503);
    assert_eq!(inbox(&bob).await.len(), 0);
    app.meddler.plan(Mischief::Refuse("notifications"));
    ada.post("/api/followers/", json!({"followee": "bob"})).await.is(503);
    assert_eq!(ada.get("/api/followers/").await.body["count"], 0);
    let keyed = ada.with("idempotency-key", "k");
    for _ in 0..2 {
        keyed.post("/api/followers/", json!({"followee": "bob"})).await.is(201);
    }
    assert_eq!(inbox(&bob).await.len(), 1);
}

#[actix_web::test]
async fn the_follower_alone_ends_it_and_nobody_turns_it_to_another() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let sam = app.staff("sam").await;
    let made = ada.post("/api/followers/", json!({"followee": "bob"})).await.is(201);
    let path = format!("/api/followers/{}/", made.text_at("/id"));
    bob.delete(&path).await.is(403);
    sam.delete(&path).await.is(403);
    let body = json!({"followee": "sam", "follower": "bob"});
    assert_eq!(ada.patch(&path, body).await.is(200).body["followee"], "bob");
    assert_eq!(sam.get("/api/followers/?followee=bob").await.body["count"], 1);
    assert_eq!(sam.get("/api/followers/?follower=bob").await.body["count"], 0);
    ada.delete(&path).await.is(204);
    assert_eq!(sam.get("/api/followers/").await.body["count"], 0);
}

#[actix_web::test]
async fn of_who_was_deleted_nothing_but_the_name_is_shown() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    ada.post("/api/followers/", json!({"followee": "bob"})).await.is(201);
    bob.delete("/api/users/bob/").await.is(204);
    let row = ada.get("/api/followers/").await.is(200).body["results"][0].clone();
    assert_eq!((&row["followee"], &row["followee_detail"]), (&json!("bob"), &json!(null)));
    assert_eq!(row["follower_detail"]["username"], "ada");
}
