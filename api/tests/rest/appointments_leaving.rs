//! What becomes of appointments when a clinic, somebody's work at it, a doctor or a patient goes.

use futures_util::future::join;
use ihs_store::{Change, Filter, Write};
use serde_json::{Value, json};

use crate::ward::{PATH, Ward, set};

#[actix_web::test]
async fn work_and_clinics_last_as_long_as_appointments_are_yet_to_come() {
    let ward = Ward::start().await;
    let bob = ward.app.patient("bob").await;
    let (work, clinic) =
        (format!("/api/clinic-doctors/{}/", ward.work), format!("/api/clinics/{}/", ward.clinic));
    let running = ward.reserved(&bob, -1, 30).await;
    let ahead = ward.reserved(&bob, 60, 90).await;
    ward.slot(90, 120).await;
    let start = bob.get(&ahead).await.text_at("/start_time");
    let said = format!(
        "It cannot be deleted: appointments there are yet to come, the next one at {start}."
    );
    for path in [&work, &clinic] {
        ward.doctor.delete(path).await.details(409, &said);
    }
    set(&bob, &ahead, "cancelled").await.is(200);
    ward.doctor.delete(&work).await.is(204);
    let left = ward.staff.get(PATH).await.is(200);
    assert_eq!(left.body["count"], 2, "the open one is gone");
    set(&ward.doctor, &ahead, "open").await.details(409, "You do not work at its clinic any more.");
    ward.staff.delete(&clinic).await.is(204);
    let kept = bob.get(&running).await.is(200);
    assert_eq!(kept.text_at("/clinicDoctorID"), ward.work);
    assert_eq!(kept.text_at("/doctorUsername"), "ada");
    assert_eq!(kept.body["clinic"], Value::Null);
    ward.doctor.post(PATH, ward.body(60, 90)).await.is(400);
}

#[actix_web::test]
async fn a_doctor_who_goes_takes_open_slots_along_and_cancels_the_others() {
    for path in ["/api/users/ada/", "/api/doctors/ada/"] {
        let ward = Ward::start().await;
        let bob = ward.app.patient("bob").await;
        let ahead = ward.reserved(&bob, 60, 90).await;
        let running = ward.reserved(&bob, -1, 30).await;
        let open = ward.slot(90, 120).await;
        ward.doctor.delete(path).await.is(204);
        bob.get(&open).await.is(404);
        assert_eq!(bob.get(&ahead).await.is(200).text_at("/status"), "cancelled");
        assert_eq!(bob.get(&running).await.is(200).text_at("/status"), "reserved");
        let told = ward.told(&bob).await;
        assert!(told[0].ends_with("Aurora is cancelled: its doctor has left."), "{told:?}");
        let works = ward.staff.get("/api/clinic-doctors/").await.is(200);
        assert_eq!(works.body["count"], 0);
    }
}

#[actix_web::test]
async fn a_patient_who_goes_cancels_what_was_yet_to_come() {
    for path in ["/api/users/bob/", "/api/patients/bob/"] {
        let ward = Ward::start().await;
        let bob = ward.app.patient("bob").await;
        let ahead = ward.reserved(&bob, 60, 90).await;
        bob.delete(path).await.is(204);
        assert_eq!(ward.doctor.get(&ahead).await.is(200).text_at("/status"), "cancelled");
        let told = ward.told(&ward.doctor).await;
        assert!(told[0].ends_with("Aurora is cancelled: its patient has left."), "{told:?}");
        let open = ward.slot(120, 150).await;
        let after = set(&bob, &open, "reserved").await;
        assert!(matches!(after.status, 401 | 403), "{}", after.text);
    }
}

/// What a node that died half way has left: no commit has more than two hundred of them.
#[actix_web::test]
async fn hundreds_of_appointments_are_all_cancelled_and_the_sweep_makes_up_for_the_rest() {
    let ward = Ward::start().await;
    let insert = |number: i64| {
        let slot = json!({
            "_id": format!("{number:024x}"), "_version": 1, "doctor": "ada", "patient": "bob",
            "status": "confirmed", "start_time": ward.at(60 + number),
            "end_time": ward.at(61 + number), "clinic_id": ward.clinic,
        });
        let document = slot.as_object().unwrap().clone();
        Write::Insert { collection: "appointments", document }
    };
    let left = || async {
        let filter = Filter::eq("status", "confirmed");
        ward.app.ctx.store.count("appointments", filter).await.unwrap()
    };
    ward.app.ctx.store.commit((0..450).map(insert).collect()).await.unwrap();
    ward.doctor.delete("/api/users/ada/").await.is(204);
    assert_eq!(left().await, 0);
    let writes = (450..460).map(insert).chain([Write::Update {
        collection: "users",
        filter: Filter::eq("username", "ada"),
        change: Change::set("_leaving", "2000-01-01T00:00:00.000Z"),
    }]);
    ward.app.ctx.store.commit(writes.collect()).await.unwrap();
    ihs_api::sweep(&ward.app.ctx).await.unwrap();
    assert_eq!(left().await, 0);
}

#[actix_web::test]
async fn a_reservation_and_the_end_of_the_work_are_never_both_done() {
    for _ in 0..4 {
        let ward = Ward::start().await;
        let bob = ward.app.patient("bob").await;
        let slot = ward.slot(60, 90).await;
        let work = format!("/api/clinic-doctors/{}/", ward.work);
        let (reserved, ended) = join(set(&bob, &slot, "reserved"), ward.doctor.delete(&work)).await;
        let both = (reserved.status, ended.status);
        assert!(matches!(both, (200, 409) | (404, 204)), "{both:?}");
    }
}
