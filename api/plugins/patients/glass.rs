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
    auth::{Glass, Principal},
    error::ApiError,
    fields::Field,
    http::{Call, Reply, call::values},
    plugins::users,
    viewset::{
        ViewSet,
        idempotency::Repeat,
        notices::{Notice, Notices},
        resource::Described,
    },
};

/// The field of a user's record with what is open: `expiry username reason`.
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

/// The records that a user has open now.
pub(crate) fn open(user: &Document, now: Timestamp) -> Vec<Glass> {
    let now = now.to_string();
    let open = items(user).filter(|item| item.expiry > now.as_str());
    let glass =
        |item: Item<'_>| Glass { patient: item.patient.to_owned(), reason: item.reason.to_owned() };
    open.map(glass).collect()
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
    let input = call.body().await?;
    let values = values(FIELDS, &input)?;
    let request = format!("{}/{}/break-glass", Patients::NAME, text(&patient, "user"));
    let repeat = Repeat::of_request(call, &request, FIELDS, &input)?;
    if let Some(first) = Repeat::answer(&call.ctx, repeat.as_ref()).await? {
        return Ok(first);
    }
    if bound(principal).has(&patient) {
        return Err(ApiError::Conflict("You have access to this record already.".to_owned()));
    }
    let (name, reason) = (text(&patient, "user"), text(&values, "reason"));
    let expires = call.ctx.clock.now().plus_millis(OPEN_MILLIS);
    let told = Notices::of(&call.ctx, &told(call, name, reason).await?);
    let item = format!("{expires} {name} {reason}");
    let mut writes = opening(call, principal, name, item).await?;
    let entry = trace::done(call, Action::BreakGlass).of_patient(name).because(reason);
    writes.push(audit::write(&entry.with(Patients::NAME, name))?);
    writes.extend(told.writes());
    let body = json!({"patient": name, "expires": expires, "reason": reason});
    let reply = Reply::with(StatusCode::CREATED, &body);
    let now = call.ctx.clock.now();
    writes.extend(repeat.iter().flat_map(|repeat| repeat.writes(now, &reply, Document::new())));
    match audit::commit(&call.ctx, writes).await {
        Ok(_) => {}
        // The same request was here meanwhile.
        Err(error @ StoreError::Taken { .. }) => {
            return Repeat::answer(&call.ctx, repeat.as_ref()).await?.ok_or(error.into());
        }
        // Whoever was locked out.
        Err(StoreError::Unmatched { .. }) => return Err(ApiError::Forbidden),
        Err(error) => return Err(error.into()),
    }
    told.tell(&call.ctx);
    Ok(reply)
}

/// The writes that open a record to a user, and take out of theirs what is closed.
async fn opening(
    call: &Call,
    principal: &Principal,
    patient: &str,
    item: String,
) -> Result<Vec<Write>, ApiError> {
    let user = call.ctx.store.get(users::Users::NAME, &principal.user_id).await?;
    let user = user.ok_or(ApiError::Forbidden)?;
    let now = call.ctx.clock.now().to_string();
    let is_over = |item: &Item<'_>| item.expiry <= now.as_str() || item.patient == patient;
    let over: Vec<Item<'_>> = items(&user).filter(is_over).collect();
    if items(&user).count() - over.len() >= MOST_OPEN {
        let message = format!("You have {MOST_OPEN} records open, wait until one is closed.");
        return Err(ApiError::Conflict(message));
    }
    let over = over.into_iter().map(|item| Change::default().and_exclude(GLASS, item.whole));
    let open = Change::default().and_include(GLASS, item);
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

/// What is open, as it is stored.
struct Item<'user> {
    whole: &'user str,
    expiry: &'user str,
    patient: &'user str,
    /// Empty in those that were stored before there were reasons in them.
    reason: &'user str,
}

fn items(user: &Document) -> impl Iterator<Item = Item<'_>> {
    let items = user.get(GLASS).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| {
        let whole = item.as_str()?;
        let (expiry, rest) = whole.split_once(' ')?;
        let (patient, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Item { whole, expiry, patient, reason })
    })
}
