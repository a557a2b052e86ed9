//! Reviews: what patients say of doctors, and what that adds up to.

use futures_util::future::join_all;
use ihs_store::{Filter, Query};
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{App, Client},
};

/// A doctor and two patients.
struct Practice {
    app: App,
    sam: Client,
    dora: Client,
    ada: Client,
    bob: Client,
}

async fn practice() -> Practice {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    Practice { app, sam, dora, ada, bob }
}

impl Practice {
    /// A completed appointment with dora.
    async fn seen(&self, patient: &Client) -> String {
        self.app.appointment(&patient.name, "dora", "completed").await
    }

    /// A review of dora; gives its path.
    async fn rated(&self, patient: &Client, rating: i64) -> String {
        let body = json!({"appointment": self.seen(patient).await, "rating": rating});
        let id = patient.post("/api/reviews/", body).await.is(201).text_at("/id");
        format!("/api/reviews/{id}/")
    }

    /// What everybody sees of dora's rating.
    async fn average(&self) -> Value {
        self.bob.get("/api/doctors/dora/").await.is(200).body["average_rating"].clone()
    }

    /// Where dora's appointments stand.
    async fn ranks(&self) -> Vec<f64> {
        let hers = Query::new("appointments", Filter::eq("doctor", "dora"), 1_000);
        let found = self.app.ctx.store.find(hers).await.unwrap();
        found.iter().map(|one| one["_rank"].as_f64().unwrap()).collect()
    }

    /// The texts by which dora was told of reviews.
    async fn told(&self) -> Vec<String> {
        self.dora.get("/api/notifications/?category=review").await.is(200).column("text")
    }
}

#[actix_web::test]
async fn the_patient_of_a_completed_appointment_reviews_its_doctor() {
    let practice = practice().await;
    let appointment = practice.seen(&practice.ada).await;
    let body = json!({
        "appointment": appointment, "rating": "4", "text": " Kind. ", "reviewer": "bob",
    });
    let answer = practice.ada.post("/api/reviews/", body).await.is(201);
    let id = answer.text_at("/id");
    answer.says(&json!({
        "id": id, "reviewer": "ada", "reviewee": "dora", "text": "Kind.", "rating": 4,
        "appointment": appointment,
    }));
    let doctor = practice.bob.get("/api/doctors/dora/").await.is(200);
    assert_eq!(doctor.body["average_rating"], json!(4.0));
    assert_eq!(
        doctor.body["reviewee"],
        json!([{"id": id, "reviewer": "ada", "text": "Kind.", "rating": 4}])
    );
    assert_eq!(practice.told().await, ["ada rates you 4 out of 5."]);
    practice.bob.get(&format!("/api/reviews/{id}/")).await.is(200);
    practice.app.anonymous().get("/api/reviews/").await.is(401);
}

#[actix_web::test]
async fn all_that_is_wrong_is_said_at_once() {
    let practice = practice().await;
    let required = json!(["This field is required."]);
    let empty = practice.ada.post("/api/reviews/", json!({})).await.is(400);
    empty.says(&json!({"appointment": required, "rating": required}));
    let theirs = practice.seen(&practice.bob).await;
    let nowhere = "0".repeat(24);
    for hidden in [theirs, nowhere] {
        let body = json!({"appointment": hidden, "rating": 6, "reviewee": "nobody"});
        practice.ada.post("/api/reviews/", body).await.is(400).says(&json!({
            "appointment": [format!("Invalid pk \"{hidden}\" - object does not exist.")],
            "rating": ["Ensure this value is less than or equal to 5."],
            "reviewee": ["Object with username=nobody does not exist."],
        }));
    }
    let mine = practice.seen(&practice.ada).await;
    let body = json!({"appointment": mine, "rating": 0, "reviewee": "bob"});
    practice.ada.post("/api/reviews/", body).await.is(400).says(&json!({
        "rating": ["Ensure this value is greater than or equal to 1."],
        "reviewee": ["The reviewee is the doctor of the appointment."],
    }));
    assert_eq!(practice.average().await, json!(null));
}

#[actix_web::test]
async fn what_is_not_over_or_not_theirs_nobody_reviews() {
    let practice = practice().await;
    for status in ["open", "reserved", "confirmed", "cancelled", "no_show"] {
        let appointment = practice.app.appointment("ada", "dora", status).await;
        let body = json!({"appointment": appointment, "rating": 1});
        practice.ada.post("/api/reviews/", body).await.is(403);
    }
    let body = json!({"appointment": practice.seen(&practice.ada).await, "rating": 5});
    for client in [&practice.dora, &practice.sam] {
        client.post("/api/reviews/", body.clone()).await.is(403);
    }
    let open = practice.app.appointment("bob", "dora", "open").await;
    let body = json!({"appointment": open, "rating": 1});
    practice.ada.post("/api/reviews/", body).await.is(403);
    assert_eq!(practice.told().await, Vec::<String>::new());
}

#[actix_web::test]
async fn of_many_reviews_of_one_appointment_at_once_one_counts() {
    let practice = practice().await;
    let body = json!({"appointment": practice.seen(&practice.ada).await, "rating": 3});
    let tries = (0..6).map(|_| practice.ada.post("/api/reviews/", body.clone()));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let taken = json!({"appointment": ["review with this appointment already exists."]});
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.is(400).says(&taken);
    }
    assert_eq!(practice.average().await, json!(3.0));
    assert_eq!(practice.told().await.len(), 1);
}

#[actix_web::test]
async fn its_reviewer_changes_it_and_the_average_follows() {
    let practice = practice().await;
    practice.rated(&practice.bob, 5).await;
    let path = practice.rated(&practice.ada, 2).await;
    assert_eq!(practice.average().await, json!(3.5));
    for client in [&practice.bob, &practice.dora, &practice.sam] {
        client.patch(&path, json!({"rating": 1})).await.is(403);
    }
    let body = json!({"rating": 4, "reviewee": "bob", "appointment": "x", "reviewer": "bob"});
    let changed = practice.ada.patch(&path, body).await.is(200);
    assert_eq!((&changed.body["reviewee"], &changed.body["rating"]), (&json!("dora"), &json!(4)));
    practice.ada.patch(&path, json!({"text": "Better."})).await.is(200);
    practice.ada.patch(&path, json!({"rating": 6})).await.is(400);
    practice.ada.put(&path, json!({"text": "x"})).await.is(400);
    assert_eq!(practice.average().await, json!(4.5));
    assert_eq!(practice.ranks().await, [0.5, 0.5]);
    assert_eq!(practice.told().await.len(), 2);
}

#[actix_web::test]
async fn a_deleted_review_counts_no_more() {
    let practice = practice().await;
    let body = json!({"appointment": practice.seen(&practice.ada).await, "rating": 1});
    let first = practice.ada.post("/api/reviews/", body.clone()).await.is(201).text_at("/id");
    let first = format!("/api/reviews/{first}/");
    let second = practice.rated(&practice.bob, 4).await;
    for client in [&practice.bob, &practice.dora] {
        client.delete(&first).await.is(403);
    }
    practice.ada.delete(&first).await.is(204);
    assert_eq!(practice.average().await, json!(4.0));
    practice.sam.delete(&second).await.is(204);
    assert_eq!(practice.average().await, json!(null));
    assert_eq!(practice.ranks().await, [9.0, 9.0]);
    practice.ada.post("/api/reviews/", body).await.is(201);
    assert_eq!(practice.average().await, json!(1.0));
}

#[actix_web::test]
async fn the_average_is_exact_however_many_rate_change_and_delete_at_once() {
    let practice = practice().await;
    let mut appointments = Vec::new();
    for _ in 0..8 {
        appointments.push(practice.seen(&practice.ada).await);
    }
    let rate = |(number, appointment): (usize, &String)| {
        let body = json!({"appointment": appointment, "rating": number % 5 + 1});
        practice.ada.post("/api/reviews/", body)
    };
    let made = join_all(appointments.iter().enumerate().map(rate)).await;
    let paths: Vec<String> = made
        .into_iter()
        .map(|one| format!("/api/reviews/{}/", one.is(201).text_at("/id")))
        .collect();
    // 1, 2, 3, 4, 5, 1, 2, 3
    assert_eq!(practice.average().await, json!(21.0 / 8.0));
    let changes =
        join_all(paths[..4].iter().map(|path| practice.ada.patch(path, json!({"rating": 5}))));
    let deletions = join_all(paths[4..].iter().map(|path| practice.sam.delete(path)));
    let (changes, deletions) = futures_util::future::join(changes, deletions).await;
    assert!(changes.iter().all(|one| one.status == 200));
    assert!(deletions.iter().all(|one| one.status == 204));
    assert_eq!(practice.average().await, json!(5.0));
    assert!(practice.ranks().await.iter().all(|rank| *rank == 0.0));
}

#[actix_web::test]
async fn nobody_is_told_and_nothing_counts_when_a_review_is_not_stored() {
    let practice = practice().await;
    let body = json!({"appointment": practice.seen(&practice.ada).await, "rating": 2});
    for collection in ["reviews", "doctors", "notifications"] {
        practice.app.meddler.plan(Mischief::Refuse(collection));
        practice.ada.post("/api/reviews/", body.clone()).await.is(503);
    }
    assert_eq!(practice.average().await, json!(null));
    assert_eq!(practice.told().await, Vec::<String>::new());
    let keyed = practice.ada.with("idempotency-key", "k");
    for _ in 0..2 {
        keyed.post("/api/reviews/", body.clone()).await.is(201);
    }
    assert_eq!(practice.told().await.len(), 1);
}

#[actix_web::test]
async fn reviews_are_found_by_whom_they_are_from_and_about_and_by_their_rating() {
    let practice = practice().await;
    practice.rated(&practice.ada, 5).await;
    practice.rated(&practice.bob, 2).await;
    let reviewers = async |query: &str| {
        practice.bob.get(&format!("/api/reviews/{query}")).await.is(200).column("reviewer")
    };
    assert_eq!(reviewers("").await, ["bob", "ada"]);
    assert_eq!(reviewers("?reviewer=ada").await, ["ada"]);
    assert_eq!(reviewers("?reviewee=dora").await, ["bob", "ada"]);
    assert_eq!(reviewers("?reviewee=ada").await, Vec::<String>::new());
    assert_eq!(reviewers("?rating__gte=3").await, ["ada"]);
    assert_eq!(reviewers("?rating__lte=2").await, ["bob"]);
    assert_eq!(reviewers("?ordering=rating").await, ["bob", "ada"]);
}

#[actix_web::test]
async fn a_doctor_shows_the_newest_hundred_and_a_page_of_doctors_all_of_theirs() {
    let practice = practice().await;
    practice.app.provider("dan", "doctor", &practice.sam).await;
    let other = practice.app.appointment("ada", "dan", "completed").await;
    let body = json!({"appointment": other, "rating": 1, "text": "first"});
    practice.ada.post("/api/reviews/", body).await.is(201);
    for number in 0..102 {
        let body = json!({
            "appointment": practice.seen(&practice.ada).await, "rating": 5,
            "text": number.to_string(),
        });
        practice.ada.post("/api/reviews/", body).await.is(201);
    }
    let shown = practice.bob.get("/api/doctors/dora/").await.body["reviewee"].clone();
    let shown = shown.as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["text"]), (100, &json!("101")));
    let page = practice.bob.get("/api/doctors/").await.is(200);
    assert_eq!(page.column("user"), ["dan", "dora"]);
    assert_eq!(page.body["results"][0]["reviewee"][0]["text"], "first");
    assert_eq!(page.body["results"][1]["reviewee"].as_array().unwrap().len(), 100);
}

#[actix_web::test]
async fn reviews_outlive_those_whom_they_are_from_and_about() {
    let practice = practice().await;
    let path = practice.rated(&practice.ada, 4).await;
    practice.ada.delete("/api/users/ada/").await.is(204);
    let left = practice.bob.get(&path).await.is(200);
    assert_eq!(left.body["reviewer"], "ada");
    assert_eq!(practice.average().await, json!(4.0));
    let second = practice.rated(&practice.bob, 2).await;
    practice.sam.delete("/api/users/dora/").await.is(204);
    assert_eq!(practice.bob.get(&second).await.is(200).body["reviewee"], "dora");
    practice.bob.patch(&second, json!({"rating": 1})).await.is(200);
    practice.bob.delete(&second).await.is(204);
}
