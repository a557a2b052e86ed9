//! The audit log: what goes into it, who reads it, and that nothing is lost.

use actix_web::http::Method;
use futures_util::future::join_all;
use ihs_api::audit::verify;
use ihs_store::{Change, Filter, Query, Write};
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{Answer, App, Client},
};

/// The rows of a list, newest first.
async fn rows(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.is(200).body["results"].as_array().cloned().unwrap()
}

/// What the log has on a patient, newest first: who, what, and which record.
async fn told(client: &Client, filters: &str) -> Vec<String> {
    let rows = rows(client, &format!("/api/audit/?{filters}")).await;
    let part = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let line = |row: &Value| {
        ["user", "action", "resource", "record", "patient"].map(|name| part(row, name)).join(" ")
    };
    rows.iter().map(line).collect()
}

async fn entries(app: &App) -> u64 {
    app.ctx.settle().await;
    verify(&*app.ctx.store, None, |_, _| ()).await.unwrap().entries
}

/// Has one treat the other.
pub(crate) async fn bind(app: &App, patient: &str, provider: &str) {
    let write = Write::Update {
        collection: "patients",
        filter: Filter::eq("user", patient),
        change: Change::default().and_include("_treated_by", provider),
    };
    app.ctx.store.commit(vec![write]).await.unwrap();
}

#[actix_web::test]
async fn whoever_sees_a_record_is_recorded() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    sam.get("/api/patients/ada/").await.is(200);
    let found = rows(&sam, "/api/audit/?patient=ada&user=sam").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["action"], "read");
    assert_eq!(found[0]["role"], "staff");
    assert_eq!(found[0]["resource"], "patients");
    assert_eq!(found[0]["record"], "ada");
    assert_eq!(found[0]["break_glass"], false);
    assert_eq!(found[0]["reason"], Value::Null);
    let path = format!("/api/audit/{}/", found[0]["id"].as_str().unwrap());
    assert_eq!(sam.get(&path).await.is(200).body, found[0]);
    ada.get("/api/patients/ada/").await.is(200);
    let newest = told(&sam, "patient=ada").await.remove(0);
    assert_eq!(newest, "ada read patients ada ada");
}

#[actix_web::test]
async fn a_page_is_one_entry_for_each_patient_on_it() {
    let app = App::start().await;
    for name in ["ada", "bob", "cid"] {
        app.patient(name).await;
    }
    let sam = app.staff("sam").await;
    sam.get("/api/patients/?page_size=2").await.is(200);
    let read = "user=sam&action=read";
    let mut seen = told(&sam, read).await;
    seen.sort();
    assert_eq!(seen, ["sam read patients ada ada", "sam read patients bob bob"]);
    sam.get("/api/patients/?ordering=-user&page_size=1").await.is(200);
    assert_eq!(told(&sam, read).await.len(), 3);
    assert_eq!(told(&sam, "user=sam&action=read&patient=cid").await.len(), 1);
    sam.get("/api/patients/?search=nobody").await.is(200);
    assert_eq!(told(&sam, read).await.len(), 3);
}

#[actix_web::test]
async fn head_and_not_modified_are_reads_and_nothing_seen_is_none() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let etag = sam.get("/api/patients/ada/").await.is(200).header("etag");
    sam.with("if-none-match", &etag).get("/api/patients/ada/").await.is(304);
    sam.send(Method::HEAD, "/api/patients/ada/", None).await.is(200);
    sam.send(Method::HEAD, "/api/patients/", None).await.is(200);
    assert_eq!(told(&sam, "user=sam&action=read").await.len(), 4);
    for path in ["/api/patients/", "/api/patients/ada/"] {
        sam.send(Method::OPTIONS, path, None).await.is(200);
    }
    sam.get("/api/patients/eve/").await.is(404);
    sam.get("/api/users/ada/").await.is(200);
    app.patient("bob").await.get("/api/patients/ada/").await.is(404);
    ada.patch("/api/patients/ada/", json!({"weight": "x"})).await.is(400);
    assert_eq!(told(&sam, "user=sam&action=read").await.len(), 4);
    assert!(told(&sam, "user=bob&patient=ada").await.is_empty());
    assert!(told(&sam, "action=update").await.is_empty());
}

#[actix_web::test]
async fn changes_are_recorded_from_the_sign_up_to_the_end() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    ada.patch("/api/patients/ada/", json!({"weight": 60})).await.is(200);
    ada.patch("/api/patients/ada/", json!({"weight": 60})).await.is(200);
    ada.patch("/api/users/ada/", json!({"first_name": "Ada"})).await.is(200);
    sam.delete("/api/users/ada/").await.is(204);
    let expected = [
        "sam delete users ada ada",
        "ada update users ada ada",
        "ada read patients ada ada",
        "ada update patients ada ada",
        "ada read patients ada ada",
        "ada create users ada ada",
    ];
    assert_eq!(told(&sam, "patient=ada").await, expected);
    app.patient("bob").await.delete("/api/patients/bob/").await.is(204);
    assert_eq!(told(&sam, "patient=bob").await[0], "bob delete patients bob bob");
}

#[actix_web::test]
async fn comings_and_goings_are_recorded_without_what_was_typed() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    for (name, password) in [("ada", "sesame open"), ("my secret password", "x")] {
        let body = json!({"username": name, "password": password});
        app.anonymous().post("/api/token/", body).await.is(400);
    }
    ada.post("/api/token/revoke/", json!({})).await.is(204);
    let ada = app.log_in("ada").await;
    ada.post("/api/token/revoke/", json!({"all": true})).await.is(204);
    let failed = told(&sam, "action=login_failed").await;
    assert_eq!(failed, ["- login_failed - - -", "ada login_failed - - -"]);
    let ended = rows(&sam, "/api/audit/?action=logout&user=ada").await;
    let reasons: Vec<&Value> = ended.iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, [&json!("on all devices"), &Value::Null]);
    let logins = rows(&sam, "/api/audit/?action=login&user=ada").await;
    assert_eq!(logins.len(), 2);
    assert_eq!(logins[0]["session"], ended[0]["session"]);
    assert!(!sam.get("/api/audit/?page_size=100").await.text.contains("sesame"));
}

#[actix_web::test]
async fn a_refresh_token_that_comes_again_is_recorded() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let body = json!({"refresh": ada.refresh});
    app.anonymous().post("/api/token/refresh/", body.clone()).await.is(200);
    app.anonymous().post("/api/token/refresh/", body).await.is(401);
    let ended = rows(&sam, "/api/audit/?action=logout&user=ada").await;
    assert_eq!(ended[0]["reason"], "a refresh token was used again");
}

#[actix_web::test]
async fn what_staff_decide_about_people_is_recorded() {
    let app = App::start().await;
    let (_dora, sam) = (app.doctor("dora").await, app.staff("sam").await);
    for verified in [true, true, false] {
        sam.patch("/api/doctors/dora/", json!({"verified": verified})).await.is(200);
    }
    for active in [false, true] {
        sam.patch("/api/users/dora/", json!({"is_active": active})).await.is(200);
    }
    let expected = [
        "sam activate users dora -",
        "sam deactivate users dora -",
        "sam unverify doctors dora -",
        "sam verify doctors dora -",
    ];
    let actions = "user=sam&action__in=verify,unverify,activate,deactivate";
    assert_eq!(told(&sam, actions).await, expected);
}

#[actix_web::test]
async fn staff_read_the_log_and_nobody_writes_it() {
    let app = App::start().await;
    let (ada, dora, sam) =
        (app.patient("ada").await, app.doctor("dora").await, app.staff("sam").await);
    let id = rows(&sam, "/api/audit/").await[0]["id"].as_str().unwrap().to_owned();
    for path in ["/api/audit/".to_owned(), format!("/api/audit/{id}/")] {
        app.anonymous().get(&path).await.is(401);
        ada.get(&path).await.is(403);
        dora.get(&path).await.is(403);
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = sam.send(method, &path, Some(json!({}))).await.is(405);
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
    sam.get("/api/audit/?colour=red").await.is(400);
    sam.get("/api/audit/?action=steal").await.is(400);
    sam.get(&format!("/api/audit/{}/", "0".repeat(24))).await.is(404);
}

#[actix_web::test]
async fn the_log_is_filtered_and_paged_newest_first() {
    let app = App::start().await;
    let (_ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    for _ in 0..5 {
        sam.get("/api/patients/ada/").await.is(200);
    }
    let all = rows(&sam, "/api/audit/?user=sam&action=read").await;
    let numbers: Vec<i64> = all.iter().map(|row| row["n"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|left, right| left > right), "{numbers:?}");
    let mut path = "/api/audit/?user=sam&action=read&cursor=&page_size=2".to_owned();
    let mut walked = Vec::new();
    while !path.is_empty() {
        let page: Answer = sam.get(&path).await.is(200);
        walked.extend(page.body["results"].as_array().cloned().unwrap());
        path = page.body["next"].as_str().unwrap_or_default().replace("http://clinic.example", "");
    }
    assert_eq!(walked, all);
    let time = all[0]["time"].as_str().unwrap();
    let since = told(&sam, &format!("user=sam&action=read&time__gte={time}")).await;
    assert!(!since.is_empty() && since.len() <= 5);
    assert!(told(&sam, "time__lte=2000-01-01T00:00:00Z").await.is_empty());
    assert_eq!(told(&sam, "resource=patients&user=sam").await.len(), 5);
}

#[actix_web::test]
async fn patients_and_staff_read_who_has_seen_a_record() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let (dora, sam) = (app.doctor("dora").await, app.staff("sam").await);
    sam.patch("/api/doctors/dora/", json!({"verified": true})).await.is(200);
    bind(&app, "ada", "dora").await;
    dora.get("/api/patients/ada/").await.is(200);
    let path = "/api/patients/ada/access-log/";
    let mine = ada.get(path).await.is(200);
    assert_eq!(mine.body["count"], 3, "{}", mine.text);
    let newest = &mine.body["results"][0];
    assert_eq!(newest["user"], "dora");
    assert_eq!(newest["action"], "read");
    for hidden in ["n", "hash", "prev", "session", "address"] {
        assert!(newest.get(hidden).is_none(), "{hidden}");
    }
    app.anonymous().get(path).await.is(401);
    bob.get(path).await.details(404, "No Patient matches the given query.");
    dora.get(path).await.is(403);
    dora.get("/api/patients/bob/access-log/").await.is(404);
    sam.get("/api/patients/eve/access-log/").await.is(404);
    sam.post(path, json!({})).await.is(405);
    sam.send(Method::OPTIONS, path, None).await.is(200);
    assert_eq!(sam.get(path).await.is(200).column("user")[0], "sam");
    assert_eq!(ada.get(&format!("{path}?user=dora&page_size=1")).await.column("user"), ["dora"]);
    assert_eq!(ada.get(path).await.is(200).body["count"], 4);
    ada.get(&format!("{path}?patient=bob")).await.is(400);
}

#[actix_web::test]
async fn reads_at_once_are_all_in_one_chain() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    let before = entries(&app).await;
    let reads = (0..60).map(|number| {
        let client = if number % 2 == 0 { &ada } else { &sam };
        client.get("/api/patients/ada/")
    });
    for answer in join_all(reads).await {
        answer.is(200);
    }
    assert_eq!(entries(&app).await, before + 60);
}

#[actix_web::test]
async fn nothing_is_shown_that_cannot_be_recorded() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for path in ["/api/patients/ada/", "/api/patients/"] {
        app.meddler.plan(Mischief::Refuse("audit_heads"));
        let answer = ada.get(path).await.is(503);
        assert!(!answer.header("retry-after").is_empty());
        assert!(!answer.text.contains("userId"), "{}", answer.text);
        let before = entries(&app).await;
        ada.get(path).await.is(200);
        assert_eq!(entries(&app).await, before + 1);
    }
}

#[actix_web::test]
async fn an_append_whose_outcome_is_not_known_is_made_once() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for mischief in [Mischief::Forget("audit_heads"), Mischief::Lose("audit_heads")] {
        let before = entries(&app).await;
        app.meddler.plan(mischief);
        ada.get("/api/patients/ada/").await.is(200);
        assert!(app.meddler.is_done());
        assert_eq!(entries(&app).await, before + 1);
    }
}

#[actix_web::test]
async fn an_append_that_was_broken_off_is_gone_on_with() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    for (round, steps) in (1_u64..).zip([0, 1, 2]) {
        let before = entries(&app).await;
        app.meddler.plan(Mischief::StopBehind(steps));
        ada.patch("/api/patients/ada/", json!({"weight": round})).await.is(200);
        ada.get("/api/patients/ada/").await.is(200);
        assert!(app.meddler.is_done());
        let changes = told(&sam, "patient=ada&action=update").await;
        assert_eq!(changes.len() as u64, round);
        assert!(entries(&app).await >= before + 2);
        assert_eq!(app.ctx.store.count("audit_outbox", Filter::everything()).await.unwrap(), 0);
    }
}

#[actix_web::test]
async fn a_head_that_nobody_raised_is_behind_and_no_flaw() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    for _ in 0..3 {
        let entries = app.ctx.store.count("audit", Filter::everything()).await.unwrap();
        let here = Filter::eq("n", entries);
        let last = Query::new("audit", here, 1);
        let last = app.ctx.store.find(last).await.unwrap().remove(0);
        ada.get("/api/patients/ada/").await.is(200);
        // As a node leaves it that dies behind its last entry.
        let change = Change::set("n", entries).and_set("hash", last["hash"].clone());
        let lower =
            Write::UpdateEvery { collection: "audit_heads", filter: Filter::everything(), change };
        app.ctx.store.commit(vec![lower]).await.unwrap();
        verify(&*app.ctx.store, None, |_, _| ()).await.unwrap();
    }
    let gone = Write::DeleteEvery { collection: "audit_heads", filter: Filter::everything() };
    app.ctx.store.commit(vec![gone]).await.unwrap();
    ada.get("/api/patients/ada/").await.is(200);
    verify(&*app.ctx.store, None, |_, _| ()).await.unwrap();
}

#[actix_web::test]
async fn a_change_and_its_entry_are_stored_together() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    app.meddler.plan(Mischief::Refuse("audit_outbox"));
    ada.patch("/api/patients/ada/", json!({"weight": 1})).await.is(503);
    assert_eq!(sam.get("/api/patients/ada/").await.body["weight"], Value::Null);
    app.meddler.plan(Mischief::Refuse("audit_heads"));
    ada.patch("/api/patients/ada/", json!({"weight": 2})).await.is(200);
    // The chain takes it in with whatever comes next.
    ihs_api::sweep(&app.ctx).await.unwrap_or_default();
    assert_eq!(told(&sam, "patient=ada&action=update").await, ["ada update patients ada ada"]);
    assert_eq!(app.ctx.store.count("audit_outbox", Filter::everything()).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_change_of_which_nobody_was_told_is_in_the_log() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    app.meddler.plan(Mischief::Forget("patients"));
    ada.patch("/api/patients/ada/", json!({"weight": 61})).await.is(503);
    assert_eq!(ada.get("/api/patients/ada/").await.is(200).body["weight"], 61.0);
    let log = ada.get("/api/patients/ada/access-log/?action=update").await.is(200);
    assert_eq!(log.body["count"], 1);
}

#[actix_web::test]
async fn what_a_node_left_behind_is_taken_in() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let left = |number: usize| {
        let entry = json!({
            "_id": format!("{number:024x}"), "time": "2026-01-01T00:00:00.000Z", "user": "ada",
            "action": "update", "patient": "ada", "break_glass": false,
        });
        let document = entry.as_object().unwrap().clone();
        Write::Insert { collection: "audit_outbox", document }
    };
    app.ctx.store.commit((0..1_100).map(left).collect()).await.unwrap();
    let before = entries(&app).await;
    ihs_api::sweep(&app.ctx).await.unwrap();
    assert_eq!(told(&sam, "patient=ada").await.len(), 25);
    assert_eq!(app.ctx.store.count("audit_outbox", Filter::everything()).await.unwrap(), 0);
    assert_eq!(entries(&app).await, before + 1_100);
}

#[actix_web::test]
async fn an_export_is_recorded() {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    ihs_api::audit::record_export(&app.ctx).await.unwrap();
    assert_eq!(told(&sam, "action=export").await, ["- export - - -"]);
}
