//! Users: accounts. Signing up makes the patient or doctor profile too. A deleted user leaves a
//! tombstone, so that nobody else ever gets the name on which rooms and messages hang. First it is
//! decided that they are deleted, then they leave their rooms: what is interrupted, or came too
//! late to see the tombstone, is made up for by [`finish_departures`].

use std::collections::HashMap;

use ihs_actors::fan_out::Logins;
use ihs_store::{Change, Filter, Index, Query, Sort, StoreError, Timestamp, Write, document::text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{appointments::leaving, notifications, profiles, rooms::departure};
use crate::{
    Ctx,
    audit::{
        self,
        entry::{Action, Entry},
        trace,
    },
    auth::{Owner, Principal, Role, TICKETS, carry_over, end_sockets, revoke_all, revoke_others},
    error::ApiError,
    fields::{
        Field, Preset,
        clean::Stage,
        coerce::not_a_choice,
        kind::{Format, Kind},
        looks::Looks,
    },
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Edit, Removal},
        policy::{self, Policy, Rule, Scope},
        related::related,
        resource::{Lookup, up},
        unique::USERNAME_TAKEN,
    },
};

/// Set in the record of a user who was deleted.
const DELETED: &str = "_deleted";

/// Set in it, too, to the time of that, until they have left their rooms for good.
const LEAVING: &str = "_leaving";

/// What usernames look like: no two that look alike.
const FOLDED: &str = "_folded";
const SKELETON: &str = "_skeleton";

/// Requests that began before a deletion have ended after so long: nobody who looked up the user
/// then adds them to a room any more.
const GRACE_MILLIS: i64 = 60_000;

/// So many deleted users leave their rooms in one go.
const DEPARTURES: u64 = 100;

/// What everybody may know of a user.
pub(crate) const IN_PUBLIC: &[Field] = &[
    Field::text("username").read_only(),
    Field::text("full_name").read_only(),
    Field::choice("type", &["patient", "doctor", "nurse", "staff"]).read_only(),
];

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
    /// What the name looks like; users of earlier versions have neither key.
    #[serde(rename = "_folded")]
    pub(crate) folded: Option<String>,
    #[serde(rename = "_skeleton")]
    pub(crate) skeleton: Option<String>,
    /// Grows with whatever ends all sessions: what was begun before counts no more.
    pub(crate) epoch: i64,
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
        let few = |field| Index::plain(field, &[field]).only(Filter::Present(field));
        vec![
            few(LEAVING),
            few(DELETED),
            Index::unique("username_folded", &[FOLDED]),
            Index::unique("username_skeleton", &[SKELETON]),
        ]
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        for fault in password_faults(call, checked) {
            checked.faults.add("password", fault);
        }
        let kind = checked.values.get("userType");
        let superuser = call.caller.principal().is_some_and(Principal::is_superuser);
        if kind == Some(&json!("staff")) && !superuser {
            checked.faults.add("userType", not_a_choice(&json!("staff")));
        }
        if checked.stage == Stage::Create && !checked.faults.is_empty() {
            refuse_look_alike(&call.ctx, checked).await?;
        }
        Ok(())
    }

    fn complete(user: &mut User) {
        let Looks { folded, skeleton } = Looks::of(&user.username);
        (user.folded, user.skeleton) = (Some(folded), Some(skeleton));
    }

    async fn before_create(call: &Call, draft: &mut Draft<User>) -> Result<(), ApiError> {
        let password = text(&draft.input, "password").to_owned();
        let role = Role::named(text(&draft.input, "userType")).unwrap_or_default();
        let user = &mut draft.record;
        user.password_hash = call.ctx.passwords.hash(&password).await?;
        user.take_role(role);
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
            edit.after.epoch += 1;
            edit.writes.extend(logging_out(call.principal()?, &edit.id, edit.after.epoch));
            edit.writes.push(audit::write(&about(call, Action::Password, &edit.after))?);
        }
        if edit.before.is_active && !edit.after.is_active {
            edit.after.epoch += 1;
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
        let User { username, role, .. } = &removal.record;
        let parting = leaving::end_account(&call.ctx, *role, username).await?;
        parting.join(removal);
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
    /// What follows from the role and the names. Doctors and nurses wait to be verified.
    pub(crate) fn take_role(&mut self, role: Role) {
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

/// Lets deleted users leave what rooms they are still in, and cancels what appointments they still
/// have; to be called now and then.
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

/// Whether the user is out of all rooms and appointments now.
async fn depart(ctx: &Ctx, name: &str) -> bool {
    let left = departure::leave_all(ctx, name).await;
    if let Err(error) = &left {
        let error = error as &dyn std::error::Error;
        tracing::warn!(error, "a deleted user is still in some rooms for now");
    }
    leaving::finish(ctx, name).await && left.is_ok()
}

/// What everybody may know of these users, by their names. Who was deleted is not among them.
pub(crate) async fn in_public<'names>(
    ctx: &Ctx,
    names: impl IntoIterator<Item = &'names str>,
) -> Result<HashMap<String, Value>, StoreError> {
    let known = related(ctx, "users", "username", names).await?;
    let there = known.into_iter().filter(|(_, user)| present().matches(user));
    let shown = there.map(|(name, user)| {
        let field = |field: &Field| {
            (field.name.to_owned(), user.get(field.source).cloned().unwrap_or_default())
        };
        (name, Value::Object(IN_PUBLIC.iter().map(field).collect()))
    });
    Ok(shown.collect())
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

/// Said by the store in any case; here only so that all faults are said at once.
async fn refuse_look_alike(ctx: &Ctx, checked: &mut Checked<'_>) -> Result<(), ApiError> {
    let Some(username) = checked.values.get("username").and_then(Value::as_str) else {
        return Ok(());
    };
    let Looks { folded, skeleton } = Looks::of(username);
    let alike = Filter::Any(vec![Filter::eq(FOLDED, folded), Filter::eq(SKELETON, skeleton)]);
    if ctx.store.count("users", alike).await? > 0 {
        checked.faults.add("username", USERNAME_TAKEN);
    }
    Ok(())
}

fn password_faults(call: &Call, checked: &Checked<'_>) -> Vec<String> {
    let Some(password) = checked.values.get("password").and_then(Value::as_str) else {
        return Vec::new();
    };
    let text = |field| checked.text(field).unwrap_or_default();
    let owner = Owner { username: text("username"), email: text("email") };
    call.ctx.passwords.faults(password, &owner)
}

/// A new password ends what was begun with the old one, but not the session that sets it.
fn logging_out(principal: &Principal, id: &str, epoch: i64) -> Vec<Write> {
    if principal.user_id == id {
        let session = &principal.session;
        vec![revoke_others(id, session), carry_over(session, epoch)]
    } else {
        vec![revoke_all(id)]
    }
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
