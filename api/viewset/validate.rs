//! From a body to values that may be stored: permission, fields, references, the resource's own
//! rules, and, where something is wrong already, uniqueness, so that all faults come at once.

use ihs_store::Document;

use super::{Declared, ViewSet, hooks::Checked, references, resource::Resource, unique};
use crate::{
    auth::Caller,
    error::ApiError,
    fields::{
        clean::{Stage, clean, is_settable},
        input::Input,
    },
    http::Call,
};

/// The values of a body, by stored name. `before` is the record that they are for, unless it is
/// a new one.
pub(crate) async fn validate<V: ViewSet>(
    call: &Call,
    input: &Input,
    stage: Stage,
    before: Option<&Document>,
) -> Result<Document, ApiError> {
    let resource = V::RESOURCE;
    refuse_forbidden(resource, &call.caller, input, stage, before)?;
    let (mut values, mut faults) = clean(resource.fields, input, stage);
    references::check(&call.ctx, &call.caller, resource.fields, input, &values, &mut faults)
        .await?;
    V::check(call, &mut Checked { stage, values: &mut values, before, faults: &mut faults })
        .await?;
    if !faults.is_empty() {
        unique::add_faults(&call.ctx, resource, &values, before, &mut faults).await?;
    }
    faults.sorted(resource.fields).into_result()?;
    Ok(values)
}

/// A field that others may write, but not this caller, is refused, not ignored.
fn refuse_forbidden(
    resource: &Resource,
    caller: &Caller,
    input: &Input,
    stage: Stage,
    before: Option<&Document>,
) -> Result<(), ApiError> {
    let nothing = Document::new();
    let document = before.unwrap_or(&nothing);
    let settable = resource.fields.iter().filter(|field| is_settable(field, stage));
    for field in settable.filter(|field| input.value(field).is_some()) {
        let allowed = match (field.writable, caller.principal()) {
            (None, _) => true,
            (Some(grant), Some(principal)) => grant(principal).has(document),
            (Some(_), None) => false,
        };
        if !allowed {
            return Err(ApiError::Forbidden);
        }
    }
    Ok(())
}
