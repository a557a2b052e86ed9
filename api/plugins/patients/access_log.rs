//! `GET /api/patients/{username}/access-log/`: who saw or changed the record, when and why; for the
//! patient and for staff.

use ihs_store::{Document, Filter, document::text};
use serde_json::{Value, json};

use super::Patients;
use crate::{
    audit::{entry::Action as Deed, trace},
    error::ApiError,
    fields::Field,
    http::{Call, Reply},
    plugins::{audit::AccessLog, profiles::own_or_staff},
    viewset::{Declared, list::page_of, resource::Described},
};

/// What the OpenAPI document says of it.
pub(super) const DESCRIBED: Described = Described {
    below: "{key}/access-log/",
    parameters: PARAMETERS,
    body: &[],
    status: "200",
    answer: Some(described),
};

/// The parameters that it shares with lists, as far as they are no filters with suffixes.
const PARAMETERS: &[Field] = &[
    Field::count("page"),
    Field::count("page_size"),
    Field::text("user"),
    Field::choice("action", Deed::NAMES),
    Field::text("resource"),
];

/// A page of it. That staff look is recorded, too; that the patient does tells them nothing.
pub(super) async fn page(call: &Call, patient: Document) -> Result<Reply, ApiError> {
    let principal = call.principal()?;
    if !own_or_staff(principal).has(&patient) {
        return Err(ApiError::Forbidden);
    }
    let user = text(&patient, "user");
    if principal.username != user {
        trace::shown(call, Patients::RESOURCE, std::slice::from_ref(&patient)).await?;
    }
    page_of::<AccessLog>(call, Filter::eq("patient", user)).await
}

/// As it is described: the schema of the answer, and an example.
fn described() -> (Value, Value) {
    let texts = ["user", "role", "resource", "record", "reason"];
    let mut properties = json!({
        "id": { "type": "string", "pattern": "^[0-9a-f]{24}$" },
        "time": { "type": "string", "format": "date-time" },
        "action": { "type": "string", "enum": Deed::NAMES },
        "break_glass": { "type": "boolean" },
    });
    for name in texts {
        properties[name] = json!({ "type": ["string", "null"] });
    }
    let link = json!({ "type": ["string", "null"], "format": "uri" });
    let schema = json!({
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {
            "count": { "type": "integer", "minimum": 0 },
            "next": link,
            "previous": link,
            "results": { "type": "array", "items": {
                "type": "object",
                "required": ["id", "time", "user", "action", "break_glass"],
                "properties": properties,
                "additionalProperties": false,
            } },
        },
        "additionalProperties": false,
    });
    let entry = json!({
        "id": "65f0c0ffee65f0c0ffee65f0", "time": "2026-05-01T09:30:00.000Z", "user": "bob",
        "role": "doctor", "action": "read", "resource": "patients", "record": "ada",
        "reason": null, "break_glass": false,
    });
    let example = json!({ "count": 1, "next": null, "previous": null, "results": [entry] });
    (schema, example)
}
