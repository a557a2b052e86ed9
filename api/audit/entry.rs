//! What an entry says.

use std::net::IpAddr;

use ihs_store::{Document, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Ctx, auth::Principal};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Was shown a record.
    Read,
    /// Made a record.
    Create,
    /// Changed a record.
    Update,
    /// Deleted a record.
    Delete,
    /// Logged in.
    Login,
    /// Tried to log in as the user, with a wrong password or while that is not allowed.
    LoginFailed,
    /// Ended sessions; those of all devices, or of a stolen token, where the reason says so.
    Logout,
    /// Set a new password.
    Password,
    /// Let a user in again.
    Activate,
    /// Locked a user out.
    Deactivate,
    /// Verified a doctor or nurse.
    Verify,
    /// Took that back.
    Unverify,
    /// Took access to a patient's record without treating them.
    BreakGlass,
    /// Handed out everything.
    Export,
}

impl Action {
    /// The names, as they are stored and shown.
    pub(crate) const NAMES: &'static [&'static str] = &[
        "read",
        "create",
        "update",
        "delete",
        "login",
        "login_failed",
        "logout",
        "password",
        "activate",
        "deactivate",
        "verify",
        "unverify",
        "break_glass",
        "export",
    ];
}

/// Who did what to which record of which patient. What is missing is not known, or there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its id.
    #[serde(rename = "_id")]
    pub(crate) id: String,
    /// When.
    pub(crate) time: Timestamp,
    /// Username of who did it, or, of a failed login, of whom somebody claimed to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// What they were in the clinic then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    /// What they did.
    pub(crate) action: Action,
    /// Username of the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<String>,
    /// The resource of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<String>,
    /// What names the record in its path; missing where several of one patient were shown at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Whether only a broken glass allowed it.
    pub(crate) break_glass: bool,
    /// Where a login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// The session, by which it hangs together with a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
}

impl Entry {
    /// That this was done, now.
    pub(crate) fn new(ctx: &Ctx, action: Action) -> Self {
        Self {
            id: ctx.ids.record(),
            time: ctx.clock.now(),
            user: None,
            role: None,
            action,
            patient: None,
            resource: None,
            record: None,
            reason: None,
            break_glass: false,
            address: None,
            session: None,
        }
    }

    /// By this user.
    pub(crate) fn by(mut self, principal: &Principal) -> Self {
        let role = if principal.is_superuser() { "superuser" } else { principal.role.name() };
        self.user = Some(principal.username.clone());
        self.role = Some(role.to_owned());
        self.session = Some(principal.session.clone()).filter(|session| !session.is_empty());
        self
    }

    /// With a record of this resource.
    pub(crate) fn with(mut self, resource: &str, record: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self.record = Some(record.to_owned());
        self
    }

    /// The data of this patient.
    pub(crate) fn of_patient(mut self, patient: &str) -> Self {
        self.patient = Some(patient.to_owned());
        self
    }

    /// For this reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// From this address.
    pub(crate) fn from(mut self, address: IpAddr) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// As it is stored, without its place in the chain.
    pub(crate) fn document(&self) -> Result<Document, serde_json::Error> {
        match serde_json::to_value(self)? {
            Value::Object(document) => Ok(document),
            _ => Ok(Document::new()),
        }
    }

    /// The entry in a document, which may have nulls where nothing is.
    pub(crate) fn of(document: Document) -> Result<Self, serde_json::Error> {
        serde_json::from_value(Value::Object(document))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_action_has_its_name() {
        let read = |name: &&str| serde_json::from_value::<Action>(json!(name));
        for name in Action::NAMES {
            let action = read(name).unwrap();
            assert_eq!(serde_json::to_value(action).unwrap(), json!(name));
        }
    }
}
