//! Profiles: the patient or doctor record that is made with a user, and has the user's id. Names
//! and address of the user are copied into it, so that lists can be searched by them; whoever
//! changes the user changes the copy in the same commit.

use ihs_store::{Change, Document, Filter, Write};
use serde_json::Value;

use super::users::User;
use crate::{
    Ctx,
    auth::{Principal, Role},
    error::ApiError,
    viewset::{envelope::wrap, hooks::Row, policy::Scope},
};

/// Where the profiles of a role are; staff have none.
pub(crate) const fn collection(role: Role) -> Option<&'static str> {
    match role {
        Role::Patient => Some("patients"),
        Role::Doctor | Role::Nurse => Some("doctors"),
        Role::Staff => None,
    }
}

/// The profile of a user, and the resource that it belongs to.
pub(crate) async fn find(
    ctx: &Ctx,
    principal: &Principal,
) -> Result<Option<(&'static str, Document)>, ApiError> {
    let Some(collection) = collection(principal.role) else {
        return Ok(None);
    };
    let profile = ctx.store.get(collection, &principal.user_id).await?;
    Ok(profile.map(|profile| (collection, profile)))
}

/// Makes the profile of a new user.
pub(crate) fn creation(ctx: &Ctx, id: &str, user: &User) -> Option<Write> {
    let mut profile = copies(user);
    profile.insert("user".to_owned(), user.username.clone().into());
    profile.insert("userId".to_owned(), id.into());
    if matches!(user.role, Role::Doctor | Role::Nurse) {
        profile.insert("kind".to_owned(), user.role.name().into());
        profile.insert("verified".to_owned(), false.into());
    }
    let document = wrap(profile, id, &user.username, ctx.clock.now());
    collection(user.role).map(|collection| Write::Insert { collection, document })
}

/// Brings the copies in a user's profile up to date.
pub(crate) fn update(id: &str, user: &User) -> Option<Write> {
    let change = Change { set: copies(user), ..Change::default() }.and_add("_version", 1);
    let filter = Filter::id(id);
    collection(user.role).map(|collection| Write::UpdateEvery { collection, filter, change })
}

/// Removes a user's profile.
pub(crate) fn removal(id: &str, role: Role) -> Option<Write> {
    let filter = Filter::id(id);
    collection(role).map(|collection| Write::DeleteEvery { collection, filter })
}

/// The user's own profile; all of them for staff.
pub(crate) fn own_or_staff(principal: &Principal) -> Scope {
    if principal.is_staff() { Scope::Everything } else { own(principal) }
}

/// The user's own profile.
pub(crate) fn own(principal: &Principal) -> Scope {
    Scope::Only(Filter::eq("user", principal.username.clone()))
}

/// Says of each profile whether its user is online, and when they were seen last.
pub(crate) async fn derive_presence(ctx: &Ctx, rows: &mut [Row]) -> Result<(), ApiError> {
    let users: Vec<String> = rows.iter().map(|row| row.text("user").to_owned()).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let sightings = ctx.hub.sightings(&users).await?;
    for (row, user) in rows.iter_mut().zip(&users) {
        let sighting = sightings.get(*user).copied().unwrap_or_default();
        row.derive("online", sighting.online);
        row.derive("last_seen", sighting.last_seen.map_or(Value::Null, Value::from));
    }
    Ok(())
}

fn copies(user: &User) -> Document {
    Document::from_iter([
        ("userfullname".to_owned(), Value::String(user.full_name.clone())),
        ("useremail".to_owned(), Value::String(user.email.clone())),
    ])
}
