//! What many do at once.

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, join_all, select};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    meddler::{Mischief, Pause},
    support::{App, account},
};

/// Longest wait for what nobody answers for.
const PATIENCE: Duration = Duration::from_secs(20);

#[actix_web::test]
async fn of_many_who_want_one_username_exactly_one_gets_it() {
    let app = App::start().await;
    let tries = (0..12).map(|_| async {
        app.anonymous().post("/api/users/", account("ada", "patient")).await.status
    });
    let statuses = join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 11, "{statuses:?}");
}

#[actix_web::test]
async fn changes_of_different_fields_at_once_all_count() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let parts = [
        json!({"weight": 61}),
        json!({"height": 170}),
        json!({"phone_number": "1"}),
        json!({"nationalId": "2"}),
        json!({"diseaseHistory": "3"}),
        json!({"avatar": "4"}),
    ];
    let tries = parts.iter().map(|part| ada.patch("/api/patients/ada/", part.clone()));
    for answer in join_all(tries).await {
        answer.is(200);
    }
    let now = ada.get("/api/patients/ada/").await.body;
    for part in parts {
        for (field, value) in part.as_object().unwrap() {
            let same = now[field] == *value || now[field].as_f64() == value.as_f64();
            assert!(same, "{field}: {now}");
        }
    }
}

#[actix_web::test]
async fn of_many_who_hold_one_tag_exactly_one_changes_the_record() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let tag = ada.get("/api/patients/ada/").await.header("etag");
    let holder = ada.with("if-match", &tag);
    let tries =
        (0..8).map(|weight| holder.patch("/api/patients/ada/", json!({ "weight": weight + 1 })));
    let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
}

#[actix_web::test]
async fn both_of_a_pair_who_ask_at_once_get_one_room() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let tries = (0..8).map(|number| {
        let (client, other) = if number % 2 == 0 { (&ada, "bob") } else { (&bob, "ada") };
        client.post("/api/rooms/", json!({"kind": "direct", "members": [other]}))
    });
    let answers = join_all(tries).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let ids: std::collections::BTreeSet<String> =
        answers.iter().map(|answer| answer.text_at("/id")).collect();
    assert_eq!((made, ids.len()), (1, 1));
}

#[actix_web::test]
async fn repeats_at_once_are_done_once() {
    let app = App::start().await;
    let sam = app.staff("sam").await.with("idempotency-key", "k");
    let tries = (0..8).map(|_| sam.post("/api/rooms/", json!({"name": "x"})));
    let ids: std::collections::BTreeSet<String> =
        join_all(tries).await.into_iter().map(|answer| answer.is(201).text_at("/id")).collect();
    assert_eq!(ids.len(), 1);
    let unique = sam.with("idempotency-key", "other");
    let tries = (0..8).map(|_| unique.post("/api/insurances/", json!({"orgname": "x"})));
    for answer in join_all(tries).await {
        answer.is(201);
    }
}

/// The second asks for the first answer before there is one, and meets what the first has made.
#[actix_web::test]
async fn a_repeat_that_meets_what_the_first_has_made_gets_the_first_answer() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    app.patient("bob").await;
    let cases = [
        ("/api/users/", account("ada", "patient")),
        ("/api/insurances/", json!({"orgname": "x"})),
        ("/api/rooms/", json!({"kind": "direct", "members": ["bob"]})),
        ("/api/rooms/", json!({"name": "ward", "members": ["bob"]})),
    ];
    for (number, (path, body)) in cases.into_iter().enumerate() {
        let client = sam.with("idempotency-key", format!("k{number}"));
        let first = client.post(path, body.clone()).await.is(201);
        app.meddler.plan(Mischief::Early("idempotency"));
        let again = client.post(path, body).await.is(201);
        assert!(app.meddler.is_done());
        assert_eq!(again.text, first.text, "{path}");
    }
}

#[actix_web::test]
async fn a_repeat_that_has_become_faulty_meanwhile_gets_the_first_answer() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let ada = ada.with("idempotency-key", "k");
    let body = json!({"name": "ward", "members": ["bob"]});
    let first = ada.post("/api/rooms/", body.clone()).await.is(201);
    bob.delete("/api/users/bob/").await.is(204);
    app.meddler.plan(Mischief::Early("idempotency"));
    assert_eq!(ada.post("/api/rooms/", body).await.is(201).text, first.text);
}

#[actix_web::test]
async fn all_who_leave_at_once_are_out_and_each_is_in_the_log() {
    let app = App::start().await;
    let names = ["ada", "bob", "cy", "dan", "eve"];
    let mut clients = Vec::new();
    for name in names {
        clients.push(app.patient(name).await);
    }
    let body = json!({"name": "ward", "members": names});
    let id = clients[0].post("/api/rooms/", body).await.is(201).text_at("/id");
    let path = format!("/api/rooms/{id}/leave/");
    for answer in join_all(clients[1..].iter().map(|one| one.post(&path, json!({})))).await {
        answer.is(204);
    }
    let room = clients[0].get(&format!("/api/rooms/{id}/")).await;
    assert_eq!(room.body["members"], json!(["ada"]));
    let log = clients[0].get(&format!("/api/rooms/{id}/messages/?after=0")).await;
    assert_eq!(log.body["results"].as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_change_is_made_to_its_end_when_its_client_goes_away() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let pause = Arc::new(Pause::default());
    app.meddler.plan(Mischief::Hold("patients", Arc::clone(&pause)));
    let change = Box::pin(ada.patch("/api/patients/ada/", json!({"weight": 61})));
    let gone = Box::pin(pause.meanwhile(async {}));
    match select(change, gone).await {
        Either::Left(_) => panic!("it was not held"),
        Either::Right(((), change)) => drop(change),
    }
    let made = async {
        while ada.get("/api/patients/ada/").await.is(200).body["weight"] != 61.0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, made).await.expect("it is made");
    let log = ada.get("/api/patients/ada/access-log/?action=update").await.is(200);
    assert_eq!(log.body["count"], 1);
}
