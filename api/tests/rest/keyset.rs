//! Keyset pages while rows come and go.

use std::collections::BTreeMap;

use futures_util::future::join;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::support::{App, Client, account};

/// Those who are there the whole time.
const STAYING: usize = 24;

/// Those who come, and mostly go again.
const PASSING: usize = 16;

/// A third of them has no speciality.
async fn provider(app: &App, name: &str, number: usize) {
    app.anonymous().post("/api/users/", account(name, "doctor")).await.is(201);
    if let Some(speciality) = [None, Some("Cardiology"), Some("Dermatology")][number % 3] {
        let doctor = app.log_in(name).await;
        let change = json!({ "speciality": speciality });
        doctor.patch(&format!("/api/doctors/{name}/"), change).await.is(200);
    }
}

/// Follows a link to the end; between two pages others get their turn.
async fn walk(client: &Client, first: &str, way: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = client.get(&path).await.is(200);
        let found = page.body["results"].as_array().unwrap();
        match way {
            "next" => rows.extend(found.iter().cloned()),
            _ => rows.extend(found.iter().rev().cloned()),
        }
        match page.body[way].as_str() {
            Some(link) => path = link.trim_start_matches("http://clinic.example").to_owned(),
            None => return rows,
        }
        tokio::task::yield_now().await;
    }
}

async fn come_and_go(app: &App, staff: &Client, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..PASSING {
        // Before, between and behind those who stay.
        let place = random.random_range(0..=STAYING);
        let name = format!("d{place:02}-{seed}-{number}");
        provider(app, &name, random.random_range(0..3)).await;
        if random.random_bool(0.7) {
            staff.delete(&format!("/api/users/{name}/")).await.is(204);
        }
    }
}

fn assert_once(rows: &[Value], order: &str) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *seen.entry(row["user"].as_str().unwrap()).or_default() += 1;
    }
    // Who comes gets a speciality only then, and may be met again where that puts them.
    for number in 0..STAYING {
        let name = format!("d{number:02}");
        assert_eq!(seen.get(name.as_str()), Some(&1), "{order}: {name} of {seen:?}");
    }
}

#[actix_web::test]
async fn whoever_is_there_the_whole_time_is_on_exactly_one_page() {
    let app = App::start().await;
    let staff = app.staff("sam").await;
    for number in 0..STAYING {
        provider(&app, &format!("d{number:02}"), number).await;
    }
    let orders = ["", "-user", "speciality", "-speciality", "speciality,-user", "-userfullname"];
    for (seed, order) in (0..).zip(orders) {
        let first = format!("/api/doctors/?cursor=&page_size=3&ordering={order}");
        let walking = walk(&staff, &first, "next");
        let (rows, ()) = join(walking, come_and_go(&app, &staff, seed)).await;
        assert_once(&rows, order);
        let null_last = order.starts_with('-');
        let nulls: Vec<bool> = rows.iter().map(|row| row["speciality"].is_null()).collect();
        if order.contains("speciality") {
            let sorted = nulls.is_sorted_by_key(|null| *null == null_last);
            assert!(sorted, "{order}: {nulls:?}");
        }
    }
}

#[actix_web::test]
async fn so_it_is_on_the_way_back_and_in_a_search() {
    let app = App::start().await;
    let staff = app.staff("sam").await;
    for number in 0..STAYING {
        provider(&app, &format!("d{number:02}"), number).await;
    }
    for (seed, order) in (50..).zip(["user", "-speciality"]) {
        let all = format!("/api/doctors/?cursor=&page_size=100&ordering={order}");
        let end = staff.get(&all).await.is(200);
        let last = end.column("user").len();
        let first = format!("/api/doctors/?cursor=&page_size={}&ordering={order}", last - 1);
        let next = staff.get(&first).await.is(200).text_at("/next");
        let tail = staff.get(next.trim_start_matches("http://clinic.example")).await.is(200);
        let tail_user = tail.column("user");
        let back =
            tail.text_at("/previous").replace(&format!("page_size={}", last - 1), "page_size=3");
        let back = back.trim_start_matches("http://clinic.example").to_owned();
        let (mut rows, ()) =
            join(walk(&staff, &back, "previous"), come_and_go(&app, &staff, seed)).await;
        rows.extend(tail_user.iter().map(|user| json!({ "user": user })));
        assert_once(&rows, order);
    }
    let first = "/api/doctors/?cursor=&page_size=2&search=cardio";
    let (rows, ()) = join(walk(&staff, first, "next"), come_and_go(&app, &staff, 99)).await;
    let stayed = |row: &&Value| row["user"].as_str().is_some_and(|name| name.len() == 3);
    assert_eq!(rows.iter().filter(stayed).count(), STAYING / 3);
}
