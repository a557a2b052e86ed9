//! The security matrix: every resource, every action, everybody. A resource without a row fails.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::json;

use crate::{
    support::{App, Client},
    ward::{PATH, found, path, set},
};

/// What each of anonymous, stranger, doctor, owner and staff gets, for list, create, read, change
/// and delete.
const ROWS: [(&str, [[u16; 5]; 5]); 17] = [
    (
        "users",
        [
            [401, 200, 200, 200, 200],
            [400, 400, 400, 400, 400],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 204, 204],
        ],
    ),
    (
        "patients",
        [
            [401, 200, 403, 200, 200],
            [401, 405, 405, 405, 405],
            [401, 404, 403, 200, 200],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 204, 204],
        ],
    ),
    (
        "doctors",
        [
            [401, 200, 200, 200, 200],
            [401, 405, 405, 405, 405],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 200, 200],
            [401, 403, 403, 204, 204],
        ],
    ),
    (
        "insurances",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 200],
            [401, 403, 403, 403, 204],
        ],
    ),
    (
        "specialities",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 200],
            [401, 403, 403, 403, 204],
        ],
    ),
    (
        "medicines",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 200],
            [401, 403, 403, 403, 204],
        ],
    ),
    (
        "diseases",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 200],
            [401, 403, 403, 403, 204],
        ],
    ),
    (
        "clinics",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 400, 403],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 200, 200],
            [401, 403, 403, 204, 204],
        ],
    ),
    (
        "clinic-doctors",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 400, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 200, 200],
            [401, 403, 403, 204, 204],
        ],
    ),
    (
        "appointments",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 400, 403],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 200, 403],
            [401, 404, 404, 409, 409],
        ],
    ),
    (
        "treatments",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 400, 403],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 200, 403],
            [401, 405, 405, 405, 405],
        ],
    ),
    (
        "reviews",
        [
            [401, 200, 200, 200, 200],
            [401, 400, 403, 400, 403],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 200, 403],
            [401, 403, 403, 204, 204],
        ],
    ),
    (
        "followers",
        [
            [401, 200, 200, 200, 200],
            [401, 400, 400, 400, 400],
            [401, 200, 200, 200, 200],
            [401, 403, 403, 200, 403],
            [401, 403, 403, 204, 403],
        ],
    ),
    (
        "messages",
        [
            [401, 200, 200, 200, 200],
            [401, 400, 400, 400, 400],
            [401, 404, 404, 200, 404],
            [401, 404, 404, 200, 404],
            [401, 404, 404, 204, 404],
        ],
    ),
    (
        "notifications",
        [
            [401, 200, 200, 200, 200],
            [401, 403, 403, 403, 400],
            [401, 404, 404, 200, 404],
            [401, 404, 404, 200, 404],
            [401, 404, 404, 204, 404],
        ],
    ),
    (
        "rooms",
        [
            [401, 200, 200, 200, 200],
            [401, 201, 201, 201, 201],
            [401, 404, 404, 200, 200],
            [401, 404, 404, 200, 403],
            [401, 405, 405, 405, 405],
        ],
    ),
    (
        "audit",
        [
            [401, 403, 403, 403, 200],
            [401, 405, 405, 405, 405],
            [401, 403, 403, 403, 200],
            [401, 405, 405, 405, 405],
            [401, 405, 405, 405, 405],
        ],
    ),
];

/// A record of each resource; those of people belong to `owner`.
async fn record(app: &App, name: &str, owner: &Client, staff: &Client) -> String {
    let key = match name {
        "users" | "patients" | "doctors" => owner.name.clone(),
        "insurances" => {
            staff.post("/api/insurances/", json!({"orgname": "x"})).await.is(201).text_at("/id")
        }
        "specialities" | "medicines" | "diseases" => {
            let path = format!("/api/{name}/");
            staff.post(&path, json!({"name": "x"})).await.is(201).text_at("/id")
        }
        "clinics" => owner.post("/api/clinics/", json!({"name": "x"})).await.is(201).text_at("/id"),
        "clinic-doctors" => {
            owner.post("/api/clinics/", json!({"name": "x"})).await.is(201);
            owner.get("/api/clinic-doctors/").await.is(200).text_at("/results/0/id")
        }
        "appointments" => reserved(owner, &app.patient("patient").await).await,
        "treatments" => {
            app.patient("treated").await;
            app.bind("treated", &owner.name).await;
            let body = json!({"patient": "treated", "subject": "x"});
            owner.post("/api/treatments/", body).await.is(201).text_at("/id")
        }
        "reviews" => {
            app.provider("reviewed", "doctor", staff).await;
            let appointment = app.appointment(&owner.name, "reviewed", "completed").await;
            let body = json!({"appointment": appointment, "rating": 4});
            owner.post("/api/reviews/", body).await.is(201).text_at("/id")
        }
        "followers" => {
            let body = json!({"followee": "staff"});
            owner.post("/api/followers/", body).await.is(201).text_at("/id")
        }
        "messages" => {
            let room = owner.post("/api/rooms/", json!({"name": "x"})).await.is(201).text_at("/id");
            let body = json!({"room": room, "text": "x"});
            owner.post("/api/messages/", body).await.is(201).text_at("/id")
        }
        "notifications" => {
            let body = json!({"user": owner.name, "title": "x", "text": "x"});
            staff.post("/api/notifications/", body).await.is(201).text_at("/id")
        }
        "audit" => staff.get("/api/audit/").await.is(200).text_at("/results/0/id"),
        _ => owner.post("/api/rooms/", json!({"name": "x"})).await.is(201).text_at("/id"),
    };
    format!("/api/{name}/{key}/")
}

/// An appointment of the owner with somebody else.
async fn reserved(owner: &Client, patient: &Client) -> String {
    let work = found(owner, "x").await.1;
    let (start, end) = ("2999-01-01T12:00:00Z", "2999-01-01T12:30:00Z");
    let body = json!({"clinic_doctor": work, "start_time": start, "end_time": end});
    let slot = path(&owner.post(PATH, body).await.is(201));
    set(patient, &slot, "reserved").await.is(200);
    slot.rsplit('/').nth(1).unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn everybody_may_do_what_the_contract_says_and_nothing_else() {
    let rows = BTreeMap::from(ROWS);
    for resource in ihs_api::resources() {
        let name = resource.name();
        let row = rows.get(name).unwrap_or_else(|| panic!("{name} has no row"));
        for (who, _) in row[0].iter().enumerate() {
            check(name, who, row).await;
        }
    }
}

/// In an application of its own, so that one who deletes does not disturb the next.
async fn check(name: &str, who: usize, row: &[[u16; 5]; 5]) {
    let app = App::start().await;
    let staff = app.staff("staff").await;
    let owner = match name {
        "doctors" | "clinics" | "clinic-doctors" | "appointments" | "treatments" => {
            app.provider("owner", "doctor", &staff).await
        }
        _ => app.patient("owner").await,
    };
    let path = record(&app, name, &owner, &staff).await;
    let caller = match who {
        0 => app.anonymous(),
        1 => app.patient("stranger").await,
        2 => app.doctor("medic").await,
        3 => owner,
        _ => staff,
    };
    let list = format!("/api/{name}/");
    let requests = [
        (Method::GET, &list, None),
        (Method::POST, &list, Some(json!({}))),
        (Method::GET, &path, None),
        (Method::PATCH, &path, Some(json!({}))),
        (Method::DELETE, &path, None),
    ];
    for (action, (method, path, body)) in requests.into_iter().enumerate() {
        let status = caller.send(method.clone(), path, body).await.status;
        assert_eq!(status, row[action][who], "{method} {path} by caller {who}");
    }
}
