//! The plan as what is stored: users with their profiles, insurances, rooms and their logs.

use ihs_api::{
    Ctx,
    seed::{SeedError, record, treated_by},
};
use ihs_store::{Body, Document, EntryId, LogEntry, RoomId, Seq, Timestamp, Write};
use serde_json::{Value, json};

use crate::demo::{
    care::Care,
    names::INSURANCES,
    plan::{Kind, Person, Plan, Talk},
};

/// Time between two lines of a conversation.
const PAUSE_MILLIS: i64 = 97_000;

const MINUTE_MILLIS: i64 = 60_000;

/// Makes the writes of a plan.
pub(crate) struct Records<'ctx> {
    ctx: &'ctx Ctx,
    password_hash: String,
    /// Ids of the insurances, in the order of their names.
    insurances: Vec<String>,
    now: Timestamp,
}

impl<'ctx> Records<'ctx> {
    /// Everybody gets the password of this hash.
    pub(crate) fn new(ctx: &'ctx Ctx, password_hash: String) -> Self {
        let insurances = INSURANCES.iter().map(|_| ctx.ids.record()).collect();
        Self { ctx, password_hash, insurances, now: ctx.clock.now() }
    }

    /// All writes, in an order in which what is referred to comes first. Those of one item belong
    /// into one commit.
    pub(crate) fn of(&self, plan: &Plan) -> Result<Vec<Vec<Write>>, SeedError> {
        let insurances = INSURANCES.iter().zip(&self.insurances);
        let mut all: Vec<Vec<Write>> = Vec::new();
        for (name, id) in insurances {
            all.push(vec![record(
                self.ctx,
                "insurances",
                id,
                "",
                values(json!({"orgname": name})),
            )?]);
        }
        for person in &plan.people {
            all.push(self.person(person)?);
        }
        all.extend(Care::new(self.ctx, plan).of()?);
        for talk in &plan.talks {
            all.push(self.talk(talk)?);
        }
        Ok(all)
    }

    /// A user and their profile.
    pub(crate) fn person(&self, person: &Person) -> Result<Vec<Write>, SeedError> {
        let id = self.ctx.ids.record();
        let store = |resource, values| record(self.ctx, resource, &id, &person.username, values);
        let mut writes = vec![store("users", self.user(person))?];
        if let Some((resource, profile)) = self.profile(person, &id) {
            writes.push(store(resource, profile)?);
        }
        Ok(writes)
    }

    /// A patient, and the doctor who treats them.
    pub(crate) fn patient(
        &self,
        patient: &Person,
        doctor: Option<&str>,
    ) -> Result<Vec<Write>, SeedError> {
        let writes = self.person(patient)?.into_iter();
        Ok(match doctor {
            Some(doctor) => writes.map(|write| treated_by(write, doctor)).collect(),
            None => writes.collect(),
        })
    }

    fn user(&self, person: &Person) -> Document {
        let role = match person.kind {
            Kind::Staff => "staff",
            Kind::Doctor { .. } => "doctor",
            Kind::Nurse => "nurse",
            Kind::Patient { .. } => "patient",
        };
        values(json!({
            "username": person.username,
            "full_name": full_name(person),
            "email": email(person),
            "first_name": person.first,
            "last_name": person.last,
            "type": role,
            "is_active": true,
            "verified": true,
            "password_hash": self.password_hash,
        }))
    }

    fn profile(&self, person: &Person, id: &str) -> Option<(&'static str, Document)> {
        let (resource, special) = match person.kind {
            Kind::Staff => return None,
            Kind::Doctor { speciality } => ("doctors", provider(person, "doctor", speciality)),
            Kind::Nurse => ("doctors", provider(person, "nurse", "Nursing")),
            Kind::Patient { insurance, supplement, kilograms, centimetres, history } => (
                "patients",
                json!({
                    "insurance": self.insurances.get(insurance),
                    "supplementalInsurance": supplement.and_then(|index| self.insurances.get(index)),
                    "weight": kilograms,
                    "height": centimetres,
                    "diseaseHistory": history,
                    "phone_number": format!("+00 555 {:04}", person.number),
                }),
            ),
        };
        let mut profile = values(special);
        profile.extend(values(json!({
            "user": person.username,
            "userId": id,
            "userfullname": full_name(person),
            "useremail": email(person),
            "nationalId": format!("DEMO-{:05}", person.number),
        })));
        Some((resource, profile))
    }

    fn talk(&self, talk: &Talk) -> Result<Vec<Write>, SeedError> {
        let id = RoomId::from_bytes(self.ctx.ids.next());
        let maker = talk.people.first().map_or("", String::as_str);
        let entries = self.entries(talk);
        let ended = entries.last().map_or(self.now, |entry| entry.time);
        let room = values(json!({
            "name": talk.name.unwrap_or_default(),
            "kind": if talk.name.is_some() { "group" } else { "direct" },
            "members": talk.people,
            "admins": [maker],
            "created_by": maker,
            "pair": pair(talk),
            "last_activity": ended,
        }));
        let room = record(self.ctx, "rooms", &id.to_string(), maker, room)?;
        Ok(vec![room, Write::Append { room: id, entries }])
    }

    fn entries(&self, talk: &Talk) -> Vec<LogEntry> {
        let begin = self.now.plus_millis(-talk.minutes_ago * MINUTE_MILLIS);
        let mut entries: Vec<LogEntry> = Vec::new();
        for (speaker, text) in talk.lines {
            let before = entries.last().map_or(begin, |entry| entry.time);
            entries.push(LogEntry {
                seq: entries.last().map_or(Seq::ZERO, |entry| entry.seq).next(),
                id: EntryId::from_bytes(self.ctx.ids.next()),
                time: before.plus_millis(PAUSE_MILLIS),
                sender: talk.people.get(*speaker).cloned().unwrap_or_default(),
                key: None,
                body: Body::message(*text),
            });
        }
        entries
    }
}

/// What the store keeps of a room of two, so that there is one for each pair.
fn pair(talk: &Talk) -> Option<String> {
    let mut people: Vec<&str> = talk.people.iter().map(String::as_str).collect();
    people.sort_unstable();
    talk.name.is_none().then(|| people.join(" "))
}

fn provider(person: &Person, kind: &str, speciality: &str) -> Value {
    json!({
        "kind": kind,
        "verified": true,
        "speciality": speciality,
        "medicalCouncilId": format!("DEMO-{:04}", person.number),
    })
}

fn full_name(person: &Person) -> String {
    format!("{} {}", person.first, person.last)
}

fn email(person: &Person) -> String {
    format!("{}@example.org", person.username)
}

pub(crate) fn values(value: Value) -> Document {
    match value {
        Value::Object(values) => values,
        _ => Document::new(),
    }
}
