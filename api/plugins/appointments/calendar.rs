//! Calendars: what keeps appointments from overlapping. Two commits that each see room for their
//! own appointment must not both be done, though they write different records. So whoever looks
//! into a calendar opens it first, and commits on its version: of two that opened it at once, one
//! fails, starts over, and sees what the other has made.

use ihs_store::{Change, Collection, Document, Filter, Query, StoreError, Write, document::id_of};
use serde_json::{Value, json};

use super::{COLLECTION as APPOINTMENTS, moves::Status, slot::Slot};
use crate::{
    Ctx,
    error::ApiError,
    viewset::{related::related, resource::up},
};

/// The collection.
pub(crate) const COLLECTION: &str = "calendars";

/// No appointment takes longer: so far back there may be one that is not over yet.
pub(super) const LONGEST_MILLIS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Whose.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'name> {
    /// A doctor's, by username: appointments that are not cancelled.
    Doctor(&'name str),
    /// A patient's, by username: appointments that they hold.
    Patient(&'name str),
    /// A clinic's, by id: that its doctors still work there.
    Clinic(&'name str),
}

/// A calendar, as it was when it was opened.
#[derive(Debug)]
pub(super) struct Calendar {
    id: String,
    version: i64,
}

impl Calendar {
    /// Opens some. To be done before what is in them is read.
    pub(super) async fn open<const N: usize>(
        ctx: &Ctx,
        whose: [Whose<'_>; N],
    ) -> Result<[Self; N], StoreError> {
        let ids = whose.map(Whose::id);
        let known = read(ctx, &ids).await?;
        let mut missing = ids.iter().filter(|id| !known.contains_key(*id)).peekable();
        let known = if missing.peek().is_some() {
            for id in missing {
                begin(ctx, id).await?;
            }
            read(ctx, &ids).await?
        } else {
            known
        };
        let version = |id: &str| known.get(id).and_then(|found| found.get("version")?.as_i64());
        Ok(ids.map(|id| Self { version: version(&id).unwrap_or_default(), id }))
    }

    /// Fails the commit when the calendar has changed since it was opened.
    pub(super) fn hold(self) -> Write {
        let filter = Filter::id(self.id).and(Filter::eq("version", self.version));
        Write::Update { collection: COLLECTION, filter, change: turn() }
    }

    /// Fails the commits of those who hold it, and waits for nobody.
    pub(super) fn touch(self) -> Write {
        Write::Update { collection: COLLECTION, filter: Filter::id(self.id), change: turn() }
    }
}

impl Whose<'_> {
    fn id(self) -> String {
        match self {
            Self::Doctor(name) => format!("doctor:{name}"),
            Self::Patient(name) => format!("patient:{name}"),
            Self::Clinic(id) => format!("clinic:{id}"),
        }
    }
}

/// The collection, for the store.
pub(crate) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: Vec::new(), searched: Vec::new() }
}

/// Which appointment of its doctor is in the way of this one, if any.
pub(super) async fn other_of_doctor(
    ctx: &Ctx,
    id: &str,
    slot: &Slot,
) -> Result<Option<Document>, StoreError> {
    overlapping(ctx, Filter::eq("doctor", slot.doctor.as_str()), &Status::KEPT, id, slot).await
}

/// Which appointment that this patient holds is in the way of this one, if any.
pub(super) async fn other_of_patient(
    ctx: &Ctx,
    id: &str,
    slot: &Slot,
    patient: &str,
) -> Result<Option<Document>, StoreError> {
    overlapping(ctx, Filter::eq("patient", patient), &Status::HELD, id, slot).await
}

/// Says that one's own appointment is in the way.
pub(super) fn in_the_way(other: &Document) -> ApiError {
    let text = |field| ihs_store::document::text(other, field);
    ApiError::Conflict(format!(
        "It overlaps another appointment of yours: {}, from {} to {}.",
        text("_id"),
        text("start_time"),
        text("end_time"),
    ))
}

/// Another one with these statuses at the same time. One that ends when the other begins is not.
async fn overlapping(
    ctx: &Ctx,
    whose: Filter,
    statuses: &[Status],
    id: &str,
    slot: &Slot,
) -> Result<Option<Document>, StoreError> {
    let earliest = slot.start_time.plus_millis(-LONGEST_MILLIS);
    let names = statuses.iter().map(|status| Value::from(status.name()));
    let filter = Filter::All(vec![
        whose,
        Filter::Gte("start_time", earliest.into()),
        Filter::Lt("start_time", slot.end_time.into()),
        Filter::Gt("end_time", slot.start_time.into()),
        Filter::In("status", names.collect()),
    ]);
    // Itself may be among them.
    let query = Query::new(APPOINTMENTS, filter, 2).sorted(vec![up("start_time")]);
    let found = ctx.store.find(query).await?;
    Ok(found.into_iter().find(|other| id_of(other).is_ok_and(|other| other != id)))
}

async fn read(
    ctx: &Ctx,
    ids: &[String],
) -> Result<std::collections::HashMap<String, Document>, StoreError> {
    related(ctx, COLLECTION, "_id", ids.iter().map(String::as_str)).await
}

/// Makes a calendar, unless somebody else is first.
async fn begin(ctx: &Ctx, id: &str) -> Result<(), StoreError> {
    let document =
        Document::from_iter([("_id".to_owned(), json!(id)), ("version".to_owned(), json!(0))]);
    match ctx.store.commit(vec![Write::Insert { collection: COLLECTION, document }]).await {
        Ok(_) | Err(StoreError::Taken { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn turn() -> Change {
    Change::default().and_add("version", 1)
}
