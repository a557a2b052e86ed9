//! What can happen in the clinic. Each step is tried by somebody, allowed or not; the world learns of
//! it when it was done, and it must be refused when the policy says so.

use ihs_store::{Clock, SystemClock};
use proptest::prelude::*;
use serde_json::json;

use super::{
    rights::pair,
    world::{Kind, Slot, World},
};

/// Something that somebody tries; numbers choose people and records.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Somebody takes somebody on at a clinic.
    Join { by: usize, who: usize, clinic: usize },
    /// Somebody opens a slot.
    Open { by: usize, clinic: usize },
    /// A patient reserves a slot.
    Reserve { by: usize, slot: usize },
    /// Somebody ends a reservation, or opens a slot again.
    Move { by: usize, slot: usize, to: &'static str },
    /// Somebody treats a patient.
    Treat { by: usize, patient: usize },
    /// Staff, or who else may, notify somebody.
    Notify { by: usize, whom: usize },
    /// Somebody makes a room with another.
    Meet { by: usize, with: usize },
    /// Somebody says something in a room.
    Say { by: usize, room: usize },
    /// Somebody follows another.
    Follow { by: usize, whom: usize },
}

const HOUR: i64 = 3_600_000;

impl Step {
    /// Any of them, those on which others build more often.
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let number = 0..100_usize;
        let two = (number.clone(), number.clone());
        let to = prop::sample::select(&["confirmed", "cancelled", "open"][..]);
        prop_oneof![
            2 => (number.clone(), two.clone()).prop_map(|(by, (who, clinic))| Self::Join { by, who, clinic }),
            4 => two.clone().prop_map(|(by, clinic)| Self::Open { by, clinic }),
            4 => two.clone().prop_map(|(by, slot)| Self::Reserve { by, slot }),
            3 => (two.clone(), to).prop_map(|((by, slot), to)| Self::Move { by, slot, to }),
            4 => two.clone().prop_map(|(by, patient)| Self::Treat { by, patient }),
            2 => two.clone().prop_map(|(by, whom)| Self::Notify { by, whom }),
            1 => two.clone().prop_map(|(by, with)| Self::Meet { by, with }),
            2 => two.clone().prop_map(|(by, room)| Self::Say { by, room }),
            1 => two.prop_map(|(by, whom)| Self::Follow { by, whom }),
        ]
    }

    /// Tries it.
    pub(super) async fn take(&self, world: &mut World) {
        match *self {
            Self::Join { by, who, clinic } => join(world, by, who, clinic).await,
            Self::Open { by, clinic } => open(world, by, clinic).await,
            Self::Reserve { by, slot } => reserve(world, by, slot).await,
            Self::Move { by, slot, to } => shift(world, by, slot, to).await,
            Self::Treat { by, patient } => treat(world, by, patient).await,
            Self::Notify { by, whom } => notify(world, by, whom).await,
            Self::Meet { by, with } => meet(world, by, with).await,
            Self::Say { by, room } => say(world, by, room).await,
            Self::Follow { by, whom } => follow(world, by, whom).await,
        }
    }
}

async fn join(world: &mut World, by: usize, who: usize, clinic: usize) {
    let (by, who) = (world.somebody(by), world.somebody(who));
    let clinic = world.clinics[clinic % world.clinics.len()].clone();
    let allowed = by.kind == Kind::Staff || world.is_doctor_at(by, &clinic);
    let name = who.client.name.clone();
    let body = json!({"clinic": clinic, "doctor": name});
    let status = by.client.post("/api/clinic-doctors/", body).await.status;
    let fits = matches!(who.kind, Kind::Doctor | Kind::Nurse);
    let there = world.works_at.contains(&pair(&clinic, &name));
    assert_eq!(status == 201, allowed && fits && !there, "{status}");
    if status == 201 {
        world.works_at.insert((clinic, name));
    }
}

async fn open(world: &mut World, by: usize, clinic: usize) {
    world.opened += 1;
    let by = world.somebody(by);
    let clinic = world.clinics[clinic % world.clinics.len()].clone();
    let name = by.client.name.clone();
    let allowed = world.is_doctor_at(by, &clinic);
    let query = format!("/api/clinic-doctors/?clinic={clinic}&doctor={name}");
    let entry = by.client.get(&query).await.body["results"][0]["id"].clone();
    let offset = i64::try_from(world.opened).unwrap() * 2 * HOUR;
    let start = SystemClock.now().plus_millis(offset);
    let body = json!({
        "clinic_doctor": entry, "start_time": start, "end_time": start.plus_millis(HOUR),
    });
    let answer = by.client.post("/api/appointments/", body).await;
    assert_eq!(answer.status == 201, allowed, "{}", answer.text);
    if allowed {
        let slot = Slot { doctor: name, clinic, patient: None, status: "open" };
        world.slots.insert(answer.text_at("/id"), slot);
    }
}

async fn reserve(world: &mut World, by: usize, slot: usize) {
    let Some(id) = nth(world.slots.keys(), slot) else { return };
    let by = world.somebody(by);
    let name = by.client.name.clone();
    let free = world.slots[&id].status == "open";
    let path = format!("/api/appointments/{id}/");
    let status = by.client.patch(&path, json!({"status": "reserved"})).await.status;
    match (by.kind, free) {
        (Kind::Patient, true) => assert_eq!(status, 200),
        (Kind::Patient, false) => assert_eq!(status, 409),
        _ => assert!(matches!(status, 403 | 404), "{status}"),
    }
    if by.kind == Kind::Patient && free {
        let slot = world.slots.get_mut(&id).unwrap();
        slot.patient = Some(name.clone());
        slot.status = "reserved";
        world.treated_by.insert(pair(&name, &slot.doctor));
        world.seen_at.insert(pair(&name, &slot.clinic));
    }
}

async fn shift(world: &mut World, by: usize, slot: usize, to: &'static str) {
    let Some(id) = nth(world.slots.keys(), slot) else { return };
    let by = world.somebody(by);
    let side = by.kind != Kind::Staff && world.may_change(by, "appointments", &id);
    let path = format!("/api/appointments/{id}/");
    let answer = by.client.patch(&path, json!({"status": to})).await;
    let before = world.slots[&id].status;
    assert!(answer.status != 200 || side && before != to, "{}", answer.text);
    if answer.status == 200 {
        let slot = world.slots.get_mut(&id).unwrap();
        slot.status = to;
        if to == "open" {
            slot.patient = None;
        }
    }
}

async fn treat(world: &mut World, by: usize, patient: usize) {
    let by = world.somebody(by);
    let patient = world.one_of(Kind::Patient, patient).client.name.clone();
    let doctor = by.client.name.clone();
    let allowed = by.kind == Kind::Doctor && world.treats(by, &patient);
    let body = json!({"patient": patient, "subject": "x", "instructions": "y", "medicines": []});
    let answer = by.client.post("/api/treatments/", body).await;
    assert_eq!(answer.status == 201, allowed, "{}", answer.text);
    if allowed {
        world.treatments.insert(answer.text_at("/id"), (patient, doctor));
    }
}

async fn notify(world: &mut World, by: usize, whom: usize) {
    let (by, whom) = (world.somebody(by), world.somebody(whom));
    let name = whom.client.name.clone();
    let allowed = by.kind == Kind::Staff || world.treats(by, &name);
    let body = json!({"user": name, "title": "x", "text": "y"});
    let answer = by.client.post("/api/notifications/", body).await;
    assert_eq!(answer.status == 201, allowed, "{}", answer.text);
    if allowed {
        world.notifications.insert(answer.text_at("/id"), name);
    }
}

async fn meet(world: &mut World, by: usize, with: usize) {
    let (by, with) = (world.somebody(by), world.somebody(with));
    let members = [by.client.name.clone(), with.client.name.clone()];
    let body = json!({"name": "x", "members": members});
    let answer = by.client.post("/api/rooms/", body).await.is(201);
    world.rooms.insert(answer.text_at("/id"), members.into_iter().collect());
}

async fn say(world: &mut World, by: usize, room: usize) {
    let Some(room) = nth(world.rooms.keys(), room) else { return };
    let by = world.somebody(by);
    let allowed = world.is_member(&by.client.name, &room);
    let answer = by.client.post("/api/messages/", json!({"room": room, "text": "hello"})).await;
    assert_eq!(answer.status == 201, allowed, "{}", answer.text);
    if allowed {
        world.messages.insert(answer.text_at("/id"), (room, by.client.name.clone()));
    }
}

async fn follow(world: &mut World, by: usize, whom: usize) {
    let (by, whom) = (world.somebody(by), world.somebody(whom));
    let answer = by.client.post("/api/followers/", json!({"followee": whom.client.name})).await;
    assert!(matches!(answer.status, 201 | 400), "{}", answer.text);
}

/// One of these keys, by a number.
pub(super) fn nth<'a>(
    mut keys: impl ExactSizeIterator<Item = &'a String>,
    number: usize,
) -> Option<String> {
    let length = keys.len();
    if length == 0 { None } else { keys.nth(number % length).cloned() }
}
