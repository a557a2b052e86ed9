//! `GET /api/rooms/{id}/messages/`: the log of a room, for its members. `after` reads all entries,
//! `before` and neither of them the messages, newest page first.

use ihs_actors::protocol::EntryView;
use ihs_config::UnknownParameters;
use ihs_store::{Document, Filter, LogEntry, RoomId, Seq, StoreError, document::id_of};
use serde_json::{Value, json};

use super::membership::still_in;
use crate::{
    Ctx,
    error::ApiError,
    faults::Faults,
    fields::{Field, kind::Format},
    http::{Call, Reply, events, params::Params},
    viewset::resource::Described,
};

const LIMIT: u64 = 50;
const LIMIT_MAX: u64 = 200;

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described = Described {
    below: "{key}/messages/",
    parameters: &[
        Field::count("after"),
        Field::count("before"),
        Field::formatted("limit", Format::Exact),
    ],
    body: &[],
    status: "200",
    answer: Some(described),
};

/// Parameters that are known here.
const KNOWN: [&str; 5] = ["after", "before", "limit", "format", "_"];

/// Which part of a log is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Entries behind this one.
    After(Seq),
    /// Messages before this one.
    Before(Seq),
}

/// A page of the log.
pub(super) async fn list(call: &Call, document: Document) -> Result<Reply, ApiError> {
    let reader = &call.principal()?.username;
    if !Filter::Has("members", reader.clone().into()).matches(&document) {
        return Err(ApiError::Forbidden);
    }
    let unknown = call.ctx.settings.api.unknown_parameters;
    let (part, limit) = parse(&call.params, unknown)?;
    let id = id_of(&document)?;
    let room: RoomId = id.parse().map_err(ApiError::internal)?;
    let (entries, more) = read(&call.ctx, room, part, limit).await?;
    if still_in(&call.ctx, reader, vec![id.to_owned()]).await?.is_empty() {
        return Err(ApiError::no_match("Room"));
    }
    let results: Vec<EntryView<'_>> =
        entries.iter().map(|entry| EntryView::new(room, entry)).collect();
    Ok(Reply::ok(&json!({ "results": results, "more": more })))
}

/// One more than asked for tells whether there are more; it lies at the far end.
async fn read(
    ctx: &Ctx,
    room: RoomId,
    part: Part,
    limit: u64,
) -> Result<(Vec<LogEntry>, bool), StoreError> {
    let mut entries = match part {
        Part::After(seq) => ctx.store.log_after(room, seq, limit + 1).await?,
        Part::Before(seq) => ctx.store.log_before(room, seq, limit + 1).await?,
    };
    let more = entries.len() as u64 > limit;
    if more {
        match part {
            Part::After(_) => drop(entries.pop()),
            Part::Before(_) => drop(entries.remove(0)),
        }
    }
    Ok((entries, more))
}

/// The schema of a page, and an example.
fn described() -> (Value, Value) {
    let schema = json!({
        "type": "object",
        "required": ["results", "more"],
        "properties": {
            "results": {
                "type": "array",
                "items": { "$ref": "#/components/schemas/LogEntry" },
            },
            "more": { "type": "boolean" },
        },
        "additionalProperties": false,
    });
    let id = "65f0c0ffee65f0c0ffee65f0";
    let entry = json!({ "type": "message", "room": id, "seq": 7, "id": id,
        "time": "2026-05-01T09:30:00.000Z", "sender": "ada", "text": "The fever is down." });
    (schema, json!({ "results": [entry], "more": false }))
}

fn parse(params: &Params, unknown: UnknownParameters) -> Result<(Part, u64), Faults> {
    let mut faults = events::unknown(params, &KNOWN, unknown);
    let mut number = |name| params.filled(name).and_then(|text| seq(text, name, &mut faults));
    let (after, before) = (number("after"), number("before"));
    let limit = params.filled("limit").and_then(|text| text.trim().parse().ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(LIMIT).min(LIMIT_MAX);
    let part = match (after, before) {
        (Some(_), Some(_)) => {
            faults.add("before", "after and before cannot be combined.");
            Part::Before(Seq::ZERO)
        }
        (Some(after), None) => Part::After(after),
        (None, before) => Part::Before(before.unwrap_or(Seq::new(i64::MAX.unsigned_abs()))),
    };
    faults.into_result().map(|()| (part, limit))
}

/// The seq that a parameter names.
pub(super) fn seq(text: &str, name: &str, faults: &mut Faults) -> Option<Seq> {
    let number = text.trim().parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
    if number.is_none() {
        faults.add(name, "A valid integer is required.");
    }
    number.map(Seq::new)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parsed(query: &str) -> Result<(Part, u64), Value> {
        let params = Params::parse(query).unwrap();
        parse(&params, UnknownParameters::Refuse).map_err(|faults| faults.into_map().into())
    }

    #[test]
    fn a_page_is_fifty_and_at_most_two_hundred() {
        assert_eq!(parsed("after=3"), Ok((Part::After(Seq::new(3)), 50)));
        assert_eq!(parsed("before=3&limit=500"), Ok((Part::Before(Seq::new(3)), 200)));
        assert!(matches!(parsed("limit=x"), Ok((Part::Before(_), 50))));
    }

    #[test]
    fn odd_parameters_are_named() {
        assert_eq!(parsed("after=x"), Err(json!({"after": ["A valid integer is required."]})));
        assert_eq!(parsed("aftr=1"), Err(json!({"aftr": ["Unknown parameter: aftr"]})));
        assert!(parsed("after=1&before=9").is_err());
        assert!(parsed("before=99999999999999999999").is_err());
    }
}
