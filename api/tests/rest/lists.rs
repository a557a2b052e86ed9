//! Pages, cursors, searches and orders.

use ihs_config::UnknownParameters;
use serde_json::json;

use crate::support::{App, Client, settings};

/// Insurances `i00` to `i29`.
async fn thirty(app: &App) -> Client {
    let sam = app.staff("sam").await;
    for number in 0..30 {
        let body = json!({"orgname": format!("i{number:02}")});
        sam.post("/api/insurances/", body).await.is(201);
    }
    sam
}

#[actix_web::test]
async fn pages_link_to_each_other_and_keep_the_other_parameters() {
    let app = App::start().await;
    let sam = thirty(&app).await;
    let first = sam.get("/api/insurances/").await.is(200);
    assert_eq!((&first.body["count"], &first.body["previous"]), (&json!(30), &json!(null)));
    assert_eq!(first.column("orgname").len(), 25);
    let second = sam.get("/api/insurances/?page=2&page_size=10&search=i").await.is(200);
    assert_eq!(
        second.text_at("/next"),
        "http://clinic.example/api/insurances/?page=3&page_size=10&search=i"
    );
    assert_eq!(
        second.text_at("/previous"),
        "http://clinic.example/api/insurances/?page_size=10&search=i"
    );
    let last = sam.get("/api/insurances/?page=last&page_size=7").await.is(200);
    assert_eq!(last.column("orgname"), ["i28", "i29"]);
    assert_eq!(last.body["next"], json!(null));
    assert!(last.text_at("/previous").contains("page=4"));
    for bad in ["0", "x", "99", "-1", "99999999999999999999"] {
        let answer = sam.get(&format!("/api/insurances/?page={bad}")).await;
        answer.details(404, "Invalid page.");
    }
    for (size, rows) in [("x", 25), ("0", 25), ("1000", 30), ("3", 3)] {
        let answer = sam.get(&format!("/api/insurances/?page_size={size}")).await.is(200);
        assert_eq!(answer.column("orgname").len(), rows, "{size}");
    }
}

#[actix_web::test]
async fn a_cursor_walks_there_and_back_and_is_stable_while_rows_come_in() {
    let app = App::start().await;
    let sam = thirty(&app).await;
    let mut seen = Vec::new();
    let mut path = "/api/insurances/?cursor=&page_size=7&ordering=-orgname".to_owned();
    let mut back = String::new();
    loop {
        let page = sam.get(&path).await.is(200);
        assert!(page.body.get("count").is_none());
        seen.extend(page.column("orgname"));
        if seen.len() == 14 {
            back = page.text_at("/previous");
            sam.post("/api/insurances/", json!({"orgname": "zzz"})).await.is(201);
        }
        match page.body["next"].as_str() {
            Some(next) => path = next.trim_start_matches("http://clinic.example").to_owned(),
            None => break,
        }
    }
    let all: Vec<String> = (0..30).rev().map(|number| format!("i{number:02}")).collect();
    assert_eq!(seen, all);
    let before = sam.get(back.trim_start_matches("http://clinic.example")).await.is(200);
    assert_eq!(before.column("orgname"), all[..7]);
    for bad in ["x", "AAAA", "e30"] {
        let answer = sam.get(&format!("/api/insurances/?cursor={bad}")).await;
        answer.details(404, "Invalid cursor");
    }
}

#[actix_web::test]
async fn orders_and_filters_that_are_not_known_are_named() {
    let app = App::start().await;
    let sam = thirty(&app).await;
    let down = sam.get("/api/insurances/?ordering=-orgname&page_size=2").await.is(200);
    assert_eq!(down.column("orgname"), ["i29", "i28"]);
    for (query, name) in [("orgnme=x", "orgnme"), ("ordering=nme", "nme"), ("a__b=1", "a__b")] {
        let answer = sam.get(&format!("/api/insurances/?{query}")).await.is(400);
        assert!(answer.text.contains(name), "{}", answer.text);
    }
    sam.get("/api/insurances/?foo=1&ordering=nme&search=%00&bar=2").await.is(400).says(&json!({
        "foo": ["Unknown parameter: foo"],
        "bar": ["Unknown parameter: bar"],
        "search": ["Null characters are not allowed."],
        "ordering": ["Unknown field: nme"],
    }));
    let unsearched = json!({"search": ["Unknown parameter: search"]});
    sam.get("/api/followers/?search=%00").await.is(400).says(&unsearched);
    sam.get("/api/insurances/?format=json&_=17").await.is(200);
    assert_eq!(sam.get("/api/insurances/?orgname__in=i01,i02,x").await.body["count"], 2);
}

#[actix_web::test]
async fn the_old_leniency_can_be_had() {
    let mut lenient = settings();
    lenient.api.unknown_parameters = UnknownParameters::Ignore;
    let app = App::with(lenient).await;
    let sam = app.staff("sam").await;
    sam.get("/api/insurances/?orgnme=x&ordering=nme").await.is(200);
    app.patient("ada").await.post("/api/followers/", json!({"followee": "sam"})).await.is(201);
    for search in ["nobody", "%00"] {
        let found = sam.get(&format!("/api/followers/?search={search}")).await.is(200);
        assert_eq!(found.body["count"], 1, "nothing is searched there");
    }
}

#[actix_web::test]
async fn what_one_may_not_read_cannot_be_asked_about() {
    let app = App::start().await;
    let (ada, sam) = (app.patient("ada").await, app.staff("sam").await);
    app.doctor("dora").await.patch("/api/doctors/dora/", json!({"nationalId": "42"})).await.is(200);
    for query in ["nationalId=42", "ordering=nationalId", "nationalId__icontains=4"] {
        ada.get(&format!("/api/doctors/?{query}")).await.is(400);
    }
    assert_eq!(ada.get("/api/doctors/?search=42").await.is(200).body["count"], 0);
    assert_eq!(sam.get("/api/doctors/?search=dora").await.is(200).body["count"], 0);
}
