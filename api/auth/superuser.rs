//! The first account: made from the command line, by the rules of the sign-up.

use ihs_store::{StoreError, Write};
use serde_json::{Value, json};

use super::{Role, rules::Owner};
use crate::{
    Ctx,
    audit::{
        self,
        entry::{Action, Entry},
    },
    error::{ApiError, Cause},
    faults::Faults,
    fields::{
        Field,
        clean::{Stage, clean},
        input::Input,
        kind::Format,
    },
    plugins::users::{User, Users},
    viewset::{ViewSet, envelope::wrap, hooks, unique::USERNAME_TAKEN},
};

const FIELDS: &[Field] = &[
    Field::formatted("username", Format::Username).required().max(150),
    Field::formatted("email", Format::Email).max(254).blank(),
    Field::formatted("password", Format::Password).required(),
];

/// What the audit log says of an account that nobody made by a request.
const COMMAND: &str = "a superuser, from the command line";

/// Why a superuser was not made.
#[derive(Debug, thiserror::Error)]
pub enum SuperuserError {
    /// What was given breaks the rules: one line for each.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// The store refused or is away.
    #[error("the store did not take the account")]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash(#[source] Cause),
}

/// Makes a superuser, who is staff as well.
///
/// # Errors
/// [`SuperuserError`] when the account breaks a rule, the name is taken, or the store is away.
pub async fn create_superuser(
    ctx: &Ctx,
    username: &str,
    email: &str,
    password: &str,
) -> Result<(), SuperuserError> {
    let given = json!({ "username": username, "email": email, "password": password });
    let input = Input::json(given).map_err(invalid)?;
    let (values, mut faults) = clean(FIELDS, &input, Stage::Create);
    for fault in ctx.passwords.faults(password, &Owner { username, email }) {
        faults.add("password", fault);
    }
    faults.into_result().map_err(invalid)?;
    let mut user: User = hooks::record(values).map_err(broken)?;
    user.take_role(Role::Staff);
    Users::complete(&mut user);
    user.is_active = true;
    user.is_superuser = true;
    user.password_hash = ctx.passwords.hash(password).await.map_err(broken)?;
    let record = hooks::document(&user).map_err(broken)?;
    let document = wrap(record, &ctx.ids.record(), &user.username, ctx.clock.now());
    let entry = Entry::new(ctx, Action::Create).with("users", &user.username).because(COMMAND);
    let recorded = audit::write(&entry).map_err(broken)?;
    let writes = vec![Write::Insert { collection: "users", document }, recorded];
    match ctx.store.commit(writes).await {
        Ok(_) => Ok(()),
        Err(StoreError::Taken { .. }) => Err(invalid(Faults::one("username", USERNAME_TAKEN))),
        Err(error) => Err(error.into()),
    }
}

fn invalid(faults: Faults) -> SuperuserError {
    let line = |(field, messages): (String, Value)| {
        let messages = messages.as_array().cloned().unwrap_or_default();
        let texts: Vec<&str> = messages.iter().filter_map(Value::as_str).collect();
        format!("{field}: {}", texts.join(" "))
    };
    SuperuserError::Invalid(faults.into_map().into_iter().map(line).collect())
}

fn broken(error: ApiError) -> SuperuserError {
    SuperuserError::Hash(Box::new(error))
}
