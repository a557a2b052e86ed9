//! Keyset pages on both stores, while rows come and go.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{App, user::User};

const STAYING: usize = 12;

async fn insurance(staff: &User, name: &str) -> String {
    let made = staff.post("/api/insurances/", json!({ "orgname": name })).await.created();
    format!("/api/insurances/{}/", made["id"].as_str().unwrap())
}

/// Walks to the end, and does something between two pages.
async fn walk(
    app: &App,
    staff: &User,
    first: &str,
    mut meanwhile: impl AsyncFnMut(usize),
) -> Vec<String> {
    let (mut rows, mut path, mut page) = (Vec::new(), first.to_owned(), 0);
    loop {
        let body = staff.get(&path).await.ok();
        let found = body["results"].as_array().unwrap();
        rows.extend(found.iter().map(|row| row["orgname"].as_str().unwrap().to_owned()));
        meanwhile(page).await;
        page += 1;
        match body["next"].as_str() {
            Some(next) => path = next.trim_start_matches(app.url()).to_owned(),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn whatever_is_there_the_whole_time_is_on_exactly_one_page() {
    let mut app = App::start().await;
    let staff = app.superuser("root").await;
    for number in 0..STAYING {
        insurance(&staff, &format!("stays {number:02}")).await;
    }
    for order in ["", "-orgname", "&search=stays"] {
        let first = match order.strip_prefix('&') {
            Some(search) => format!("/api/insurances/?cursor=&page_size=3&{search}"),
            None => format!("/api/insurances/?cursor=&page_size=3&ordering={order}"),
        };
        let mut passing = String::new();
        let rows = walk(&app, &staff, &first, async |page| {
            for place in [0, STAYING - 1] {
                let path = insurance(&staff, &format!("stays {place:02} {order}{page}")).await;
                if !passing.is_empty() {
                    staff.delete(&passing).await.no_content();
                }
                passing = path;
            }
        })
        .await;
        let once: BTreeSet<&String> = rows.iter().collect();
        assert_eq!(once.len(), rows.len(), "{order}: {rows:?}");
        for number in 0..STAYING {
            assert!(once.contains(&format!("stays {number:02}")), "{order}: {rows:?}");
        }
    }
}
