//! The people of a small clinic, and what has happened among them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{App, Client};

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Patient,
    Doctor,
    Nurse,
    Staff,
}

/// Somebody.
pub(super) struct Person {
    pub(super) client: Client,
    pub(super) kind: Kind,
    pub(super) is_verified: bool,
}

/// A slot, as far as rights go.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) doctor: String,
    pub(super) clinic: String,
    pub(super) patient: Option<String>,
    pub(super) status: &'static str,
}

/// Everybody, and what is known of what they did.
pub(super) struct World {
    pub(super) people: Vec<Person>,
    pub(super) staff: Client,
    pub(super) clinics: Vec<String>,
    /// Clinic and username.
    pub(super) works_at: BTreeSet<(String, String)>,
    /// Patient and doctor: by an appointment, or by a treatment.
    pub(super) treated_by: BTreeSet<(String, String)>,
    /// Patient and clinic, by an appointment.
    pub(super) seen_at: BTreeSet<(String, String)>,
    pub(super) slots: BTreeMap<String, Slot>,
    /// Patient and doctor, by id.
    pub(super) treatments: BTreeMap<String, (String, String)>,
    /// Whose, by id.
    pub(super) notifications: BTreeMap<String, String>,
    /// Members, by id.
    pub(super) rooms: BTreeMap<String, BTreeSet<String>>,
    /// Room and sender, by id.
    pub(super) messages: BTreeMap<String, (String, String)>,
    /// How many slots were opened: each has a time of its own.
    pub(super) opened: usize,
    _app: App,
}

const PEOPLE: [(&str, Kind, bool); 10] = [
    ("pat-a", Kind::Patient, false),
    ("pat-b", Kind::Patient, false),
    ("pat-c", Kind::Patient, false),
    ("doc-a", Kind::Doctor, true),
    ("doc-b", Kind::Doctor, true),
    ("doc-new", Kind::Doctor, false),
    ("nurse-a", Kind::Nurse, true),
    ("nurse-b", Kind::Nurse, true),
    ("nurse-new", Kind::Nurse, false),
    ("sam", Kind::Staff, false),
];

impl World {
    /// Everybody has signed up; two doctors have a clinic each, with a catalogue to choose from.
    pub(super) async fn open() -> Self {
        let app = App::start().await;
        let staff = app.staff("sam").await;
        let mut people = Vec::new();
        for (name, kind, is_verified) in PEOPLE {
            let client = match kind {
                Kind::Staff => staff.clone(),
                Kind::Patient => app.patient(name).await,
                Kind::Doctor => sign_up(&app, &staff, name, "doctor", is_verified).await,
                Kind::Nurse => sign_up(&app, &staff, name, "nurse", is_verified).await,
            };
            people.push(Person { client, kind, is_verified });
        }
        let mut world = Self {
            people,
            staff,
            clinics: Vec::new(),
            works_at: BTreeSet::new(),
            treated_by: BTreeSet::new(),
            seen_at: BTreeSet::new(),
            slots: BTreeMap::new(),
            treatments: BTreeMap::new(),
            notifications: BTreeMap::new(),
            rooms: BTreeMap::new(),
            messages: BTreeMap::new(),
            opened: 0,
            _app: app,
        };
        for name in ["doc-a", "doc-b"] {
            let body = json!({"name": format!("{name}'s"), "city": "Oslo"});
            let made = world.named(name).client.post("/api/clinics/", body).await.is(201);
            world.works_at.insert((made.text_at("/id"), name.to_owned()));
            world.clinics.push(made.text_at("/id"));
        }
        let catalogue = ["insurances", "specialities", "medicines", "diseases"];
        for (number, name) in catalogue.iter().enumerate() {
            let body = json!({"name": format!("x{number}"), "orgname": format!("x{number}")});
            world.staff.post(&format!("/api/{name}/"), body).await.is(201);
        }
        world
    }

    /// The person of this name.
    pub(super) fn named(&self, name: &str) -> &Person {
        self.people.iter().find(|person| person.client.name == name).unwrap()
    }

    /// Somebody, by a number.
    pub(super) fn somebody(&self, number: usize) -> &Person {
        &self.people[number % self.people.len()]
    }

    /// One of these people, by a number.
    pub(super) fn one_of(&self, kind: Kind, number: usize) -> &Person {
        let these: Vec<&Person> = self.people.iter().filter(|one| one.kind == kind).collect();
        these[number % these.len()]
    }

    /// The keys of all records of a resource that anybody could know.
    pub(super) async fn keys(&self, resource: &str) -> Vec<String> {
        match resource {
            "notifications" => self.notifications.keys().cloned().collect(),
            "messages" => self.messages.keys().cloned().collect(),
            _ => ids(&self.staff, resource, "").await.into_iter().collect(),
        }
    }
}

async fn sign_up(app: &App, staff: &Client, name: &str, kind: &str, is_verified: bool) -> Client {
    if is_verified { app.provider(name, kind, staff).await } else { app.sign_up(name, kind).await }
}

/// The field of a resource by which its records are named.
pub(super) fn key_of(resource: &str) -> &'static str {
    match resource {
        "users" => "username",
        "patients" | "doctors" => "user",
        _ => "id",
    }
}

/// The keys of all records that a list gives, over all of its pages, which must be as many as its
/// count says.
pub(super) async fn ids(client: &Client, resource: &str, query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for page in 1.. {
        let path = format!("/api/{resource}/?page_size=100&page={page}{query}");
        let answer = client.get(&path).await.is(200);
        found.extend(answer.column(key_of(resource)));
        if answer.body["next"] == Value::Null {
            assert_eq!(answer.body["count"], found.len(), "{path} for {}", client.name);
            break;
        }
    }
    found
}
