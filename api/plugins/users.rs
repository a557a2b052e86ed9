//! Users: accounts. Signing up makes the patient or doctor profile too. A deleted user leaves a
//! tombstone, so that nobody else ever gets the name on which rooms and messages hang. First it is
//! decided that they are deleted, then they leave their rooms: what is interrupted, or came too
//! late to see the tombstone, is made up for by [`finish_departures`].

use ihs_actors::fan_out::Logins;
use ihs_store::{Change, Filter, Index, Query, Sort, StoreError, Timestamp, Write, document::text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{notifications, profiles, rooms::departure};
use crate::{
    Ctx,
    audit::{
        self,
        entry::{Action, Entry},
        trace,
    },
    auth::{Principal, Role, TICKETS, end_sockets, revoke_all, revoke_others},
    error::ApiError,
    fields::{
        Field, Preset,
        coerce::not_a_choice,
        kind::{Format, Kind},
    },
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Edit, Removal},
        policy::{self, Policy, Rule, Scope},
        resource::{Lookup, up},
    },
};

/// Set in the record of a user who was deleted.
const DELETED: &str = "_deleted";

/// Set in it, too, to the time of that, until they have left their rooms for good.
const LEAVING: &str = "_leaving";

/// Requests that began before a deletion have ended after so long: nobody who looked up the user
/// then adds them to a room any more.
const GRACE_MILLIS: i64 = 60_000;

/// So many deleted users leave their rooms in one go.
const DEPARTURES: u64 = 100;

/// The resource.
pub(crate) struct Users;

/// A user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    #[serde(rename = "type")]
    pub(crate) role: Role,
    pub(crate) is_active: bool,
    pub(crate) is_superuser: bool,
    pub(crate) verified: bool,
    pub(crate) password_hash: String,
}

impl ViewSet for Users {
    type Record = User;
    const NAME: &'static str = "users";
    const MODEL: &'static str = "User";
    const ABOUT: &'static str = "Accounts. Signing up makes the patient or doctor profile too.";
    const LOOKUP: Lookup = Lookup::By("username");
    const FIELDS: &'static [Field] = &[
        Field::formatted("username", Format::Username)
            .required()
            .max(150)
            .unique()
            .create_only()
            .search()
            .sort()
            .filter(),
        Field::text("full_name").read_only().search().sort(),
        Field::formatted("password", Format::Password).required().write_only(),
        Field::boolean("is_active").preset(Preset::True).writable_by(policy::staff).filter(),
        Field::formatted("email", Format::Email).max(254).blank().filter(),
        Field::text("owner").stored_as("username").read_only(),
        Field::text("first_name").max(150).blank().sort(),
        Field::text("last_name").max(150).blank().sort(),
        Field::choice("userType", &["patient", "doctor", "nurse", "staff"])
            .required()
            .write_only()
            .create_only(),
        Field::new("type", Kind::Choice(&["patient", "doctor", "nurse", "staff"]))
            .read_only()
            .filter(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(visible),
        create: Rule::Anyone,
        change: Rule::Users(managed),
        delete: Rule::Users(managed),
    };
    const ORDER: &'static [Sort] = &[up("username")];

    fn base() -> Filter {
        present()
    }

    fn indexes() -> Vec<Index> {
        vec![Index::plain(LEAVING, &[LEAVING]).only(Filter::Present(LEAVING))]
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        if let Some(password) = checked.values.get("password").and_then(Value::as_str) {
            for fault in call.ctx.passwords.faults(password) {
                checked.faults.add("password", fault);
            }
        }
        let kind = checked.values.get("userType");
        let superuser = call.caller.principal().is_some_and(Principal::is_superuser);
        if kind == Some(&json!("staff")) && !superuser {
            checked.faults.add("userType", not_a_choice(&json!("staff")));
        }
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<User>) -> Result<(), ApiError> {
        let password = text(&draft.input, "password").to_owned();
        let role = Role::named(text(&draft.input, "userType")).unwrap_or_default();
        let user = &mut draft.record;
        user.password_hash = call.ctx.passwords.hash(&password).await?;
        user.complete(role);
        draft.owner.clone_from(&user.username);
        draft.writes.extend(profiles::creation(&call.ctx, &draft.id, user));
        draft.writes.push(audit::write(&about(call, Action::Create, user))?);
        Ok(())
    }

    async fn before_update(call: &Call, edit: &mut Edit<User>) -> Result<(), ApiError> {
        edit.after.full_name = edit.after.joined_name();
        if edit.before.full_name != edit.after.full_name || edit.before.email != edit.after.email {
            edit.writes.extend(profiles::update(&edit.id, &edit.after));
            edit.writes.push(audit::write(&about(call, Action::Update, &edit.after))?);
        }
        if let Some(password) = edit.input.get("password").and_then(Value::as_str) {
            edit.after.password_hash = call.ctx.passwords.hash(password).await?;
            edit.writes.push(logging_out(call.principal()?, &edit.id));
            edit.writes.push(audit::write(&about(call, Action::Password, &edit.after))?);
        }
        if edit.before.is_active && !edit.after.is_active {
            edit.writes.push(revoke_all(&edit.id));
        }
        if edit.before.is_active != edit.after.is_active {
            let active = edit.after.is_active;
            let action = if active { Action::Activate } else { Action::Deactivate };
            edit.writes.push(audit::write(&about(call, action, &edit.after))?);
        }
        Ok(())
    }

    fn after_update(call: &Call, edit: &Edit<User>) {
        let deactivated = edit.before.is_active && !edit.after.is_active;
        let own = call.principal().ok().filter(|principal| principal.user_id == edit.id);
        let logins = match own {
            Some(principal) if !deactivated => Logins::AllBut(principal.session.clone()),
            _ => Logins::All,
        };
        if deactivated || edit.input.contains_key("password") {
            end_sockets(&call.ctx, &edit.after.username, &logins);
        }
    }

    async fn before_delete(call: &Call, removal: &mut Removal<User>) -> Result<(), ApiError> {
        removal.remains = Some(tombstone(call.ctx.clock.now()));
        removal.writes.extend(profiles::removal(&removal.id, removal.record.role));
        removal.writes.push(audit::write(&about(call, Action::Delete, &removal.record))?);
        removal.writes.push(revoke_all(&removal.id));
        removal.writes.push(notifications::removal(&removal.record.username));
        removal.writes.push(Write::DeleteEvery {
            collection: TICKETS,
            filter: Filter::eq("user", removal.id.clone()),
        });
        Ok(())
    }

    /// The user is deleted, whatever comes of this.
    async fn after_delete(call: &Call, removal: &Removal<User>) -> Result<(), ApiError> {
        end_sockets(&call.ctx, &removal.record.username, &Logins::All);
        depart(&call.ctx, &removal.record.username).await;
        Ok(())
    }
}

impl User {
    /// What follows from the rest. Doctors and nurses wait to be verified.
    pub(crate) fn complete(&mut self, role: Role) {
        self.role = role;
        self.full_name = self.joined_name();
        self.verified = !matches!(role, Role::Doctor | Role::Nurse);
    }

    fn joined_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// That the caller did this to an account: with a patient's, to their record. Whoever signs up does
/// it themself.
fn about(call: &Call, action: Action, user: &User) -> Entry {
    let mut entry = trace::done(call, action).with(Users::NAME, &user.username);
    if entry.user.is_none() {
        entry.user = Some(user.username.clone());
        entry.role = Some(user.role.name().to_owned());
    }
    match user.role {
        Role::Patient => entry.of_patient(&user.username),
        Role::Doctor | Role::Nurse | Role::Staff => entry,
    }
}

/// Lets deleted users leave what rooms they are still in; to be called now and then.
pub(crate) async fn finish_departures(ctx: &Ctx) -> Result<(), StoreError> {
    let settled = ctx.clock.now().plus_millis(-GRACE_MILLIS);
    let due = Filter::Present(LEAVING).and(Filter::Lte(LEAVING, settled.into()));
    let query = Query::new("users", due, DEPARTURES).sorted(vec![Sort::ascending(LEAVING)]);
    for user in ctx.store.find(query).await? {
        if depart(ctx, text(&user, "username")).await {
            let change = Change::set(LEAVING, Value::Null);
            let filter = Filter::id(text(&user, "_id"));
            let write = Write::UpdateEvery { collection: "users", filter, change };
            ctx.store.commit(vec![write]).await?;
        }
    }
    Ok(())
}

/// Whether the user is out of all rooms now.
async fn depart(ctx: &Ctx, name: &str) -> bool {
    let left = departure::leave_all(ctx, name).await;
    if let Err(error) = &left {
        let error = error as &dyn std::error::Error;
        tracing::warn!(error, "a deleted user is still in some rooms for now");
    }
    left.is_ok()
}

/// Users who were not deleted.
pub(crate) fn present() -> Filter {
    Filter::Eq(DELETED, Value::Null)
}

/// Oneself; all for staff.
fn visible(principal: &Principal) -> Scope {
    if principal.is_staff() { Scope::Everything } else { Scope::Only(oneself(principal)) }
}

/// Oneself; for staff, all but superusers, whose password would make a superuser of them.
fn managed(principal: &Principal) -> Scope {
    if principal.is_superuser() {
        Scope::Everything
    } else if principal.is_staff() {
        let ordinary = Filter::eq("is_superuser", false);
        Scope::Only(Filter::Any(vec![oneself(principal), ordinary]))
    } else {
        Scope::Only(oneself(principal))
    }
}

fn oneself(principal: &Principal) -> Filter {
    Filter::eq("username", principal.username.clone())
}

/// A new password ends what was begun with the old one, but not the session that sets it.
fn logging_out(principal: &Principal, id: &str) -> Write {
    if principal.user_id == id { revoke_others(id, &principal.session) } else { revoke_all(id) }
}

/// What is left of a deleted user: the name, and nothing about the person.
fn tombstone(now: Timestamp) -> Change {
    let empty = ["full_name", "email", "first_name", "last_name", "password_hash"];
    let change = Change::set(DELETED, true).and_set(LEAVING, now).and_set("is_active", false);
    empty.into_iter().fold(change, |change, field| change.and_set(field, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::Rank, viewset::policy::tests::somebody};

    #[test]
    fn staff_cannot_change_a_superuser() {
        let mut staff = somebody("sam", Role::Staff);
        let root = json!({"username": "root", "is_superuser": true});
        let Value::Object(root) = root else { panic!() };
        assert!(!managed(&staff).has(&root));
        staff.rank = Rank::Superuser;
        assert!(managed(&staff).has(&root));
        assert!(managed(&somebody("root", Role::Patient)).has(&root));
    }
}
