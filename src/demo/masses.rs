//! Further patients, as many as wanted, for measuring: one after the other, so that a million of
//! them need no more memory than one.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::demo::{
    names::FAMILIES,
    plan::{Person, family_member, patient},
};

const SEED: u64 = 1_957;

/// Numbers begin behind those of the clinic's people.
const FIRST_NUMBER: usize = 1_000;

/// One in so many is treated by a doctor of the clinic.
const ONE_TREATED: usize = 50;

/// Patients without end, the same every time.
pub(crate) struct Masses {
    random: StdRng,
    number: usize,
}

impl Masses {
    /// From the first one on.
    pub(crate) fn new() -> Self {
        Self { random: StdRng::seed_from_u64(SEED), number: FIRST_NUMBER }
    }
}

impl Iterator for Masses {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        let number = self.number;
        self.number += 1;
        let family = FAMILIES[number % FAMILIES.len()];
        let (first, last) = (
            family_member(&mut self.random, family.first),
            family_member(&mut self.random, family.last),
        );
        let second = self.random.random_bool(0.4);
        let second = second.then(|| family_member(&mut self.random, family.first).0);
        let first_names =
            second.map_or(first.0.to_owned(), |second| format!("{} {second}", first.0));
        Some(Person {
            username: format!("{}.{}{number}", first.1, last.1),
            first: first_names,
            last: last.0,
            kind: patient(&mut self.random),
            number,
            persian: family.is_persian,
        })
    }
}

/// Which of the clinic's doctors treats this patient, if one does.
pub(crate) fn doctor_of<'a>(patient: &Person, doctors: &[&'a str]) -> Option<&'a str> {
    let turn = patient.number.saturating_sub(FIRST_NUMBER) / ONE_TREATED;
    let treated = patient.number.is_multiple_of(ONE_TREATED) && !doctors.is_empty();
    treated.then(|| doctors[turn % doctors.len()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_username_of_their_own_and_some_are_treated() {
        let people: Vec<Person> = Masses::new().take(5_000).collect();
        let names: BTreeSet<&str> = people.iter().map(|one| one.username.as_str()).collect();
        assert_eq!(names.len(), people.len());
        let treated = people.iter().filter(|one| doctor_of(one, &["a", "b"]) == Some("b"));
        assert_eq!(treated.count(), 50);
        assert_eq!(doctor_of(&people[0], &[]), None);
    }
}
