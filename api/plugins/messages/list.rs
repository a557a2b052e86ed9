//! GET: a page of what was said in the rooms that the caller is in.

use std::collections::HashMap;

use ihs_actors::room::membership::ROOMS;
use ihs_config::UnknownParameters;
use ihs_store::{
    Direction, Document, Filter, MessageQuery, Place, Query, RoomId, Seq, Sort, Timestamp,
    document::id_of,
};
use serde_json::Value;

use super::{Messages, asked::Asked, row};
use crate::{
    error::ApiError,
    faults::Faults,
    http::{Call, Reply},
    plugins::rooms::PAIR,
    viewset::{
        Declared, ViewSet, filters, ordering,
        paging::{self, Source, invalid_cursor},
        show::show_all,
    },
};

/// Messages of so many rooms are put together at most.
const MOST_ROOMS: u64 = 2_000;

/// How often a page is read anew because its reader has left a room meanwhile.
const ATTEMPTS: usize = 3;

/// A page of messages.
pub(super) async fn list(call: &Call) -> Result<Reply, ApiError> {
    let (asked, query) = parse(call)?;
    for _ in 0..ATTEMPTS {
        let rooms = Rooms::read(call, &asked).await?;
        let mut page = paging::fetch(call, &rooms, query.clone()).await?;
        // Nobody sees, or has counted, what was said from their removal on.
        if rooms.are_still_mine().await? {
            let rows = std::mem::take(&mut page.rows);
            let results = show_all::<Messages>(&call.ctx, &call.caller, rows).await?;
            return Ok(Reply::ok(&page.into_body(results)));
        }
    }
    Err(ApiError::Unavailable("the reader keeps leaving rooms".into()))
}

fn parse(call: &Call) -> Result<(Asked, Query), ApiError> {
    let (resource, params) = (Messages::RESOURCE, &call.params);
    let unknown_parameters = call.ctx.settings.api.unknown_parameters;
    let filter = filters::parse(resource, &call.caller, params, unknown_parameters)?;
    let asked = Asked::of(&filter, &call.principal()?.username)?;
    let strict = unknown_parameters == UnknownParameters::Refuse;
    let sort = match ordering::order(resource, &call.caller, params.get("ordering")) {
        Err(faults) if strict => return Err(faults.into()),
        sort => sort.unwrap_or_else(|_: Faults| resource.order.to_vec()),
    };
    let direction = sort.first().map_or(Direction::Ascending, |key| key.direction);
    let keys = ["time_created", "room", "seq"].map(|field| Sort { field, direction });
    Ok((asked, Query::new(Messages::NAME, filter, 0).sorted(keys.to_vec())))
}

/// The rooms that are asked for and that the caller is in, as a source of their messages.
struct Rooms<'call> {
    call: &'call Call,
    asked: &'call Asked,
    ids: Vec<RoomId>,
    pairs: HashMap<RoomId, String>,
}

impl<'call> Rooms<'call> {
    async fn read(call: &'call Call, asked: &'call Asked) -> Result<Self, ApiError> {
        let mine = Filter::Has("members", call.principal()?.username.clone().into());
        let filter = mine.and(asked.rooms.clone());
        let found = call.ctx.store.find(Query::new(ROOMS, filter, MOST_ROOMS + 1)).await?;
        if found.len() as u64 > MOST_ROOMS {
            let message = format!("Name a room: you are in more than {MOST_ROOMS}.");
            return Err(Faults::one("room", message).into());
        }
        let mut rooms = Self { call, asked, ids: Vec::new(), pairs: HashMap::new() };
        for room in &found {
            let id: RoomId = id_of(room)?.parse().map_err(ApiError::internal)?;
            rooms.ids.push(id);
            let pair = room.get(PAIR).and_then(Value::as_str);
            rooms.pairs.extend(pair.map(|pair| (id, pair.to_owned())));
        }
        Ok(rooms)
    }

    async fn are_still_mine(&self) -> Result<bool, ApiError> {
        let ids = self.ids.iter().map(|id| Value::String(id.to_string())).collect();
        let mine = Filter::Has("members", self.call.principal()?.username.clone().into());
        let still = self.call.ctx.store.count(ROOMS, Filter::In("_id", ids).and(mine)).await?;
        Ok(still == self.ids.len() as u64)
    }

    fn messages(&self, query: &Query) -> Result<MessageQuery, ApiError> {
        let after = query.after.as_deref().map(|keys| place(keys).ok_or_else(invalid_cursor));
        Ok(MessageQuery {
            rooms: self.ids.clone(),
            by: self.asked.by.clone(),
            from: self.asked.from,
            until: self.asked.until,
            direction: query.sort.first().map_or(Direction::Ascending, |key| key.direction),
            after: after.transpose()?,
            skip: query.skip,
            limit: query.limit,
        })
    }
}

impl Source for Rooms<'_> {
    async fn total(&self, query: &Query) -> Result<u64, ApiError> {
        Ok(self.call.ctx.store.count_messages(self.messages(query)?).await?)
    }

    async fn page(&self, query: &Query) -> Result<Vec<Document>, ApiError> {
        let found = self.call.ctx.store.messages(self.messages(query)?).await?;
        let pair = |room: &RoomId| self.pairs.get(room).map(String::as_str);
        Ok(found.iter().map(|one| row::document(one, pair(&one.room))).collect())
    }
}

/// The place in a cursor's keys.
fn place(keys: &[Value]) -> Option<Place> {
    let [time, room, seq, ..] = keys else { return None };
    Some(Place {
        time: Timestamp::parse(time.as_str()?)?,
        room: room.as_str()?.parse().ok()?,
        seq: Seq::new(seq.as_i64()?.try_into().ok()?),
    })
}
