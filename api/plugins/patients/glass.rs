//! Breaking the glass: in an emergency a doctor or nurse who does not treat a patient reads their
//! record all the same, for a while and for a reason. The patient and staff are told.
//!
//! What is open stands in the user's own record, which every request reads: so it counts at once, on
//! every node, and ends by itself.

use actix_web::http::StatusCode;
use ihs_actors::protocol::Category;
use ihs_store::{
    Change, Document, Filter, Query, Sort, StoreError, Timestamp, Write, document::text,
};
use serde_json::{Value, json};

use super::{Patients, bound};
use crate::{
    audit::{self, entry::Action, trace},
    auth::Principal,
    error::ApiError,
    fields::Field,
    http::{Call, Reply},
    plugins::users,
    viewset::{
        ViewSet,
        notices::{Notice, Notices},
        resource::Described,
    },
};

/// The field of a user's record with what is open: `expiry username`.
const GLASS: &str = "_glass";

/// How long it stays open.
const OPEN_MILLIS: i64 = 30 * 60 * 1_000;

/// So many records are open to one user at most.
const MOST_OPEN: usize = 50;

/// So many of the staff are told at most, those first who have been there longest.
const MOST_TOLD: u64 = 200;

/// The title of what they are told.
const TITLE: &str = "Emergency access";

const FIELDS: &[Field] = &[Field::text("reason").required().max(1_000)];

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described = Described {
    below: "{key}/break-glass/",
    parameters: &[],
    body: FIELDS,
    status: "201",
    answer: Some(described),
};

/// The patients whose record a user has open now.
pub(crate) fn open(user: &Document, now: Timestamp) -> Vec<String> {
    let now = now.to_string();
    let open = items(user).filter(|(expiry, _)| *expiry > now.as_str());
    open.map(|(_, patient)| patient.to_owned()).collect()
}

/// The patient of the path, whom a doctor or nurse need not be able to see: this is the one place that
/// tells them whether there is one of that name.
pub(super) async fn patient(call: &Call) -> Result<Document, ApiError> {
    if !call.principal()?.is_provider() {
        return Err(ApiError::Forbidden);
    }
    let named = Filter::eq("user", call.key());
    let nobody = || ApiError::no_match(Patients::MODEL);
    if call.key().contains('\0') {
        return Err(nobody());
    }
    let found = call.ctx.store.find(Query::new(Patients::NAME, named, 1)).await?.pop();
    found.ok_or_else(nobody)
}

/// Opens the record to the caller.
pub(super) async fn shatter(call: &Call, patient: Document) -> Result<Reply, ApiError> {
    let principal = call.principal()?;
    let values = call.fields(FIELDS).await?;
    if bound(principal).has(&patient) {
        return Err(ApiError::Conflict("You have access to this record already.".to_owned()));
    }
    let (name, reason) = (text(&patient, "user"), text(&values, "reason"));
    let expires = call.ctx.clock.now().plus_millis(OPEN_MILLIS);
    let told = Notices::of(&call.ctx, &told(call, name, reason).await?);
    let mut writes = opening(call, principal, name, expires).await?;
    let entry = trace::done(call, Action::BreakGlass).of_patient(name).because(reason);
    writes.push(audit::write(&entry.with(Patients::NAME, name))?);
    writes.extend(told.writes());
    match audit::commit(&call.ctx, writes).await {
        Ok(_) => {}
        // Whoever was locked out, or asked twice at once.
        Err(StoreError::Unmatched { .. }) => return Err(ApiError::Forbidden),
        Err(error) => return Err(error.into()),
    }
    told.tell(&call.ctx);
    let body = json!({"patient": name, "expires": expires, "reason": reason});
    Ok(Reply::with(StatusCode::CREATED, &body))
}

/// The writes that open a record to a user, and take out of theirs what is closed.
async fn opening(
    call: &Call,
    principal: &Principal,
    patient: &str,
    expires: Timestamp,
) -> Result<Vec<Write>, ApiError> {
    let user = call.ctx.store.get(users::Users::NAME, &principal.user_id).await?;
    let user = user.ok_or(ApiError::Forbidden)?;
    let now = call.ctx.clock.now().to_string();
    let is_over = |(expiry, name): &(&str, &str)| *expiry <= now.as_str() || *name == patient;
    let over: Vec<(&str, &str)> = items(&user).filter(is_over).collect();
    if items(&user).count() - over.len() >= MOST_OPEN {
        let message = format!("You have {MOST_OPEN} records open, wait until one is closed.");
        return Err(ApiError::Conflict(message));
    }
    let over = over
        .into_iter()
        .map(|(expiry, name)| Change::default().and_exclude(GLASS, format!("{expiry} {name}")));
    let open = Change::default().and_include(GLASS, format!("{expires} {patient}"));
    let write = |change| Write::Update {
        collection: users::Users::NAME,
        filter: Filter::id(principal.user_id.clone()).and(Filter::eq("is_active", true)),
        change,
    };
    Ok(over.chain([open]).map(write).collect())
}

/// What the patient and staff are told.
async fn told(call: &Call, patient: &str, reason: &str) -> Result<Vec<Notice>, ApiError> {
    let staff = Filter::eq("type", "staff").and(Filter::eq("is_active", true));
    let staff = Query::new(users::Users::NAME, staff.and(users::present()), MOST_TOLD);
    let staff = call.ctx.store.find(staff.sorted(vec![Sort::ascending("_id")])).await?;
    let by = &call.principal()?.username;
    let notice = |user: &str, text| Notice::new(user, Category::System, TITLE, text);
    let to_patient = format!("{by} has opened your record in an emergency: {reason}");
    let to_staff = format!("{by} has opened the record of {patient} in an emergency: {reason}");
    let mut told = vec![notice(patient, to_patient)];
    told.extend(staff.iter().map(|one| notice(text(one, "username"), to_staff.clone())));
    Ok(told)
}

/// As it is described: the schema of the answer, and an example.
fn described() -> (Value, Value) {
    let schema = json!({
        "type": "object",
        "required": ["patient", "expires", "reason"],
        "properties": {
            "patient": { "type": "string" },
            "expires": { "type": "string", "format": "date-time" },
            "reason": { "type": "string" },
        },
        "additionalProperties": false,
    });
    let example = json!({
        "patient": "ada",
        "expires": "2026-05-01T10:00:00.000Z",
        "reason": "Unconscious in the emergency room.",
    });
    (schema, example)
}

/// Expiries and usernames, as they are stored.
fn items(user: &Document) -> impl Iterator<Item = (&str, &str)> {
    let items = user.get(GLASS).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str()?.split_once(' '))
}
