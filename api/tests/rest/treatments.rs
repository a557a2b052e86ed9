//! Treatments: what doctors prescribe, whom that binds, and who reads it.

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{App, Client},
    ward::found,
};

const NOWHERE: &str = "000000000000000000000000";

/// A doctor with a patient, and two medicines.
pub(crate) struct Ward {
    pub(crate) app: App,
    pub(crate) sam: Client,
    pub(crate) dora: Client,
    pub(crate) ada: Client,
    aspirin: String,
    iron: String,
}

pub(crate) async fn ward() -> Ward {
    let app = App::start().await;
    let sam = app.staff("sam").await;
    let dora = app.provider("dora", "doctor", &sam).await;
    let ada = app.patient("ada").await;
    app.bind("ada", "dora").await;
    let aspirin = medicine(&sam, "Aspirin").await;
    let iron = medicine(&sam, "Iron").await;
    Ward { app, sam, dora, ada, aspirin, iron }
}

async fn medicine(staff: &Client, name: &str) -> String {
    staff.post("/api/medicines/", json!({ "name": name })).await.is(201).text_at("/id")
}

fn dose(medicine: &str) -> Value {
    json!({"medicine": medicine, "dose": "1 tablet", "frequency": "daily", "days": 7})
}

impl Ward {
    /// A treatment of ada by dora.
    pub(crate) async fn begun(&self) -> String {
        let body = json!({
            "patient": "ada", "subject": "Cough", "medicines": [dose(&self.aspirin)],
        });
        let answer = self.dora.post("/api/treatments/", body).await.is(201);
        format!("/api/treatments/{}/", answer.text_at("/id"))
    }

    /// A clinic of dora's, with a nurse.
    pub(crate) async fn clinic(&self, name: &str, nurse: &str) -> String {
        let body = json!({ "name": name });
        let clinic = self.dora.post("/api/clinics/", body).await.is(201).text_at("/id");
        let works = json!({"clinic": clinic, "doctor": nurse});
        self.dora.post("/api/clinic-doctors/", works).await.is(201);
        clinic
    }

    /// What ada was told of treatments, the oldest first.
    async fn told(&self) -> Vec<String> {
        let inbox = self.ada.get("/api/notifications/?category=treatment").await.is(200);
        inbox.column("title").into_iter().rev().collect()
    }
}

#[actix_web::test]
async fn a_doctor_treats_a_patient_who_is_bound_to_them() {
    let ward = ward().await;
    let body = json!({
        "patient": "ada", "subject": " Cough ", "instructions": "Rest.", "id": "x",
        "medicines": [dose(&ward.aspirin), {
            "medicine": ward.iron, "dose": 2, "frequency": "weekly", "days": "30", "more": 1,
        }],
    });
    let answer = ward.dora.post("/api/treatments/", body).await.is(201);
    let id = answer.text_at("/id");
    answer.says(&json!({
        "id": id, "patient": "ada", "status": "active", "subject": "Cough",
        "instructions": "Rest.",
        "medicines": [dose(&ward.aspirin), {
            "medicine": ward.iron, "dose": "2", "frequency": "weekly", "days": 30,
        }],
        "patientUsername": "ada", "doctorUsername": "dora",
    }));
    let path = format!("/api/treatments/{id}/");
    for client in [&ward.ada, &ward.dora, &ward.sam] {
        client.get(&path).await.is(200);
    }
    assert_eq!(ward.told().await, ["New treatment"]);
    let text = ward.ada.get("/api/notifications/").await.text_at("/results/0/text");
    assert_eq!(text, "dora has prescribed you a treatment.");
}

#[actix_web::test]
async fn all_that_is_wrong_is_said_at_once_each_row_at_its_place() {
    let ward = ward().await;
    let required = json!(["This field is required."]);
    let invalid = json!([format!("Invalid pk \"{NOWHERE}\" - object does not exist.")]);
    let body = json!({
        "status": "done",
        "medicines": [
            dose(&ward.aspirin),
            dose(NOWHERE),
            {"medicine": NOWHERE, "dose": " ", "days": 0},
            {"dose": "x", "frequency": "x", "days": 1.5},
            {"medicine": [], "dose": "x", "frequency": "x", "days": 1},
            7,
        ],
    });
    ward.dora.post("/api/treatments/", body).await.is(400).says(&json!({
        "patient": required,
        "status": ["\"done\" is not a valid choice."],
        "subject": required,
        "medicines": [
            {},
            {"medicine": invalid},
            {
                "dose": ["This field may not be blank."],
                "frequency": required,
                "days": ["Ensure this value is greater than or equal to 1."],
                "medicine": invalid,
            },
            {"medicine": required, "days": ["A valid integer is required."]},
            {"medicine": ["Incorrect type. Expected pk value, received list."]},
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
        ],
    }));
    let lone = json!({"patient": "ada", "subject": "x", "medicines": [dose(NOWHERE)]});
    ward.dora.post("/api/treatments/", lone).await.is(400).says(&json!({
        "medicines": [{ "medicine": invalid }],
    }));
    for (odd, message) in [
        (json!("x"), "Expected a list of items but got type \"str\"."),
        (json!({}), "Expected a list of items but got type \"dict\"."),
        (json!(vec![dose(&ward.iron); 101]), "Ensure this field has no more than 100 elements."),
    ] {
        let body = json!({"patient": "ada", "subject": "x", "medicines": odd});
        let answer = ward.dora.post("/api/treatments/", body).await.is(400);
        answer.says(&json!({"medicines": {"non_field_errors": [message]}}));
    }
    for (odd, message) in [
        (json!(null), json!(["This field may not be null."])),
        (json!([null]), json!([["This field may not be null."]])),
    ] {
        let body = json!({"patient": "ada", "subject": "x", "medicines": odd});
        let answer = ward.dora.post("/api/treatments/", body).await.is(400);
        answer.says(&json!({ "medicines": message }));
    }
    assert_eq!(ward.told().await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_patient_who_is_not_the_doctors_is_answered_as_one_who_is_not_there() {
    let ward = ward().await;
    ward.app.patient("bob").await;
    for name in ["bob", "nobody", "dora", "sam"] {
        let body = json!({"patient": name, "subject": "x"});
        ward.dora.post("/api/treatments/", body).await.is(400).says(&json!({
            "patient": [format!("Object with username={name} does not exist.")],
        }));
    }
}

#[actix_web::test]
async fn who_reads_a_patient_through_a_broken_glass_does_not_treat_them() {
    let ward = ward().await;
    let dan = ward.app.provider("dan", "doctor", &ward.sam).await;
    let body = json!({"patient": "ada", "subject": "x"});
    dan.post("/api/treatments/", body.clone()).await.is(400);
    let reason = json!({"reason": "unconscious"});
    dan.post("/api/patients/ada/break-glass/", reason).await.is(201);
    dan.post("/api/treatments/", body).await.is(403);
    let (_, work) = found(&dan, "Borealis").await;
    let hour = |hour: i64| ward.app.ctx.clock.now().plus_millis(hour * 3_600_000).to_string();
    let slot = json!({
        "clinic_doctor": work, "patient": "ada", "start_time": hour(1), "end_time": hour(2),
    });
    dan.post("/api/appointments/", slot).await.is(403);
    assert_eq!(ward.told().await, Vec::<String>::new());
}

#[actix_web::test]
async fn nobody_else_treats_and_nobody_in_the_name_of_another() {
    let ward = ward().await;
    let dan = ward.app.provider("dan", "doctor", &ward.sam).await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    ward.app.bind("ada", "dan").await;
    let body = json!({"patient": "ada", "subject": "x"});
    for client in [&nick, &ward.ada, &ward.sam] {
        client.post("/api/treatments/", body.clone()).await.is(403);
    }
    let forged = json!({"patient": "ada", "subject": "x", "doctor": "dora"});
    dan.post("/api/treatments/", forged).await.is(403);
    let own = json!({"patient": "ada", "subject": "x", "doctor": "dan"});
    dan.post("/api/treatments/", own).await.is(201);
    assert_eq!(ward.told().await, ["New treatment"]);
}

#[actix_web::test]
async fn treatments_are_found_by_patient_doctor_and_status_and_only_ones_own() {
    let ward = ward().await;
    let dan = ward.app.provider("dan", "doctor", &ward.sam).await;
    let bob = ward.app.patient("bob").await;
    for name in ["ada", "bob"] {
        ward.app.bind(name, "dan").await;
    }
    ward.begun().await;
    for name in ["ada", "bob"] {
        let body = json!({"patient": name, "subject": name, "status": "completed"});
        dan.post("/api/treatments/", body).await.is(201);
    }
    let subjects = async |client: &Client, query: &str| {
        client.get(&format!("/api/treatments/{query}")).await.is(200).column("subject")
    };
    assert_eq!(subjects(&ward.sam, "").await, ["bob", "ada", "Cough"]);
    assert_eq!(subjects(&ward.ada, "").await, ["ada", "Cough"]);
    assert_eq!(subjects(&bob, "").await, ["bob"]);
    assert_eq!(subjects(&ward.dora, "").await, ["Cough"]);
    assert_eq!(subjects(&dan, "?patient=ada").await, ["ada"]);
    assert_eq!(subjects(&ward.sam, "?doctor=dora").await, ["Cough"]);
    assert_eq!(subjects(&ward.sam, "?doctor__in=dora,dan&patient=bob").await, ["bob"]);
    assert_eq!(subjects(&ward.sam, "?status=completed").await, ["bob", "ada"]);
    assert_eq!(subjects(&bob, "?doctor=dora").await, Vec::<String>::new());
    ward.sam.get("/api/treatments/?status=done").await.is(400);
    ward.sam.get("/api/treatments/?prescribed=x").await.is(400);
}

#[actix_web::test]
async fn a_part_keeps_the_rest_and_a_list_that_is_given_replaces_the_list() {
    let ward = ward().await;
    let path = ward.begun().await;
    let kept = ward.dora.patch(&path, json!({"instructions": "Rest."})).await.is(200);
    assert_eq!(kept.body["medicines"], json!([dose(&ward.aspirin)]));
    let body = json!({"medicines": [dose(&ward.iron)], "patient": "sam", "doctor": "sam"});
    let replaced = ward.dora.patch(&path, body).await.is(200);
    assert_eq!(replaced.body["medicines"], json!([dose(&ward.iron)]));
    assert_eq!(replaced.body["instructions"], "Rest.");
    assert_eq!(replaced.body["patient"], "ada");
    let part = json!({"medicines": [{"medicine": ward.iron, "days": 3}]});
    ward.dora.patch(&path, part).await.is(400).says(&json!({"medicines": [{
        "dose": ["This field is required."], "frequency": ["This field is required."],
    }]}));
    ward.dora.patch(&path, json!({"medicines": [dose(NOWHERE)]})).await.is(400);
    let emptied = ward.dora.patch(&path, json!({"medicines": []})).await.is(200);
    assert_eq!(emptied.body["medicines"], json!([]));
    ward.dora.put(&path, json!({"subject": null})).await.is(400).says(&json!({
        "subject": ["This field may not be null."],
    }));
    let whole = ward.dora.put(&path, json!({"subject": "Cold"})).await.is(200);
    assert_eq!((&whole.body["subject"], &whole.body["status"]), (&json!("Cold"), &json!("active")));
    assert_eq!(ward.told().await, ["New treatment"]);
}

#[actix_web::test]
async fn a_form_carries_the_medicines_numbered_or_as_json() {
    let ward = ward().await;
    let rows = json!([dose(&ward.iron)]).to_string().replace(' ', "+");
    let form = format!("patient=ada&subject=x&medicines={rows}");
    let numbered = format!(
        "patient=ada&subject=x&medicines[0]medicine={}&medicines[0]dose=1+tablet\
         &medicines[0]frequency=daily&medicines%5B0%5Ddays=7",
        ward.iron
    );
    let urlencoded = "application/x-www-form-urlencoded";
    let made = ward.dora.raw(Method::POST, "/api/treatments/", urlencoded, &numbered).await;
    assert_eq!(made.is(201).body["medicines"], json!([dose(&ward.iron)]));
    let made = ward.dora.raw(Method::POST, "/api/treatments/", urlencoded, &form).await.is(201);
    assert_eq!(made.body["medicines"], json!([dose(&ward.iron)]));
}

#[actix_web::test]
async fn only_its_doctor_changes_a_treatment_and_nobody_deletes_it() {
    let ward = ward().await;
    let path = ward.begun().await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    ward.clinic("West", "nick").await;
    for client in [&ward.ada, &ward.sam, &nick] {
        client.patch(&path, json!({"status": "stopped"})).await.is(403);
    }
    for client in [&ward.dora, &ward.ada, &ward.sam, &nick] {
        let answer = client.delete(&path).await;
        assert_eq!(answer.header("allow"), "GET, PUT, PATCH, HEAD, OPTIONS");
        answer.details(405, "Method \"DELETE\" not allowed.");
    }
}

#[actix_web::test]
async fn what_has_ended_stays_so_and_the_patient_hears_of_it() {
    let ward = ward().await;
    for (end, other) in [("stopped", "completed"), ("completed", "stopped")] {
        let path = ward.begun().await;
        ward.dora.patch(&path, json!({ "status": end })).await.is(200);
        let message = format!("A {end} treatment stays so: begin a new one.");
        for status in ["active", other] {
            let answer = ward.dora.patch(&path, json!({ "status": status })).await;
            answer.details(409, &message);
        }
        let message = format!("The medicines of a {end} treatment are final.");
        ward.dora.patch(&path, json!({"medicines": []})).await.details(409, &message);
        let whole = json!({
            "subject": "Bad cough", "status": end, "medicines": [dose(&ward.aspirin)],
        });
        assert_eq!(ward.dora.put(&path, whole).await.is(200).body["subject"], "Bad cough");
    }
    let told = ward.told().await;
    let expected = ["New treatment", "Treatment stopped", "New treatment", "Treatment completed"];
    assert_eq!(told, expected);
}

#[actix_web::test]
async fn of_many_who_end_a_treatment_at_once_all_agree_and_the_patient_hears_once() {
    let ward = ward().await;
    let path = ward.begun().await;
    let tries = ["stopped", "completed", "stopped", "completed"]
        .map(|status| ward.dora.patch(&path, json!({ "status": status })));
    let answers = join_all(tries).await;
    let now = ward.ada.get(&path).await.text_at("/status");
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
        assert!(answer.status == 409 || answer.body["status"] == json!(now), "{}", answer.text);
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    assert_eq!(ward.told().await, ["New treatment".to_owned(), format!("Treatment {now}")]);
}

#[actix_web::test]
async fn nobody_is_told_and_nobody_bound_when_a_treatment_is_not_stored() {
    let ward = ward().await;
    let nick = ward.app.provider("nick", "nurse", &ward.sam).await;
    ward.clinic("West", "nick").await;
    let body = json!({"patient": "ada", "subject": "x"});
    ward.app.meddler.plan(Mischief::Refuse("treatments"));
    ward.dora.post("/api/treatments/", body.clone()).await.is(503);
    assert_eq!(ward.told().await, Vec::<String>::new());
    nick.get("/api/patients/ada/").await.is(404);
    let keyed = ward.dora.with("idempotency-key", "k");
    for _ in 0..2 {
        keyed.post("/api/treatments/", body.clone()).await.is(201);
    }
    let log = "/api/audit/?patient=ada&user=dora&resource=treatments&action=read";
    assert_eq!(ward.sam.get(log).await.is(200).body["count"], 1);
    assert_eq!(ward.told().await, ["New treatment"]);
    nick.get("/api/patients/ada/").await.is(200);
}

#[actix_web::test]
async fn a_medicine_that_was_prescribed_cannot_be_deleted() {
    let ward = ward().await;
    let path = ward.begun().await;
    let aspirin = format!("/api/medicines/{}/", ward.aspirin);
    let refused = "It cannot be deleted: treatments refer to it.";
    ward.sam.delete(&aspirin).await.details(409, refused);
    ward.dora.patch(&path, json!({"medicines": [dose(&ward.iron)]})).await.is(200);
    ward.sam.delete(&aspirin).await.is(204);
    let iron = format!("/api/medicines/{}/", ward.iron);
    ward.sam.delete(&iron).await.details(409, refused);
}

#[actix_web::test]
async fn treatments_outlive_the_patient() {
    let ward = ward().await;
    let path = ward.begun().await;
    ward.ada.delete("/api/users/ada/").await.is(204);
    assert_eq!(ward.dora.get(&path).await.is(200).body["patient"], "ada");
    let body = json!({"patient": "ada", "subject": "x"});
    ward.dora.post("/api/treatments/", body).await.is(400);
    ward.dora.patch(&path, json!({"status": "stopped"})).await.is(200);
}

#[actix_web::test]
async fn options_describe_the_rows() {
    let ward = ward().await;
    let told = ward.dora.send(Method::OPTIONS, "/api/treatments/", None).await.is(200);
    let row = &told.body["actions"]["POST"]["medicines"]["child"]["children"];
    assert_eq!(row["days"]["type"], "integer");
    assert_eq!((&row["days"]["min_value"], &row["dose"]["required"]), (&json!(1), &json!(true)));
    let seen = ward.ada.send(Method::OPTIONS, "/api/treatments/", None).await.is(200);
    assert!(seen.body.get("actions").is_none());
}
