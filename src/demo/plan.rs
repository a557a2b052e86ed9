//! Who is in the demo clinic and what they have said: made from a seed, the same every time.

use std::collections::BTreeSet;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::demo::{
    names::{FAMILIES, HISTORIES, INSURANCES, Name, SPECIALITIES},
    talks::{CONSULTATIONS, GROUPS, Line, NURSES_STATION, PERSIAN_CONSULTATION},
};

const SEED: u64 = 1_948;
const NURSES: usize = 6;
const PATIENTS: usize = 200;
const DIRECT_ROOMS: usize = 32;

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Staff,
    Doctor {
        speciality: &'static str,
    },
    Nurse,
    Patient {
        insurance: usize,
        supplement: Option<usize>,
        kilograms: u32,
        centimetres: u32,
        history: &'static str,
    },
}

/// Somebody.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) first: String,
    pub(crate) last: &'static str,
    pub(crate) kind: Kind,
    /// Tells people apart in everything that is a number: national ids, council ids, telephones.
    pub(crate) number: usize,
    pub(crate) persian: bool,
}

/// A room and what was said in it.
#[derive(Debug)]
pub(crate) struct Talk {
    /// None for a room of two.
    pub(crate) name: Option<&'static str>,
    /// Usernames; the first one made the room.
    pub(crate) people: Vec<String>,
    pub(crate) lines: &'static [Line],
    /// When it began, in minutes before now.
    pub(crate) minutes_ago: i64,
}

/// The clinic.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) people: Vec<Person>,
    pub(crate) talks: Vec<Talk>,
}

impl Plan {
    /// The clinic of the seed.
    pub(crate) fn new() -> Self {
        let mut crowd = Crowd {
            random: StdRng::seed_from_u64(SEED),
            taken: BTreeSet::new(),
            people: Vec::new(),
        };
        crowd.staff();
        for speciality in SPECIALITIES {
            crowd.add(Kind::Doctor { speciality });
        }
        for _ in 0..NURSES {
            crowd.add(Kind::Nurse);
        }
        for _ in 0..PATIENTS {
            let patient = patient(&mut crowd.random);
            crowd.add(patient);
        }
        let talks = talks(&crowd.people);
        Self { people: crowd.people, talks }
    }

    /// The doctors.
    pub(crate) fn doctors(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| matches!(person.kind, Kind::Doctor { .. }))
    }

    /// The first person whose kind is accepted.
    pub(crate) fn first(&self, accepted: impl Fn(&Kind) -> bool) -> Option<&Person> {
        self.people.iter().find(|person| accepted(&person.kind))
    }
}

/// The people while they are drawn.
struct Crowd {
    random: StdRng,
    taken: BTreeSet<String>,
    people: Vec<Person>,
}

impl Crowd {
    fn staff(&mut self) {
        self.people.push(Person {
            username: "front.desk".to_owned(),
            first: "Front".to_owned(),
            last: "Desk",
            kind: Kind::Staff,
            number: 0,
            persian: false,
        });
    }

    fn add(&mut self, kind: Kind) {
        let number = self.people.len();
        let family = FAMILIES[number % FAMILIES.len()];
        let random = &mut self.random;
        let (first, last) =
            (family_member(random, family.first), family_member(random, family.last));
        let person = Person {
            username: self.username(first, last),
            first: first.0.to_owned(),
            last: last.0,
            kind,
            number,
            persian: family.is_persian,
        };
        self.people.push(person);
    }

    /// `first.last`, numbered when several have the same name.
    fn username(&mut self, first: Name, last: Name) -> String {
        let plain = format!("{}.{}", first.1, last.1);
        let mut username = plain.clone();
        let mut number = 2;
        while !self.taken.insert(username.clone()) {
            username = format!("{plain}{number}");
            number += 1;
        }
        username
    }
}

/// One of these names.
pub(crate) fn family_member(random: &mut StdRng, names: &'static [Name]) -> Name {
    names[random.random_range(0..names.len())]
}

/// A patient's particulars.
pub(crate) fn patient(random: &mut StdRng) -> Kind {
    let centimetres: u32 = random.random_range(150..=195);
    // In tenths: a body mass index between 19 and 30.
    let index: u32 = random.random_range(190..=300);
    let supplement = random.random_bool(0.3);
    Kind::Patient {
        insurance: random.random_range(0..INSURANCES.len()),
        supplement: supplement.then(|| random.random_range(0..INSURANCES.len())),
        kilograms: index * centimetres * centimetres / 100_000,
        centimetres,
        history: HISTORIES[random.random_range(0..HISTORIES.len())],
    }
}

fn talks(people: &[Person]) -> Vec<Talk> {
    let of = |accepted: fn(&Kind) -> bool| -> Vec<&Person> {
        people.iter().filter(|person| accepted(&person.kind)).collect()
    };
    let doctors = of(|kind| matches!(kind, Kind::Doctor { .. }));
    let nurses = of(|kind| matches!(kind, Kind::Nurse));
    let patients = of(|kind| matches!(kind, Kind::Patient { .. }));
    let rooms = (0..DIRECT_ROOMS).filter_map(|index| consultation(&doctors, &patients, index));
    let mut talks: Vec<Talk> = rooms.collect();
    for (index, (name, lines)) in GROUPS.iter().enumerate() {
        let people = doctors.iter().cycle().skip(index * 3).take(3);
        talks.push(group(name, people, lines, 180 + 1_440 * index));
    }
    talks.push(group(NURSES_STATION.0, nurses.iter(), NURSES_STATION.1, 300));
    talks
}

/// A doctor and somebody who writes the same language.
fn consultation(doctors: &[&Person], patients: &[&Person], index: usize) -> Option<Talk> {
    let doctor = doctors.iter().cycle().nth(index)?;
    let candidates = patients.iter().filter(|patient| patient.persian == doctor.persian);
    let patient = candidates.cycle().nth(index)?;
    let lines = if doctor.persian {
        PERSIAN_CONSULTATION
    } else {
        CONSULTATIONS[index % CONSULTATIONS.len()]
    };
    Some(Talk {
        name: None,
        people: vec![doctor.username.clone(), patient.username.clone()],
        lines,
        minutes_ago: minutes(60 + 613 * index),
    })
}

fn group<'a>(
    name: &'static str,
    people: impl Iterator<Item = &'a &'a Person>,
    lines: &'static [Line],
    minutes_ago: usize,
) -> Talk {
    Talk {
        name: Some(name),
        people: people.map(|person| person.username.clone()).collect(),
        lines,
        minutes_ago: minutes(minutes_ago),
    }
}

fn minutes(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clinic_is_the_same_every_time() {
        assert_eq!(format!("{:?}", Plan::new()), format!("{:?}", Plan::new()));
    }

    #[test]
    fn everybody_has_a_username_of_their_own() {
        let plan = Plan::new();
        let usernames: BTreeSet<&str> =
            plan.people.iter().map(|person| person.username.as_str()).collect();
        assert_eq!(usernames.len(), plan.people.len());
        assert_eq!(plan.people.len(), 1 + SPECIALITIES.len() + NURSES + PATIENTS);
    }

    #[test]
    fn every_line_is_said_by_a_member() {
        for talk in Plan::new().talks {
            assert!(talk.lines.iter().all(|(speaker, _)| *speaker < talk.people.len()));
        }
    }

    #[test]
    fn no_two_share_more_than_one_room_of_two() {
        let talks = Plan::new().talks;
        let pairs = talks.iter().filter(|talk| talk.name.is_none()).map(|talk| &talk.people);
        let mut seen = BTreeSet::new();
        assert_eq!(pairs.filter(|pair| seen.insert(*pair)).count(), DIRECT_ROOMS);
    }

    #[test]
    fn somebody_talks_in_persian() {
        let spoken = |talk: &Talk| talk.lines == PERSIAN_CONSULTATION;
        assert!(Plan::new().talks.iter().any(spoken));
    }
}
