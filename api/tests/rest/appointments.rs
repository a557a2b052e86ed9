//! Appointments: how they are opened, and how they move.

use serde_json::{Value, json};

use crate::ward::{PATH, Ward, found, path, set};

const TOO_LATE: &str =
    "This appointment is not open any more: somebody else was first, or it was withdrawn.";

#[actix_web::test]
async fn a_slot_is_shown_with_the_fields_of_the_contract_in_their_order() {
    let ward = Ward::start().await;
    ward.rate("ada", 9, 2).await;
    let body = ward.body(60, 90);
    let made = ward.doctor.post(PATH, body.clone()).await.is(201);
    let id = made.text_at("/id");
    assert_eq!(made.header("location"), format!("http://clinic.example{PATH}{id}/"));
    let shown = json!({
        "id": id, "start_time": body["start_time"], "end_time": body["end_time"],
        "status": "open", "disease": null, "patientUsername": null,
        "clinicDoctorID": ward.work, "doctorUsername": "ada",
        "clinic": {"id": ward.clinic, "name": "Aurora", "description": "", "city": "",
            "address": "", "longitude": null, "latitude": null},
        "average_rating": 4.5,
    });
    assert_eq!(made.text, shown.to_string());
    let bob = ward.app.patient("bob").await;
    assert_eq!(bob.get(&path(&made)).await.is(200).text, shown.to_string());
}

#[actix_web::test]
async fn only_verified_doctors_open_slots_and_only_where_they_work() {
    let ward = Ward::start().await;
    let body = ward.body(60, 90);
    let other = ward.app.provider("eve", "doctor", &ward.staff).await;
    let nurse = ward.app.provider("nia", "nurse", &ward.staff).await;
    let (patient, unverified) = (ward.app.patient("bob").await, ward.app.doctor("dan").await);
    for client in [&other, &nurse, &patient, &unverified, &ward.staff] {
        client.post(PATH, body.clone()).await.is(403);
    }
    let mut unknown = body;
    unknown["clinic_doctor"] = json!("0123");
    ward.doctor
        .post(PATH, unknown)
        .await
        .is(400)
        .says(&json!({"clinic_doctor": ["Invalid pk \"0123\" - object does not exist."]}));
    assert_eq!(ward.staff.get(PATH).await.body["count"], 0);
}

#[actix_web::test]
async fn all_that_is_wrong_with_a_slot_is_said_at_once() {
    let ward = Ward::start().await;
    let required = json!(["This field is required."]);
    ward.doctor.post(PATH, json!({})).await.is(400).says(&json!({
        "clinic_doctor": required, "start_time": required, "end_time": required,
    }));
    let mut body = ward.body(60, 60);
    body["status"] = json!("confirmed");
    body["disease"] = json!("1");
    ward.doctor.post(PATH, body).await.is(400).says(&json!({
        "disease": ["Invalid pk \"1\" - object does not exist."],
        "end_time": ["The end must come after the start."],
        "status": ["A new appointment is open."],
    }));
    let week = 7 * 24 * 60;
    let fault = json!({"end_time": ["An appointment takes at most 7 days."]});
    ward.doctor.post(PATH, ward.body(60, 60 + week + 1)).await.is(400).says(&fault);
    ward.slot(60, 60 + week).await;
}

#[actix_web::test]
async fn what_was_not_planned_is_recorded_afterwards() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let slot = ward.reserved(&bob, -120, -90).await;
    for status in ["confirmed", "completed"] {
        set(&ward.doctor, &slot, status).await.is(200);
    }
    let overlapping = ward.doctor.post(PATH, ward.body(-100, 10)).await.is(409);
    assert!(overlapping.text_at("/detail").starts_with("It overlaps another appointment of yours"));
}

#[actix_web::test]
async fn a_move_to_where_an_appointment_is_comes_too_late() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let slot = ward.slot(-1, 30).await;
    let already = |status| format!("The appointment is {status} already.");
    let flu = ward.staff.post("/api/diseases/", json!({"name": "flu"})).await.text_at("/id");
    set(&ward.doctor, &slot, "open").await.details(409, &already("open"));
    set(&bob, &slot, "open").await.is(403);
    set(&bob, &slot, "reserved").await.is(200);
    for body in [json!({"status": "reserved"}), json!({"status": "reserved", "patient": "bob"})] {
        bob.patch(&slot, body).await.details(409, &already("reserved"));
    }
    set(&ward.doctor, &slot, "reserved").await.is(403);
    let body = json!({"status": "reserved", "disease": flu});
    assert_eq!(bob.patch(&slot, body).await.is(200).body["disease"], json!(flu));
    let whole = bob.get(&slot).await.body;
    bob.put(&slot, whole).await.is(200);
    for status in ["confirmed", "completed"] {
        set(&ward.doctor, &slot, status).await.is(200);
        set(&ward.doctor, &slot, status).await.details(409, &already(status));
        set(&bob, &slot, status).await.is(403);
    }
    assert_eq!(ward.told(&ward.doctor).await.len(), 1, "told of the reservation, once");
}

#[actix_web::test]
async fn an_appointment_moves_from_open_to_completed_and_each_move_is_told() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let slot = ward.slot(-1, 30).await;
    let disease = ward.staff.post("/api/diseases/", json!({"name": "flu"})).await.text_at("/id");
    let body = json!({"status": "reserved", "disease": disease, "patient": "bob"});
    let reserved = bob.patch(&slot, body).await.is(200);
    assert_eq!(reserved.body["patientUsername"], "bob");
    assert_eq!(reserved.body["disease"], disease.as_str());
    set(&ward.doctor, &slot, "completed")
        .await
        .details(409, "An appointment that is reserved cannot become completed.");
    set(&ward.doctor, &slot, "confirmed").await.is(200);
    set(&ward.doctor, &slot, "completed").await.is(200);
    set(&ward.doctor, &slot, "no_show")
        .await
        .details(409, "An appointment that is completed cannot become no_show.");
    let start = reserved.text_at("/start_time");
    let place = format!("on {} at {} UTC, Aurora.", &start[..10], &start[11..16]);
    assert_eq!(
        ward.told(&ward.doctor).await,
        [format!("bob has reserved the appointment {place}")]
    );
    assert_eq!(
        ward.told(&bob).await,
        [
            format!("ada has completed the appointment {place}"),
            format!("ada has confirmed the appointment {place}"),
        ]
    );
}

#[actix_web::test]
async fn what_has_not_begun_is_not_completed_and_what_has_begun_is_not_cancelled() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let ahead = ward.reserved(&bob, 60, 90).await;
    set(&ward.doctor, &ahead, "confirmed").await.is(200);
    for status in ["completed", "no_show"] {
        let said = format!("An appointment cannot become {status} before it has begun.");
        set(&ward.doctor, &ahead, status).await.details(409, &said);
    }
    let running = ward.reserved(&bob, -1, 30).await;
    for client in [&ward.doctor, &bob] {
        set(client, &running, "cancelled")
            .await
            .details(409, "An appointment cannot become cancelled once it has begun.");
    }
    set(&bob, &ahead, "cancelled").await.is(200);
}

#[actix_web::test]
async fn a_cancelled_slot_is_opened_again_by_its_doctor_and_forgets_who_had_it() {
    let ward = Ward::start().await;
    let (bob, cy) = (ward.app.patient("bob").await, ward.app.patient("cy").await);
    let slot = ward.reserved(&bob, 60, 90).await;
    set(&bob, &slot, "cancelled").await.is(200);
    set(&bob, &slot, "open").await.is(403);
    set(&bob, &slot, "reserved")
        .await
        .details(409, "An appointment that is cancelled cannot become reserved.");
    let open = set(&ward.doctor, &slot, "open").await.is(200);
    assert_eq!(open.body["patientUsername"], Value::Null);
    set(&cy, &slot, "reserved").await.is(200);
    bob.get(&slot).await.is(404);
    set(&ward.doctor, &slot, "cancelled").await.is(200);
    let told = ward.told(&cy).await;
    assert!(told[0].starts_with("ada has cancelled the appointment on"), "{told:?}");
    assert_eq!(ward.told(&ward.doctor).await.len(), 3, "reserved, cancelled, reserved");
}

#[actix_web::test]
async fn nobody_makes_a_move_that_is_not_theirs() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let nurse = ward.app.provider("nia", "nurse", &ward.staff).await;
    let body = json!({"clinic": ward.clinic, "doctor": "nia"});
    ward.staff.post("/api/clinic-doctors/", body).await.is(201);
    let other = ward.app.provider("eve", "doctor", &ward.staff).await;
    let slot = ward.slot(60, 90).await;
    for client in [&ward.doctor, &ward.staff, &nurse, &other] {
        set(client, &slot, "reserved").await.is(403);
    }
    for status in ["confirmed", "completed", "no_show", "cancelled"] {
        set(&bob, &slot, status).await.is(403);
    }
    set(&bob, &slot, "reserved").await.is(200);
    for (client, statuses) in [
        (&bob, &["confirmed", "completed", "no_show", "open"][..]),
        (&ward.staff, &["confirmed", "completed", "open", "cancelled"]),
        (&nurse, &["confirmed", "cancelled"]),
    ] {
        for status in statuses {
            set(client, &slot, status).await.is(403);
        }
    }
    set(&ward.doctor, &slot, "open")
        .await
        .details(409, "An appointment that is reserved cannot become open.");
    set(&ward.doctor, &slot, "gone")
        .await
        .is(400)
        .says(&json!({"status": ["\"gone\" is not a valid choice."]}));
    ward.app.anonymous().patch(&slot, json!({"status": "reserved"})).await.is(401);
}

#[actix_web::test]
async fn whoever_comes_later_gets_a_409_and_to_everybody_else_it_is_not_there() {
    let ward = Ward::start().await;
    let (bob, cy) = (ward.app.patient("bob").await, ward.app.patient("cy").await);
    let other = ward.app.provider("eve", "doctor", &ward.staff).await;
    let slot = ward.reserved(&bob, 60, 90).await;
    let whole = json!({"start_time": ward.at(60), "end_time": ward.at(90), "status": "reserved"});
    set(&cy, &slot, "reserved").await.details(409, TOO_LATE);
    cy.put(&slot, whole).await.details(409, TOO_LATE);
    let gone = "No Appointment matches the given query.";
    set(&other, &slot, "reserved").await.details(404, gone);
    set(&cy, &slot, "confirmed").await.details(404, gone);
    cy.patch(&slot, json!({})).await.details(404, gone);
    cy.get(&slot).await.details(404, gone);
    cy.delete(&slot).await.details(404, gone);
    set(&cy, &format!("{PATH}0123456789abcdef01234567/"), "reserved").await.details(404, gone);
}

#[actix_web::test]
async fn patients_are_named_by_themselves_and_times_are_set_by_the_doctor() {
    let ward = Ward::start().await;
    let (bob, _) = (ward.app.patient("bob").await, ward.app.patient("cy").await);
    let slot = ward.slot(60, 90).await;
    let later = json!({"end_time": ward.at(95)});
    bob.patch(&slot, json!({"status": "reserved", "patient": "cy"})).await.is(403);
    bob.patch(&slot, later.clone()).await.is(403);
    ward.staff.patch(&slot, later.clone()).await.is(403);
    ward.doctor.patch(&slot, json!({"patient": "bob"})).await.is(403);
    ward.doctor.patch(&slot, later.clone()).await.is(200);
    let whole = bob.get(&slot).await.body;
    let mut body = json!({"status": "reserved", "patient": null, "clinic_doctor": ward.work});
    for field in ["start_time", "end_time", "disease"] {
        body[field] = whole[field].clone();
    }
    bob.put(&slot, body).await.is(200);
    ward.doctor
        .patch(&slot, json!({"end_time": ward.at(100)}))
        .await
        .details(409, "Only the times of an appointment that is open can change.");
    bob.patch(&slot, json!({"patient": null})).await.is(403);
    ward.doctor.patch(&slot, json!({"patient": "bob"})).await.is(200);
}

#[actix_web::test]
async fn a_doctor_books_for_patients_of_theirs_and_for_nobody_else() {
    let ward = Ward::start().await;
    let (bob, cy) = (ward.app.patient("bob").await, ward.app.patient("cy").await);
    ward.reserved(&bob, 60, 90).await;
    let mut body = ward.body(120, 150);
    for stranger in ["cy", "nobody", "sam"] {
        body["patient"] = json!(stranger);
        let said = format!("Object with username={stranger} does not exist.");
        ward.doctor.post(PATH, body.clone()).await.is(400).says(&json!({"patient": [said]}));
    }
    body["patient"] = json!("bob");
    let made = ward.doctor.post(PATH, body).await.is(201);
    assert_eq!(
        (&made.body["status"], &made.body["patientUsername"]),
        (&json!("reserved"), &json!("bob"))
    );
    assert!(ward.told(&bob).await[0].starts_with("ada has reserved the appointment on"));
    // It was never open, so nobody comes too late for it.
    set(&cy, &path(&made), "reserved").await.is(404);
    let (_, elsewhere) = {
        let eve = ward.app.provider("eve", "doctor", &ward.staff).await;
        let there = found(&eve, "Borealis").await.1;
        let body =
            json!({"clinic_doctor": there, "start_time": ward.at(200), "end_time": ward.at(230)});
        (there.clone(), path(&eve.post(PATH, body).await.is(201)))
    };
    set(&bob, &elsewhere, "reserved").await.is(200);
    let mut body = ward.body(210, 220);
    body["patient"] = json!("bob");
    ward.doctor
        .post(PATH, body)
        .await
        .details(409, "The patient has another appointment at that time.");
}

#[actix_web::test]
async fn a_reservation_binds_the_patient_to_the_doctor_and_the_nurses_for_good() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let nurse = ward.app.provider("nia", "nurse", &ward.staff).await;
    let body = json!({"clinic": ward.clinic, "doctor": "nia"});
    ward.staff.post("/api/clinic-doctors/", body).await.is(201);
    let other = ward.app.provider("eve", "doctor", &ward.staff).await;
    ward.doctor.get("/api/patients/bob/").await.is(404);
    let slot = ward.reserved(&bob, 60, 90).await;
    set(&bob, &slot, "cancelled").await.is(200);
    for client in [&ward.doctor, &nurse] {
        client.get("/api/patients/bob/").await.is(200);
    }
    other.get("/api/patients/bob/").await.is(404);
}

#[actix_web::test]
async fn only_an_open_slot_is_deleted_and_only_by_its_doctor_or_staff() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let (first, second) = (ward.slot(60, 90).await, ward.slot(90, 120).await);
    let taken = ward.reserved(&bob, 120, 150).await;
    bob.delete(&first).await.is(403);
    ward.doctor.delete(&first).await.is(204);
    ward.staff.delete(&second).await.is(204);
    for client in [&ward.doctor, &ward.staff] {
        client
            .delete(&taken)
            .await
            .details(409, "An appointment that is reserved cannot be deleted.");
    }
    bob.delete(&taken).await.is(403);
    assert_eq!(ward.staff.get(PATH).await.body["count"], 1);
}

#[actix_web::test]
async fn a_reservation_holds_only_for_the_version_that_was_seen() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let slot = ward.slot(60, 90).await;
    let tag = bob.get(&slot).await.header("etag");
    ward.doctor.patch(&slot, json!({"end_time": ward.at(100)})).await.is(200);
    set(&bob.with("if-match", &tag), &slot, "reserved").await.is(412);
    let tag = bob.get(&slot).await.header("etag");
    set(&bob.with("if-match", &tag), &slot, "reserved").await.is(200);
}

#[actix_web::test]
async fn what_it_is_about_is_for_its_patient_and_its_doctor_to_say() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let flu = ward.staff.post("/api/diseases/", json!({"name": "flu"})).await.text_at("/id");
    let slot = ward.slot(60, 90).await;
    let about = json!({ "disease": flu });
    bob.patch(&slot, about.clone()).await.is(403);
    set(&bob, &slot, "reserved").await.is(200);
    bob.patch(&slot, about.clone()).await.is(200);
    ward.staff.patch(&slot, json!({"disease": null})).await.is(403);
    ward.doctor.patch(&slot, json!({"disease": null})).await.is(200);
    bob.patch(&slot, about).await.is(200);
    ward.staff.delete(&format!("/api/diseases/{flu}/")).await.is(204);
    assert_eq!(bob.get(&slot).await.body["disease"], Value::Null);
}
