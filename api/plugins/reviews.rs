//! Reviews: what patients say of a doctor after an appointment. How many there are of a doctor, and
//! what they add up to, stands in the doctor's profile, kept by the commits that make, change and
//! delete them; the order of the doctor's appointments follows from it.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use ihs_actors::protocol::Category;
use ihs_store::{Change, Document, Filter, Index, Query, Sort, Write, document::text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    appointments::{
        self,
        slot::{RATING_COUNT, RATING_SUM, average, rerank},
    },
    is_served,
};
use crate::{
    Ctx,
    auth::{Principal, Role},
    error::ApiError,
    fields::{Field, clean::Stage, kind::Kind},
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Edit, Removal},
        notices::Notice,
        policy::{self, Policy, Rule, Scope},
        resource::down,
    },
};

/// The collection.
const COLLECTION: &str = "reviews";

/// Most reviews that are shown with one doctor, the newest ones.
const SHOWN: u64 = 100;

/// Most reviews that are shown with a page of doctors; each has the same share, which is at least
/// one.
const SHOWN_IN_ALL: u64 = 500;

/// Doctors whose reviews are read at once.
const READ_AT_ONCE: usize = 8;

/// The resource.
pub(crate) struct Reviews;

/// A review.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Review {
    reviewer: String,
    reviewee: String,
    text: String,
    rating: i64,
    appointment: String,
}

/// Ratings, as they change the totals.
struct Ratings {
    sum: i64,
    count: i64,
}

impl ViewSet for Reviews {
    type Record = Review;
    const NAME: &'static str = "reviews";
    const MODEL: &'static str = "Review";
    const ABOUT: &'static str = "What patients say of a doctor after an appointment.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::person("reviewer").read_only().filter(),
        Field::person("reviewee").create_only().filter(),
        Field::text("text").max(4_000).blank(),
        Field::new("rating", Kind::Integer { min: Some(1), max: Some(5) })
            .required()
            .filter()
            .sort(),
        Field::reference("appointment", "appointments").required().create_only().unique(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Users(by_patient),
        change: Rule::Users(own),
        delete: Rule::Users(own_or_staff),
    };
    const ORDER: &'static [Sort] = &[down("_created")];

    fn indexes() -> Vec<Index> {
        vec![Index::plain("reviewee_created", &["reviewee", "_created"])]
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        if checked.stage != Stage::Create || checked.faults.has("appointment") {
            return Ok(());
        }
        let Some(id) = checked.text("appointment") else { return Ok(()) };
        let appointment =
            call.ctx.store.get(appointments::COLLECTION, id).await?.unwrap_or_default();
        let doctor = text(&appointment, "doctor");
        match checked.text("reviewee") {
            None if !checked.faults.has("reviewee") => {
                checked.values.insert("reviewee".to_owned(), doctor.into());
            }
            Some(other) if other != doctor && !checked.faults.has("reviewee") => {
                checked.faults.add("reviewee", "The reviewee is the doctor of the appointment.");
            }
            _ => {}
        }
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<Review>) -> Result<(), ApiError> {
        let me = call.principal()?;
        let review = &mut draft.record;
        review.reviewer.clone_from(&me.username);
        let appointment = call.ctx.store.get(appointments::COLLECTION, &review.appointment).await?;
        if !appointment.is_some_and(|appointment| is_over(&appointment, me)) {
            return Err(ApiError::Forbidden);
        }
        let more = Ratings { sum: review.rating, count: 1 };
        let counted = counted(&call.ctx, &review.reviewee, more).await?;
        if !counted.is_empty() {
            let text = format!("{} rates you {} out of 5.", me.name(), review.rating);
            draft.notices.push(Notice::new(&review.reviewee, Category::Review, "New review", text));
        }
        draft.writes.extend(counted);
        Ok(())
    }

    async fn before_update(call: &Call, edit: &mut Edit<Review>) -> Result<(), ApiError> {
        let sum = edit.after.rating - edit.before.rating;
        if sum != 0 {
            let more = Ratings { sum, count: 0 };
            edit.writes.extend(counted(&call.ctx, &edit.after.reviewee, more).await?);
        }
        Ok(())
    }

    async fn before_delete(call: &Call, removal: &mut Removal<Review>) -> Result<(), ApiError> {
        let Review { reviewee, rating: sum, .. } = &removal.record;
        let less = Ratings { sum: -sum, count: -1 };
        removal.writes.extend(counted(&call.ctx, reviewee, less).await?);
        Ok(())
    }
}

/// The newest reviews of each of these doctors, with these fields.
pub(crate) async fn newest(
    ctx: &Ctx,
    doctors: &[String],
    fields: &[Field],
) -> Result<HashMap<String, Vec<Value>>, ApiError> {
    if !is_served(&ctx.settings.api, Reviews::NAME) {
        return Ok(HashMap::new());
    }
    let share = SHOWN_IN_ALL / (doctors.len() as u64).max(1);
    let read = doctors.iter().map(|doctor| async move {
        let own =
            Query::new(COLLECTION, Filter::eq("reviewee", doctor.as_str()), share.clamp(1, SHOWN));
        let found = ctx.store.find(own.sorted(vec![Sort::descending("_created")])).await?;
        Ok((doctor.clone(), found.iter().map(|review| excerpt(review, fields)).collect()))
    });
    stream::iter(read).buffer_unordered(READ_AT_ONCE).try_collect().await
}

fn excerpt(review: &Document, fields: &[Field]) -> Value {
    let field = |field: &Field| {
        (field.name.to_owned(), review.get(field.source).cloned().unwrap_or_default())
    };
    Value::Object(fields.iter().map(field).collect())
}

/// Counts a rating of a doctor, without a look at their appointments.
pub(crate) fn counting(doctor: &str, rating: i64) -> Write {
    let change = Change::default().and_add(RATING_SUM, rating).and_add(RATING_COUNT, 1);
    Write::Update { collection: "doctors", filter: Filter::eq("user", doctor), change }
}

/// What counts ratings, conditional on the totals from which the average is worked out. Nothing
/// for a doctor who is no more.
async fn counted(ctx: &Ctx, doctor: &str, more: Ratings) -> Result<Vec<Write>, ApiError> {
    let profile = Filter::eq("user", doctor);
    let found = ctx.store.find(Query::new("doctors", profile.clone(), 1)).await?.pop();
    let Some(mut found) = found else { return Ok(Vec::new()) };
    let as_read = |field| Filter::Eq(field, found.get(field).cloned().unwrap_or_default());
    let filter = profile.and(as_read(RATING_SUM)).and(as_read(RATING_COUNT));
    let change = Change::default().and_add(RATING_SUM, more.sum);
    let change = change.and_add(RATING_COUNT, more.count);
    change.apply(&mut found)?;
    let reranked = rerank(doctor, average(&found));
    Ok(vec![Write::Update { collection: "doctors", filter, change }, reranked])
}

/// Whether this patient was there.
fn is_over(appointment: &Document, patient: &Principal) -> bool {
    text(appointment, "patient") == patient.username && text(appointment, "status") == "completed"
}

/// Patients may, of what they have been to.
fn by_patient(principal: &Principal) -> Scope {
    if principal.role == Role::Patient { own(principal) } else { Scope::Nobody }
}

fn own(principal: &Principal) -> Scope {
    Scope::Only(Filter::eq("reviewer", principal.username.clone()))
}

fn own_or_staff(principal: &Principal) -> Scope {
    if principal.is_staff() { Scope::Everything } else { own(principal) }
}
