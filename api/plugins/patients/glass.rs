//! Breaking the glass: in an emergency a doctor or nurse who does not treat a patient reads their
//! record all the same, for a while and for a reason. The patient and staff are told.
//!
//! What is open stands in the user's own record, which every request reads: so it counts at once, on
//! every node, and ends by itself.

use ihs_actors::inbox::shelf::NOTIFICATIONS;
use ihs_store::{Change, Document, Filter, Query, StoreError, Timestamp, Write, document::text};
use serde_json::{Value, json};

use super::{Patients, bound};
use crate::{
    audit::{self, entry::Action, trace},
    auth::Principal,
    error::ApiError,
    fields::Field,
    http::{Call, Reply},
    plugins::users,
    viewset::{ViewSet, envelope::wrap},
};

/// The field of a user's record with what is open: `expiry username`.
const GLASS: &str = "_glass";

/// How long it stays open.
const OPEN_MILLIS: i64 = 30 * 60 * 1_000;

/// So many records are open to one user at most.
const MOST_OPEN: usize = 50;

/// So many of the staff are told at most, those first who have been there longest.
const MOST_TOLD: u64 = 200;

const FIELDS: &[Field] = &[Field::text("reason").required().max(1_000)];

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
    let told = told(call, name, reason).await?;
    let mut writes = opening(call, principal, name, expires).await?;
    let entry = trace::done(call, Action::BreakGlass).of_patient(name).because(reason);
    writes.push(audit::write(&entry.with(Patients::NAME, name))?);
    let insert = |document: &Document| Write::Insert {
        collection: NOTIFICATIONS,
        document: document.clone(),
    };
    writes.extend(told.iter().map(insert));
    match audit::commit(&call.ctx, writes).await {
        Ok(_) => {}
        Err(StoreError::Unmatched { .. }) => return Err(ApiError::Forbidden),
        Err(error) => return Err(error.into()),
    }
    for notification in &told {
        call.ctx.hub.notification_changed(notification);
    }
    let body = json!({"patient": name, "expires": expires, "reason": reason});
    Ok(Reply::with(actix_web::http::StatusCode::CREATED, &body))
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
async fn told(call: &Call, patient: &str, reason: &str) -> Result<Vec<Document>, ApiError> {
    let staff = Filter::eq("type", "staff").and(Filter::eq("is_active", true));
    let staff = Query::new(users::Users::NAME, staff.and(users::present()), MOST_TOLD);
    let staff = call.ctx.store.find(staff).await?;
    let by = &call.principal()?.username;
    let to_patient = format!("{by} has opened your record in an emergency: {reason}");
    let to_staff = format!("{by} has opened the record of {patient}: {reason}");
    let mut told = vec![notification(call, patient, &to_patient)];
    told.extend(staff.iter().map(|one| notification(call, text(one, "username"), &to_staff)));
    Ok(told)
}

fn notification(call: &Call, user: &str, text: &str) -> Document {
    let now = call.ctx.clock.now();
    let record = [
        ("user", Value::from(user)),
        ("title", "Emergency access".into()),
        ("text", text.into()),
        ("viewed", false.into()),
        ("category", "system".into()),
        ("time_created", now.into()),
    ];
    let record = record.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    wrap(record, &call.ctx.ids.record(), user, now)
}

/// Expiries and usernames, as they are stored.
fn items(user: &Document) -> impl Iterator<Item = (&str, &str)> {
    let items = user.get(GLASS).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str()?.split_once(' '))
}
