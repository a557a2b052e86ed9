//! Which appointments who sees, and in which order.

use serde_json::json;

use crate::{
    support::Client,
    ward::{PATH, Ward, found, path, set},
};

/// The ids that somebody sees, and that the count says no more.
async fn seen(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{PATH}?{query}")).await.is(200);
    let ids = list.column("id");
    assert_eq!(list.body["count"], ids.len(), "{query}");
    ids
}

fn id(path: &str) -> String {
    path.trim_start_matches(PATH).trim_end_matches('/').to_owned()
}

#[actix_web::test]
async fn open_ones_are_everybodys_and_others_of_those_whom_they_concern() {
    let ward = Ward::start().await;
    let (bob, cy) = (ward.app.patient("bob").await, ward.app.patient("cy").await);
    let eve = ward.app.provider("eve", "doctor", &ward.staff).await;
    let nurse = ward.app.provider("nia", "nurse", &ward.staff).await;
    let far = ward.app.provider("flo", "nurse", &ward.staff).await;
    let body = json!({"clinic": ward.clinic, "doctor": "nia"});
    ward.staff.post("/api/clinic-doctors/", body).await.is(201);
    let taken = ward.reserved(&bob, 60, 90).await;
    let open = ward.slot(90, 120).await;
    let both = [id(&taken), id(&open)];
    for client in [&bob, &ward.doctor, &nurse, &ward.staff] {
        assert_eq!(seen(client, "").await, both, "{}", client.name);
        client.get(&taken).await.is(200);
    }
    for client in [&cy, &eve, &far] {
        assert_eq!(seen(client, "").await, both[1..], "{}", client.name);
        client.get(&taken).await.is(404);
        for query in ["patient=bob", "status=reserved", "status__in=reserved,confirmed"] {
            assert!(seen(client, query).await.is_empty(), "{query} by {}", client.name);
        }
    }
    assert_eq!(seen(&nurse, "patient=bob").await, both[..1]);
    ward.app.anonymous().get(PATH).await.is(401);
    // Whom staff no longer trust reads no patient.
    ward.staff.patch("/api/doctors/ada/", json!({"verified": false})).await.is(200);
    assert_eq!(seen(&ward.doctor, "").await, both[1..]);
}

#[actix_web::test]
async fn lists_are_filtered_by_doctor_speciality_times_status_and_clinic() {
    let ward = Ward::start().await;
    let eve = ward.app.provider("eve", "doctor", &ward.staff).await;
    let (clinic, work) = found(&eve, "Borealis").await;
    eve.patch("/api/doctors/eve/", json!({"speciality": "Cardiology"})).await.is(200);
    let (early, late) = (ward.slot(60, 90).await, ward.slot(300, 330).await);
    let body = json!({"clinic_doctor": work, "start_time": ward.at(120), "end_time": ward.at(150)});
    let heart = path(&eve.post(PATH, body).await.is(201));
    set(&ward.doctor, &late, "cancelled").await.is(200);
    let (early, late, heart) = (id(&early), id(&late), id(&heart));
    let from = ward.at(100);
    let to = ward.at(200);
    let cases = [
        ("doctor=EV".to_owned(), vec![&heart]),
        ("doctor=ad".to_owned(), vec![&early, &late]),
        ("speciality=cardio".to_owned(), vec![&heart]),
        (format!("startTime={from}"), vec![&heart, &late]),
        (format!("endTime={to}"), vec![&early, &heart]),
        (format!("start_time__gte={from}&end_time__lte={to}"), vec![&heart]),
        ("status=cancelled".to_owned(), vec![&late]),
        (format!("clinic={clinic}"), vec![&heart]),
        (format!("clinic={}", ward.clinic), vec![&early, &late]),
        ("ordering=-start_time".to_owned(), vec![&late, &heart, &early]),
    ];
    for (query, ids) in cases {
        assert_eq!(seen(&ward.staff, &query).await.iter().collect::<Vec<_>>(), ids, "{query}");
    }
    for query in ["status=gone", "startTime=soon", "offered=true", "_rank=1", "ordering=_rank"] {
        ward.staff.get(&format!("{PATH}?{query}")).await.is(400);
    }
    eve.patch("/api/doctors/eve/", json!({"speciality": "Surgery"})).await.is(200);
    assert!(seen(&ward.staff, "speciality=cardio").await.is_empty());
    assert_eq!(seen(&ward.staff, "speciality=surg").await, [heart]);
}

#[actix_web::test]
async fn the_best_rated_doctors_come_first_and_the_unrated_last() {
    let ward = Ward::start().await;
    ward.rate("ada", 9, 3).await;
    let good = ward.app.provider("gus", "doctor", &ward.staff).await;
    let unrated = ward.app.provider("uma", "doctor", &ward.staff).await;
    ward.rate("gus", 14, 3).await;
    let mut slots = vec![ward.slot(60, 90).await, ward.slot(30, 50).await];
    for doctor in [&unrated, &good] {
        let work = found(doctor, "Borealis").await.1;
        let body =
            json!({"clinic_doctor": work, "start_time": ward.at(10), "end_time": ward.at(20)});
        slots.push(path(&doctor.post(PATH, body).await.is(201)));
    }
    let expected: Vec<String> = [3, 1, 0, 2].map(|place: usize| id(&slots[place])).to_vec();
    assert_eq!(seen(&ward.staff, "").await, expected);
    let mut walked = Vec::new();
    let mut next = format!("{PATH}?cursor=&page_size=1");
    while !next.is_empty() {
        let page = ward.staff.get(&next).await.is(200);
        walked.extend(page.column("id"));
        next = page.body["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(walked, expected);
}

#[actix_web::test]
async fn options_name_what_can_be_sent_and_nothing_of_how_it_is_found() {
    let ward = Ward::start().await;
    let said = ward.doctor.send(actix_web::http::Method::OPTIONS, PATH, None).await.is(200);
    let fields = said.body["actions"]["POST"].as_object().unwrap();
    assert_eq!(fields["clinic_doctor"]["required"], true);
    assert_eq!(fields["clinic"]["read_only"], true);
    assert!(!fields.contains_key("clinic_id") && !fields.contains_key("_speciality"));
}
