//! Who is asking.

use ihs_store::{Document, Filter};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The field of a user's record with the ids of the clinics of which they are a clinic-doctor: kept
/// by the commits that make and end clinic-doctors, so that each request knows them.
pub(crate) const CLINICS: &str = "_clinics";

/// What a user is in the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Is treated.
    #[default]
    Patient,
    /// Treats.
    Doctor,
    /// Treats, at the side of doctors.
    Nurse,
    /// Runs the clinic.
    Staff,
}

impl Role {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Doctor => "doctor",
            Self::Nurse => "nurse",
            Self::Staff => "staff",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let roles = [Self::Patient, Self::Doctor, Self::Nurse, Self::Staff];
        roles.into_iter().find(|role| role.name() == name)
    }
}

/// Whether somebody may do what only superusers may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// An ordinary account.
    Ordinary,
    /// A superuser, who is staff as well.
    Superuser,
}

/// A record that somebody may read in an emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glass {
    /// Username of the patient.
    pub(crate) patient: String,
    /// Why.
    pub(crate) reason: String,
}

/// A user whose credentials were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Id of the user's record.
    pub user_id: String,
    /// The username, by which everybody else names them.
    pub username: String,
    /// First and last name.
    pub full_name: String,
    /// What they are in the clinic.
    pub role: Role,
    /// Whether they are a superuser.
    pub rank: Rank,
    /// Whether they may act as the doctor or nurse that they say they are; true for all others,
    /// and for everybody where the settings do not ask for it.
    pub verified: bool,
    /// Ids of the clinics of which they are a clinic-doctor.
    pub clinics: Vec<String>,
    /// To whose record they have broken the glass, while that lasts.
    pub(crate) glass: Vec<Glass>,
    /// The session by which they came.
    pub session: String,
    /// When the token by which they came ends, in seconds since 1970.
    pub expires: i64,
}

impl Principal {
    /// Staff and superusers.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.role == Role::Staff || self.is_superuser()
    }

    /// Superusers.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.rank == Rank::Superuser
    }

    /// Doctors who may act as such.
    #[must_use]
    pub fn is_doctor(&self) -> bool {
        self.role == Role::Doctor && self.verified
    }

    /// Nurses who may act as such.
    #[must_use]
    pub fn is_nurse(&self) -> bool {
        self.role == Role::Nurse && self.verified
    }

    /// Doctors and nurses who may act as such.
    #[must_use]
    pub fn is_provider(&self) -> bool {
        self.is_doctor() || self.is_nurse()
    }

    /// What they are called: their full name, where there is one.
    pub(crate) fn name(&self) -> &str {
        if self.full_name.is_empty() { &self.username } else { &self.full_name }
    }

    /// That a field names one of their clinics.
    pub(crate) fn at_clinics(&self, field: &'static str) -> Filter {
        Filter::In(field, self.clinics.iter().map(|id| Value::from(id.as_str())).collect())
    }

    /// From a user's record. Missing parts give no rights.
    pub(crate) fn of(user: &Document, session: &str, expires: i64) -> Self {
        let text = |name| user.get(name).and_then(Value::as_str).unwrap_or_default();
        let clinics = user.get(CLINICS).and_then(Value::as_array).into_iter().flatten();
        let superuser = user.get("is_superuser") == Some(&Value::Bool(true));
        Self {
            user_id: text("_id").to_owned(),
            username: text("username").to_owned(),
            full_name: text("full_name").to_owned(),
            role: Role::named(text("type")).unwrap_or(Role::Patient),
            rank: if superuser { Rank::Superuser } else { Rank::Ordinary },
            verified: user.get("verified") == Some(&Value::Bool(true)),
            clinics: clinics.filter_map(Value::as_str).map(str::to_owned).collect(),
            glass: Vec::new(),
            session: session.to_owned(),
            expires,
        }
    }
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Nobody known.
    Anonymous,
    /// A user.
    User(Principal),
}

impl Caller {
    /// The user, if there is one.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Anonymous => None,
            Self::User(principal) => Some(principal),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_in_a_record_gives_no_rights() {
        for verified in [Value::Null, json!(false), json!("true"), json!(1)] {
            let record =
                json!({"_id": "1", "username": "ada", "type": "doctor", "verified": verified});
            assert!(!Principal::of(record.as_object().unwrap(), "s", 0).is_provider(), "{record}");
        }
        let nobody = Principal::of(&Document::new(), "s", 0);
        assert!(!nobody.is_provider() && !nobody.is_staff() && !nobody.verified);
        let known = json!({"type": "doctor", "verified": true});
        assert!(Principal::of(known.as_object().unwrap(), "s", 0).is_provider());
    }
}
