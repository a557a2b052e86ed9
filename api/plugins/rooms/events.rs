//! `GET /api/rooms/{id}/events/`: the stream of a room, for its members, without WebSocket.

use ihs_actors::protocol::{JoinFrom, MAX_HISTORY};
use ihs_config::UnknownParameters;
use ihs_store::{Filter, RoomId, document::id_of};

use super::{Rooms, messages};
use crate::{
    error::ApiError,
    faults::Faults,
    fields::Field,
    http::{
        Call, Reply,
        events::{Source, stream_to, unknown},
        get::{Get, Renders},
        params::Params,
    },
    viewset::{
        Declared,
        object::{Right, object},
        resource::Described,
    },
};

/// The endpoint.
pub(crate) const EVENTS: Get = Get {
    name: "Events",
    about: "The room as it goes on, as Server-Sent Events.",
    renders: Renders::Events,
    run: |call| Box::pin(open(call)),
};

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described = Described {
    below: "{key}/events/",
    parameters: &[Field::count("after"), Field::count("history")],
    body: &[],
    status: "200",
    answer: None,
};

/// The last event that a client has, as it says when it comes back.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// Parameters that are known here.
const KNOWN: [&str; 5] = ["after", "history", "ticket", "format", "_"];

async fn open(call: &Call) -> Result<Reply, ApiError> {
    let document = object(call, Rooms::RESOURCE, Right::Read).await?;
    let reader = call.principal()?.username.as_str();
    if !Filter::Has("members", reader.into()).matches(&document) {
        return Err(ApiError::Forbidden);
    }
    let last = call.readable_header(LAST_EVENT_ID)?;
    let from = parse(last, &call.params, call.ctx.settings.api.unknown_parameters)?;
    let room: RoomId = id_of(&document)?.parse().map_err(ApiError::internal)?;
    stream_to(call, Source::Room(room, from))
}

/// Where the stream starts. A browser that comes back says so by the header, and repeats the
/// parameters that it came with first.
fn parse(
    last: Option<&str>,
    params: &Params,
    setting: UnknownParameters,
) -> Result<JoinFrom, Faults> {
    let mut faults = unknown(params, &KNOWN, setting);
    let last = last.map(str::trim).filter(|last| !last.is_empty());
    let last = last.and_then(|last| messages::seq(last, LAST_EVENT_ID, &mut faults));
    let mut number =
        |name| params.filled(name).and_then(|text| messages::seq(text, name, &mut faults));
    let (after, history) = (number("after"), number("history"));
    let from = match (last.or(after), history) {
        (Some(_), Some(_)) if last.is_none() => {
            faults.add("history", "after and history exclude each other.");
            JoinFrom::Now
        }
        (Some(seq), _) => JoinFrom::After { seq, last: None },
        (None, Some(count)) => JoinFrom::History(count.get().min(MAX_HISTORY)),
        (None, None) => JoinFrom::Now,
    };
    faults.into_result().map(|()| from)
}

#[cfg(test)]
mod tests {
    use ihs_store::Seq;
    use serde_json::{Value, json};

    use super::*;

    fn parsed(last: Option<&str>, query: &str) -> Result<JoinFrom, Value> {
        let params = Params::parse(query).unwrap();
        parse(last, &params, UnknownParameters::Refuse).map_err(|faults| faults.into_map().into())
    }

    fn after(seq: u64) -> JoinFrom {
        JoinFrom::After { seq: Seq::new(seq), last: None }
    }

    #[test]
    fn what_a_client_has_counts_more_than_what_it_asked_for_first() {
        assert_eq!(parsed(None, ""), Ok(JoinFrom::Now));
        assert_eq!(parsed(None, "after=3&ticket=x"), Ok(after(3)));
        assert_eq!(parsed(Some("7"), "after=3"), Ok(after(7)));
        assert_eq!(parsed(Some("7"), "history=3"), Ok(after(7)));
        assert_eq!(parsed(Some(" "), "after=0"), Ok(after(0)));
        assert_eq!(parsed(None, "history=1000"), Ok(JoinFrom::History(200)));
    }

    #[test]
    fn odd_starts_are_named() {
        let number = "A valid integer is required.";
        assert_eq!(parsed(Some("x"), "after=3"), Err(json!({"Last-Event-ID": [number]})));
        assert_eq!(parsed(Some("-1"), ""), Err(json!({"Last-Event-ID": [number]})));
        assert_eq!(parsed(None, "after=x"), Err(json!({"after": [number]})));
        assert_eq!(parsed(None, "aftr=1"), Err(json!({"aftr": ["Unknown parameter: aftr"]})));
        assert!(parsed(None, "after=1&history=2").is_err());
    }
}
