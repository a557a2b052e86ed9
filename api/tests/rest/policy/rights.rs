//! The policy of the contract, said over what has happened.

use super::world::{Kind, Person, World};

impl World {
    /// Whether somebody may read a record.
    pub(super) fn may_read(&self, who: &Person, resource: &str, key: &str) -> bool {
        let me = who.client.name.as_str();
        let is_staff = who.kind == Kind::Staff;
        match resource {
            "users" => is_staff || key == me,
            "patients" => is_staff || key == me || self.treats(who, key),
            "appointments" => self.slots.get(key).is_some_and(|slot| {
                slot.status == "open"
                    || is_staff
                    || slot.doctor == me
                    || slot.patient.as_deref() == Some(me)
                    || self.nurses_at(who, &slot.clinic)
            }),
            "treatments" => self.treatments.get(key).is_some_and(|(patient, doctor)| {
                is_staff || patient == me || doctor == me || self.nurses_for(who, doctor)
            }),
            "notifications" => self.notifications.get(key).is_some_and(|user| user == me),
            "rooms" => is_staff || self.is_member(me, key),
            "messages" => self.messages.get(key).is_some_and(|(room, _)| self.is_member(me, room)),
            _ => true,
        }
    }

    /// Whether somebody may change a record in some way, or delete it.
    pub(super) fn may_change(&self, who: &Person, resource: &str, key: &str) -> bool {
        let me = who.client.name.as_str();
        let is_staff = who.kind == Kind::Staff;
        match resource {
            "users" | "patients" | "doctors" => is_staff || key == me,
            "insurances" | "specialities" | "medicines" | "diseases" => is_staff,
            "clinics" => is_staff || self.is_doctor_at(who, key),
            "appointments" => self.slots.get(key).is_some_and(|slot| {
                let side = slot.doctor == me || slot.patient.as_deref() == Some(me);
                is_staff || side || (who.kind == Kind::Patient && slot.status == "open")
            }),
            "treatments" => self.treatments.get(key).is_some_and(|(_, doctor)| doctor == me),
            "notifications" => self.may_read(who, resource, key),
            "messages" => {
                let sent = self.messages.get(key).is_some_and(|(_, sender)| sender == me);
                sent && self.may_read(who, resource, key)
            }
            // Who may change these hangs on what is in them: see the steps.
            _ => true,
        }
    }

    /// Whether a doctor is bound to a patient, or a nurse by one of their clinics.
    pub(super) fn treats(&self, who: &Person, patient: &str) -> bool {
        let bound = |doctor: &str| self.treated_by.contains(&pair(patient, doctor));
        match who.kind {
            Kind::Doctor => who.is_verified && bound(&who.client.name),
            Kind::Nurse => {
                let mut clinics = self.clinics_of(&who.client.name);
                let prescribed = |(whose, doctor): &(String, String)| {
                    whose == patient && self.nurses_for(who, doctor)
                };
                who.is_verified
                    && (clinics.any(|clinic| self.seen_at.contains(&pair(patient, clinic)))
                        || self.treatments.values().any(prescribed))
            }
            Kind::Patient | Kind::Staff => false,
        }
    }

    pub(super) fn is_doctor_at(&self, who: &Person, clinic: &str) -> bool {
        who.kind == Kind::Doctor
            && who.is_verified
            && self.works_at.contains(&pair(clinic, &who.client.name))
    }

    pub(super) fn is_member(&self, name: &str, room: &str) -> bool {
        self.rooms.get(room).is_some_and(|members| members.contains(name))
    }

    fn nurses_at(&self, who: &Person, clinic: &str) -> bool {
        who.kind == Kind::Nurse
            && who.is_verified
            && self.works_at.contains(&pair(clinic, &who.client.name))
    }

    /// Whether a nurse is at a clinic of this doctor.
    fn nurses_for(&self, who: &Person, doctor: &str) -> bool {
        self.clinics_of(doctor).any(|clinic| self.nurses_at(who, clinic))
    }

    fn clinics_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let theirs = move |(_, who): &&(String, String)| who == name;
        self.works_at.iter().filter(theirs).map(|(clinic, _)| clinic.as_str())
    }
}

/// Whether somebody may ask for a list at all, however little is in it for them.
pub(super) fn may_list(who: &Person, resource: &str) -> bool {
    let is_provider = matches!(who.kind, Kind::Doctor | Kind::Nurse);
    resource != "patients" || !is_provider || who.is_verified
}

/// Two names, as the sets of the world keep them.
pub(super) fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}
