//! Doctors and nurses. Made with the user; trusted once staff have verified them.

use ihs_store::{Change, Filter, Sort, Write};
use serde::{Deserialize, Serialize};

use super::{
    appointments::{
        leaving,
        slot::{average, specialise},
    },
    profiles::{derive_presence, own_or_staff},
    reviews,
};
use crate::{
    Ctx,
    audit::{self, entry::Action, trace},
    auth::{Caller, Role},
    error::ApiError,
    fields::{
        Field,
        kind::{Kind, Operation::Contains},
    },
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Edit, Removal, Row},
        policy::{self, Policy, Rule},
        resource::{Lookup, up},
    },
};

/// The resource.
pub(crate) struct Doctors;

/// A doctor or nurse.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Doctor {
    user: String,
    kind: String,
    verified: bool,
    national_id: Option<String>,
    medical_council_id: Option<String>,
    speciality: Option<String>,
    avatar: Option<String>,
    userfullname: String,
    user_id: String,
}

/// What is shown of each review of a doctor.
const REVIEW: &[Field] = &[
    Field::id(),
    Field::person("reviewer").read_only(),
    Field::text("text").read_only(),
    Field::new("rating", Kind::Integer { min: Some(1), max: Some(5) }).read_only(),
];

impl ViewSet for Doctors {
    type Record = Doctor;
    const NAME: &'static str = "doctors";
    const MODEL: &'static str = "Doctor";
    const ABOUT: &'static str = "Doctors and nurses.";
    const LOOKUP: Lookup = Lookup::By("user");
    const FIELDS: &'static [Field] = &[
        Field::text("user").read_only().unique().sort(),
        Field::owner(),
        Field::choice("kind", &["doctor", "nurse"]).read_only().filter(),
        Field::boolean("verified").filter().writable_by(policy::staff),
        Field::text("nationalId").max(64).null().blank().readable_by(own_or_staff),
        Field::text("medicalCouncilId").max(64).null().blank(),
        Field::text("speciality")
            .max(200)
            .null()
            .blank()
            .search()
            .sort()
            .filter_as("speciality", Contains),
        Field::text("avatar").null().blank(),
        Field::text("userfullname").read_only().search().sort().filter_as("name", Contains),
        Field::text("userId").read_only(),
        Field::shown("online", Kind::Boolean),
        Field::shown("last_seen", Kind::Time),
        Field::shown("average_rating", Kind::Float { min: None, max: None }),
        Field::shown("reviewee", Kind::Rows(REVIEW)),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Unserved,
        change: Rule::Users(own_or_staff),
        delete: Rule::Users(own_or_staff),
    };
    const ORDER: &'static [Sort] = &[up("user")];

    /// Whether a provider is verified stands in the user's record too, where each request sees it;
    /// the speciality in their appointments, that they can be found by it.
    async fn before_update(call: &Call, edit: &mut Edit<Doctor>) -> Result<(), ApiError> {
        if edit.before.verified != edit.after.verified {
            edit.writes.push(trusted(&edit.id, edit.after.verified));
            let action = if edit.after.verified { Action::Verify } else { Action::Unverify };
            let entry = trace::done(call, action).with(Self::NAME, &edit.after.user);
            edit.writes.push(audit::write(&entry)?);
        }
        if edit.before.speciality != edit.after.speciality {
            let Doctor { user, speciality, .. } = &edit.after;
            edit.writes.push(specialise(user, speciality.as_deref()));
        }
        Ok(())
    }

    async fn before_delete(call: &Call, removal: &mut Removal<Doctor>) -> Result<(), ApiError> {
        let Doctor { kind, user, .. } = &removal.record;
        let role = Role::named(kind).unwrap_or_default();
        if removal.record.verified {
            removal.writes.push(trusted(&removal.id, false));
            let entry = trace::done(call, Action::Unverify).with(Self::NAME, user);
            removal.writes.push(audit::write(&entry)?);
        }
        leaving::end_account(&call.ctx, role, user).await?.join(removal);
        Ok(())
    }

    async fn after_delete(call: &Call, removal: &Removal<Doctor>) -> Result<(), ApiError> {
        leaving::finish(&call.ctx, &removal.record.user).await;
        Ok(())
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        derive_presence(ctx, rows).await?;
        let names: Vec<String> = rows.iter().map(|row| row.text("user").to_owned()).collect();
        let mut newest = reviews::newest(ctx, &names, REVIEW).await?;
        for (row, name) in rows.iter_mut().zip(&names) {
            row.derive("average_rating", average(&row.document));
            row.derive("reviewee", newest.remove(name).unwrap_or_default());
        }
        Ok(())
    }
}

/// Whether a provider is trusted, in the user's record.
fn trusted(user_id: &str, verified: bool) -> Write {
    let change = Change::set("verified", verified);
    Write::UpdateEvery { collection: "users", filter: Filter::id(user_id), change }
}
