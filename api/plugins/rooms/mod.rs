//! Chat rooms: who is in them. What is said in them is the realtime core's.
//!
//! - this file: the resource; [`room`]: the record, and who is in it after a change
//! - [`rules`]: what a body must keep; [`summary`]: unread and last message
//! - [`membership`]: changes of who is in, with their entry in the log; [`departure`]: leaving
//! - [`direct`]: the room with one other user
//! - [`messages`]: the log by REST; [`events`]: its stream without WebSocket; [`receipts`]: who has
//!   got a message

pub(crate) mod departure;
mod direct;
pub(crate) mod events;
mod membership;
mod messages;
pub(crate) mod receipts;
mod room;
mod rules;
mod summary;

use actix_web::http::Method;
use ihs_store::{Document, Filter, Index, Sort};

pub(crate) use direct::direct_with;
use room::{Kind as RoomKind, Room};
pub(crate) use room::{other_of, pair};

use crate::{
    Ctx,
    auth::{Caller, Principal},
    error::ApiError,
    fields::{Field, Preset, kind::Kind},
    http::{Call, Reply},
    viewset::{
        Declared as _, ViewSet,
        hooks::{Checked, Draft, Edit, Row},
        object::{Right, object},
        policy::{self, Policy, Rule, Scope},
        resource::{Action, Described, down},
    },
};

/// The index that allows one direct room for each pair of users.
pub(crate) const PAIR: &str = "pair";

/// The resource.
pub(crate) struct Rooms;

impl ViewSet for Rooms {
    type Record = Room;
    const NAME: &'static str = "rooms";
    const MODEL: &'static str = "Room";
    const ABOUT: &'static str = "Chat rooms, between two or many.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::text("name").max(200).null().blank().search().sort(),
        Field::choice("kind", &["direct", "group"])
            .preset(Preset::Text("group"))
            .create_only()
            .filter(),
        Field::people("members"),
        Field::people("admins"),
        Field::person("created_by").read_only(),
        Field::shown("unread", Kind::Integer { min: None, max: None }),
        Field::shown("last_message", Kind::Object(summary::LAST)),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(visible),
        create: Rule::Users(policy::everything),
        change: Rule::Users(administered),
        delete: Rule::Unserved,
    };
    const ORDER: &'static [Sort] = &[down("last_activity"), down("last_entry")];
    const ACTIONS: &'static [Action] = &[
        Action { name: "leave", method: "POST", about: "Ends one's own membership." },
        Action { name: "messages", method: "GET", about: "The log of the room." },
    ];

    const DESCRIBED: &'static [Described] =
        &[departure::DESCRIBED, messages::DESCRIBED, events::DESCRIBED, receipts::DESCRIBED];
    const EXISTING: Option<&'static str> = Some("The direct room of the two, there already.");

    fn indexes() -> Vec<Index> {
        vec![Index::items("members", "members"), Index::unique(PAIR, &[PAIR])]
    }

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        rules::check(&call.principal()?.username, checked);
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<Room>) -> Result<(), ApiError> {
        let creator = &call.principal()?.username;
        draft.record.open(creator, call.ctx.clock.now());
        Ok(())
    }

    async fn before_list(call: &Call) -> Result<(), ApiError> {
        let (hub, me) = (&call.ctx.hub, call.principal()?);
        if me.is_staff() {
            hub.settle_activity().await;
        } else {
            hub.settle_activity_of(&me.username).await;
        }
        Ok(())
    }

    async fn existing(call: &Call, room: &Room) -> Result<Option<Document>, ApiError> {
        membership::reunite(&call.ctx, &call.principal()?.username, room).await
    }

    async fn before_update(call: &Call, edit: &mut Edit<Room>) -> Result<(), ApiError> {
        if edit.after.kind == RoomKind::Group {
            edit.after.settle(&edit.before);
        }
        let by = &call.principal()?.username;
        let entry = membership::entry(&call.ctx, &edit.id, by, &edit.before, &edit.after);
        edit.writes.extend(entry.await?);
        Ok(())
    }

    fn after_update(call: &Call, edit: &Edit<Room>) {
        if edit.before.members != edit.after.members {
            membership::announce(&call.ctx, &edit.id);
        }
    }

    async fn derive(ctx: &Ctx, caller: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        summary::derive(ctx, caller, rows).await
    }

    async fn subject(call: &Call, action: &'static str) -> Result<Document, ApiError> {
        match action {
            "leave" => departure::room(call).await,
            _ => object(call, Self::RESOURCE, Right::Read).await,
        }
    }

    async fn act(call: &Call, action: &'static str, document: Document) -> Result<Reply, ApiError> {
        match (action, call.method()) {
            ("leave", Method::POST) => departure::leave(call, document).await,
            ("messages", Method::GET) => messages::list(call, document).await,
            _ => Err(ApiError::no_path()),
        }
    }
}

/// Rooms that one is in; staff see of all that they exist.
fn visible(principal: &Principal) -> Scope {
    if principal.is_staff() {
        Scope::Everything
    } else {
        Scope::Only(Filter::Has("members", principal.username.clone().into()))
    }
}

/// Rooms of which one is an admin, staff or not.
fn administered(principal: &Principal) -> Scope {
    Scope::Only(Filter::Has("admins", principal.username.clone().into()))
}
