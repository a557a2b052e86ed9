//! What ends with a clinic, with somebody's work at one, and with the account of a doctor or a
//! patient. What has taken place stays as it is; nobody is left with an appointment that the other
//! side cannot keep.

use ihs_store::{
    Change, Document, Filter, Query, StoreError, Timestamp, Write,
    document::{id_of, text},
};
use serde_json::Value;

use super::{
    COLLECTION,
    calendar::{Calendar, Whose},
    moves::Status,
    slot::Slot,
    told,
};
use crate::{
    Ctx,
    audit::{
        self,
        entry::{Action, Entry},
    },
    auth::Role,
    error::ApiError,
    plugins::clinic_doctors,
    viewset::{
        hooks::{self, Removal},
        notices::{Notice, Notices},
        resource::up,
        update::{at_version, persist},
    },
};

/// So many appointments are cancelled in one commit at most; more of them right after it.
const AT_ONCE: u64 = 200;

/// What a commit does that ends the part of somebody in their appointments.
#[derive(Default)]
pub(crate) struct Parting {
    /// What is written.
    pub(crate) writes: Vec<Write>,
    /// Who is told.
    pub(crate) notices: Vec<Notice>,
}

impl Parting {
    /// Makes it a part of a removal.
    pub(crate) fn join<R>(self, removal: &mut Removal<R>) {
        removal.writes.extend(self.writes);
        removal.notices.extend(self.notices);
    }
}

/// Removes the open slots of work that ends at a clinic, all that there are when the commit is
/// done. 409 while somebody has one that is yet to come.
pub(crate) async fn end_work(
    ctx: &Ctx,
    clinic: &str,
    work: Filter,
) -> Result<[Write; 2], ApiError> {
    let [calendar] = Calendar::open(ctx, [Whose::Clinic(clinic)]).await?;
    let next = Query::new(COLLECTION, work.clone().and(to_come(ctx.clock.now())), 1);
    if let Some(next) = ctx.store.find(next.sorted(vec![up("start_time")])).await?.first() {
        return Err(ApiError::Conflict(format!(
            "It cannot be deleted: appointments there are yet to come, the next one at {}.",
            text(next, "start_time"),
        )));
    }
    Ok([calendar.hold(), removal(work)])
}

/// What ends with an account of this role: work at clinics, and appointments.
pub(crate) async fn end_account(ctx: &Ctx, role: Role, name: &str) -> Result<Parting, ApiError> {
    let whose = match role {
        Role::Doctor => Whose::Doctor(name),
        Role::Patient => Whose::Patient(name),
        Role::Nurse => {
            let writes = clinic_doctors::removal(name).into();
            return Ok(Parting { writes, ..Parting::default() });
        }
        Role::Staff => return Ok(Parting::default()),
    };
    let [calendar] = Calendar::open(ctx, [whose]).await?;
    let mut parting = cancelled(ctx, name).await?;
    parting.writes.push(calendar.hold());
    if role == Role::Doctor {
        parting.writes.push(removal(Filter::eq("doctor", name)));
        parting.writes.extend(clinic_doctors::removal(name));
    }
    Ok(parting)
}

/// Cancels what is left of the appointments of somebody who is gone; gives whether none is.
pub(crate) async fn finish(ctx: &Ctx, name: &str) -> bool {
    loop {
        match persist(async || cancel_some(ctx, name).await).await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "somebody who is gone still has appointments for now");
                return false;
            }
        }
    }
}

/// How many there were to cancel; `None` when one of them has moved on.
async fn cancel_some(ctx: &Ctx, name: &str) -> Result<Option<usize>, ApiError> {
    let Parting { mut writes, notices } = cancelled(ctx, name).await?;
    let count = writes.len();
    let notices = Notices::of(ctx, &notices);
    writes.extend(notices.writes());
    if count == 0 {
        return Ok(Some(0));
    }
    match audit::commit(ctx, writes).await {
        Ok(_) => {
            notices.tell(ctx);
            Ok(Some(count))
        }
        Err(StoreError::Unmatched { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Cancels the next appointments of somebody who goes; those that are there as they were read.
async fn cancelled(ctx: &Ctx, name: &str) -> Result<Parting, ApiError> {
    let now = ctx.clock.now();
    let sides = Filter::Any(vec![Filter::eq("doctor", name), Filter::eq("patient", name)]);
    let query = Query::new(COLLECTION, sides.and(to_come(now)), AT_ONCE);
    let mut parting = Parting::default();
    for found in ctx.store.find(query).await? {
        parting.writes.push(cancel(&found, now)?);
        parting.writes.push(recorded(ctx, &found, name)?);
        let slot: Slot = hooks::record(found)?;
        parting.notices.push(told::of_departure(ctx, &slot, name).await?);
    }
    Ok(parting)
}

/// Nobody asked for it: it follows from that somebody goes.
fn recorded(ctx: &Ctx, found: &Document, name: &str) -> Result<Write, ApiError> {
    let entry = Entry::new(ctx, Action::Update).with(COLLECTION, id_of(found)?);
    let entry = entry.of_patient(text(found, "patient"));
    audit::write(&entry.because(&format!("cancelled because {name} is leaving")))
}

fn cancel(found: &Document, now: Timestamp) -> Result<Write, ApiError> {
    let change = Change::set("status", Status::Cancelled.name()).and_set("_updated", now);
    let change = change.and_add("_version", 1);
    Ok(Write::Update { collection: COLLECTION, filter: at_version(found)?, change })
}

/// Those that somebody has, and that have not begun.
fn to_come(now: Timestamp) -> Filter {
    let held = Status::HELD.map(|status| Value::from(status.name()));
    Filter::In("status", held.to_vec()).and(Filter::Gt("start_time", now.into()))
}

/// Removes open ones.
fn removal(of: Filter) -> Write {
    let filter = of.and(Filter::eq("status", Status::Open.name()));
    Write::DeleteEvery { collection: COLLECTION, filter }
}
