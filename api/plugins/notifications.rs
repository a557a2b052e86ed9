//! Notifications: what a user is told, in the inbox and here.

use std::future::ready;

use ihs_actors::{
    inbox::shelf,
    protocol::{Category, MAX_TITLE},
};
use ihs_store::{Change, Document, Filter, Index, Query, Sort, StoreError, Timestamp, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::patients::treated;
use crate::{
    Ctx,
    auth::Principal,
    error::ApiError,
    fields::{Field, Preset, clean::Stage},
    http::{
        Call, Reply,
        events::{Source, stream_to, unknown},
        get::{Get, Renders},
    },
    viewset::{
        ViewSet,
        envelope::wrap,
        hooks::{self, Checked, Draft, Edit, Removal},
        policy::{Policy, Rule, Scope},
        resource::down,
    },
};

/// Longest text, in characters.
const MAX_TEXT: usize = 4_000;

/// The inbox as it goes on, for clients without WebSocket.
pub(crate) const EVENTS: Get = Get {
    name: "Events",
    about: "The inbox as it goes on, as Server-Sent Events.",
    renders: Renders::Events,
    run: |call| Box::pin(ready(events(call))),
};

/// The resource.
pub(crate) struct Notifications;

/// A notification.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notification {
    user: String,
    title: String,
    text: String,
    viewed: bool,
    category: String,
    time_created: Timestamp,
}

impl ViewSet for Notifications {
    type Record = Notification;
    const NAME: &'static str = "notifications";
    const MODEL: &'static str = "Notification";
    const ABOUT: &'static str = "What a user is told, in the inbox and here.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::person("user").required().create_only().filter(),
        Field::text("title").required().max(MAX_TITLE).create_only(),
        Field::text("text").required().max(MAX_TEXT).create_only(),
        Field::boolean("viewed").preset(Preset::False).filter(),
        Field::choice("category", Category::NAMES)
            .preset(Preset::Text("system"))
            .create_only()
            .filter(),
        Field::time("time_created").read_only().filter().sort(),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(own),
        create: Rule::Users(notified_by),
        change: Rule::Users(own),
        delete: Rule::Users(own),
    };
    const ORDER: &'static [Sort] = &[down("time_created")];

    fn indexes() -> Vec<Index> {
        shelf::indexes()
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        let Stage::Create = checked.stage else { return Ok(()) };
        let Some(user) = checked.text("user").map(str::to_owned) else { return Ok(()) };
        let sender = call.principal()?;
        let known = !checked.faults.has("user");
        if known
            && notified_by(sender) != Scope::Nobody
            && !reaches(&call.ctx, sender, &user).await?
        {
            checked.faults.add("user", format!("Object with username={user} does not exist."));
        }
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<Notification>) -> Result<(), ApiError> {
        draft.record.viewed = false;
        draft.record.time_created = call.ctx.clock.now();
        Ok(())
    }

    fn after_create(call: &Call, draft: &Draft<Notification>) {
        tell(call, &draft.id, &draft.record);
    }

    /// What is seen makes place for another notification of its room.
    async fn before_update(_: &Call, edit: &mut Edit<Notification>) -> Result<(), ApiError> {
        if edit.after.viewed && !edit.before.viewed {
            edit.writes.push(Write::UpdateEvery {
                collection: shelf::NOTIFICATIONS,
                filter: Filter::id(edit.id.clone()),
                change: Change::set(shelf::SLOT, Value::Null),
            });
        }
        Ok(())
    }

    fn after_update(call: &Call, edit: &Edit<Notification>) {
        if edit.before.viewed != edit.after.viewed {
            tell(call, &edit.id, &edit.after);
        }
    }

    async fn after_delete(call: &Call, removal: &Removal<Notification>) -> Result<(), ApiError> {
        call.ctx.hub.notification_gone(&removal.record.user, &removal.id);
        Ok(())
    }
}

fn events(call: &Call) -> Result<Reply, ApiError> {
    let setting = call.ctx.settings.api.unknown_parameters;
    unknown(&call.params, &["ticket", "format", "_"], setting).into_result()?;
    stream_to(call, Source::Inbox)
}

/// Tells the user's sockets.
fn tell(call: &Call, id: &str, record: &Notification) {
    if let Ok(record) = hooks::document(record) {
        let document = wrap(record, id, "", call.ctx.clock.now());
        call.ctx.hub.notification_changed(&document);
    }
}

/// Whether one who may notify may notify this user: staff all, doctors and nurses the patients
/// whose record they may read.
pub(crate) async fn reaches(ctx: &Ctx, sender: &Principal, user: &str) -> Result<bool, StoreError> {
    if sender.is_staff() {
        return Ok(true);
    }
    let patient = Filter::eq("user", user).and(treated(sender).filter());
    Ok(ctx.store.count("patients", patient).await? > 0)
}

/// Removes what is there for a user.
pub(crate) fn removal(username: &str) -> Write {
    let filter = Filter::eq("user", username);
    Write::DeleteEvery { collection: shelf::NOTIFICATIONS, filter }
}

/// The user of this name, who was not deleted.
pub(crate) async fn user(ctx: &Ctx, username: &str) -> Result<Option<Document>, StoreError> {
    let named = Filter::eq("username", username).and(super::users::present());
    Ok(ctx.store.find(Query::new("users", named, 1)).await?.pop())
}

fn own(principal: &Principal) -> Scope {
    Scope::Only(Filter::eq("user", principal.username.clone()))
}

/// Staff, doctors and nurses may make some; for whom is checked with the body.
pub(crate) fn notified_by(principal: &Principal) -> Scope {
    let may = principal.is_staff() || principal.is_provider();
    if may { Scope::Everything } else { Scope::Nobody }
}
