//! How the entries of a log look on the wire.

use ihs_store::{Body, LogEntry, RoomId};
use serde_json::{Value, json};

/// An entry, as the wire contract has it.
pub(super) fn encode(room: RoomId, entry: &LogEntry) -> Value {
    let mut shown = json!({
        "type": kind(&entry.body),
        "room": room,
        "seq": entry.seq,
        "id": entry.id,
        "time": entry.time,
    });
    let more = match &entry.body {
        Body::Message { text, edited, deleted } => {
            message(entry, text, [("edited", *edited), ("deleted", *deleted)])
        }
        Body::Edited { target, text } => {
            json!({"sender": entry.sender, "target": target, "text": text})
        }
        Body::Deleted { target } => json!({"sender": entry.sender, "target": target}),
        Body::Members { added, removed } => {
            json!({"by": entry.sender, "added": added, "removed": removed})
        }
    };
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.extend(more);
    }
    shown
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::Message { .. } => "message",
        Body::Edited { .. } => "edited",
        Body::Deleted { .. } => "deleted",
        Body::Members { .. } => "members",
    }
}

/// What happened to a message since is said only where something did.
fn message(entry: &LogEntry, text: &str, marks: [(&str, bool); 2]) -> Value {
    let mut shown = json!({"sender": entry.sender, "text": text});
    for (mark, holds) in marks {
        if holds {
            shown[mark] = Value::Bool(true);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use ihs_store::{EntryId, Seq, Timestamp};

    use super::*;

    fn shown(body: Body) -> Value {
        let entry = LogEntry {
            seq: Seq::new(3),
            id: EntryId::from_bytes([1; 12]),
            time: Timestamp::from_millis(0),
            sender: "ada".to_owned(),
            key: None,
            body,
        };
        encode(RoomId::from_bytes([2; 12]), &entry)
    }

    #[test]
    fn entries_look_as_the_contract_has_them() {
        let head = |kind| {
            json!({"type": kind, "room": "02".repeat(12), "seq": 3, "id": "01".repeat(12),
                "time": "1970-01-01T00:00:00.000Z"})
        };
        let with = |kind, more: Value| {
            let mut all = head(kind);
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let members = Body::Members { added: vec!["bob".into()], removed: Vec::new() };
        assert_eq!(
            shown(members),
            with("members", json!({"by": "ada", "added": ["bob"], "removed": []}))
        );
        assert_eq!(
            shown(Body::message("hi")),
            with("message", json!({"sender": "ada", "text": "hi"}))
        );
        let target = Seq::new(1);
        assert_eq!(
            shown(Body::Deleted { target }),
            with("deleted", json!({"sender": "ada", "target": 1}))
        );
    }
}
