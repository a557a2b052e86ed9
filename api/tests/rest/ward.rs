//! A clinic with a doctor who opens appointments.

use ihs_store::{Change, Filter, Write};
use serde_json::{Value, json};

use crate::support::{Answer, App, Client};

/// The path of appointments.
pub(crate) const PATH: &str = "/api/appointments/";

/// A clinic, its doctor, and staff.
pub(crate) struct Ward {
    pub(crate) app: App,
    pub(crate) staff: Client,
    pub(crate) doctor: Client,
    pub(crate) clinic: String,
    /// Id of the doctor's clinic-doctor.
    pub(crate) work: String,
}

impl Ward {
    /// With a doctor who is called ada.
    pub(crate) async fn start() -> Self {
        let app = App::start().await;
        let staff = app.staff("sam").await;
        let doctor = app.provider("ada", "doctor", &staff).await;
        let (clinic, work) = found(&doctor, "Aurora").await;
        Self { app, staff, doctor, clinic, work }
    }

    /// So many minutes from now.
    pub(crate) fn at(&self, minutes: i64) -> String {
        self.app.ctx.clock.now().plus_millis(minutes * 60_000).to_string()
    }

    /// What the doctor sends to open a slot that begins, and is over, so many minutes from now.
    pub(crate) fn body(&self, from: i64, to: i64) -> Value {
        json!({"clinic_doctor": self.work, "start_time": self.at(from), "end_time": self.at(to)})
    }

    /// The path of a slot that the doctor has opened.
    pub(crate) async fn slot(&self, from: i64, to: i64) -> String {
        path(&self.doctor.post(PATH, self.body(from, to)).await.is(201))
    }

    /// The same, and this patient has it.
    pub(crate) async fn reserved(&self, patient: &Client, from: i64, to: i64) -> String {
        let slot = self.slot(from, to).await;
        set(patient, &slot, "reserved").await.is(200);
        slot
    }

    /// Gives a doctor this sum of so many ratings, as reviews do.
    pub(crate) async fn rate(&self, doctor: &str, sum: i64, count: i64) {
        let change = Change::set("_rating_sum", sum).and_set("_rating_count", count);
        let filter = Filter::eq("user", doctor);
        let write = Write::Update { collection: "doctors", filter, change };
        self.app.ctx.store.commit(vec![write]).await.unwrap();
    }

    /// The texts of all notifications of a user about appointments, newest first.
    pub(crate) async fn told(&self, user: &Client) -> Vec<String> {
        let list = user.get("/api/notifications/?category=appointment&page_size=100").await;
        list.is(200).column("text")
    }
}

/// Founds a clinic; gives its id, and that of the founder's clinic-doctor.
pub(crate) async fn found(doctor: &Client, name: &str) -> (String, String) {
    let clinic = doctor.post("/api/clinics/", json!({"name": name})).await.is(201).text_at("/id");
    let list = format!("/api/clinic-doctors/?clinic={clinic}&doctor={}", doctor.name);
    let work = doctor.get(&list).await.is(200).text_at("/results/0/id");
    (clinic, work)
}

/// The path of a record that was made.
pub(crate) fn path(made: &Answer) -> String {
    format!("{PATH}{}/", made.text_at("/id"))
}

/// Asks for another status.
pub(crate) async fn set(client: &Client, slot: &str, status: &str) -> Answer {
    client.patch(slot, json!({"status": status})).await
}
