//! The one way by which a request reaches a single record.

use ihs_store::{Document, Filter, Query};

use super::{
    policy::Rule,
    resource::{Lookup, Resource},
};
use crate::{error::ApiError, http::Call};

/// What a record is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// To see it.
    Read,
    /// To change it.
    Change,
    /// To delete it.
    Delete,
}

/// The record that the path names: 404 outside of what the caller may read, 403 inside of it but
/// outside of what they want to do.
pub(crate) async fn object(
    call: &Call,
    resource: &'static Resource,
    right: Right,
) -> Result<Document, ApiError> {
    let found = look_up(call, resource).await?;
    let document = found.ok_or_else(|| ApiError::no_match(resource.model))?;
    let rule = rule_of(resource, right);
    if rule.scope(&call.caller).has(&document) { Ok(document) } else { Err(ApiError::Forbidden) }
}

/// What this caller may read of a resource.
pub(crate) fn readable(call: &Call, resource: &Resource) -> Filter {
    (resource.base)().and(resource.policy.read.scope(&call.caller).filter())
}

/// The rule for a right.
pub(crate) fn rule_of(resource: &Resource, right: Right) -> Rule {
    match right {
        Right::Read => resource.policy.read,
        Right::Change => resource.policy.change,
        Right::Delete => resource.policy.delete,
    }
}

async fn look_up(call: &Call, resource: &'static Resource) -> Result<Option<Document>, ApiError> {
    let key = call.key();
    if key.is_empty() || key.contains('\0') {
        return Ok(None);
    }
    let readable = readable(call, resource);
    let store = &call.ctx.store;
    Ok(match resource.lookup {
        Lookup::Id => {
            let found = store.get(resource.collection(), key).await?;
            found.filter(|document| readable.matches(document))
        }
        Lookup::By(field) => {
            let filter = Filter::eq(field, key).and(readable);
            store.find(Query::new(resource.collection(), filter, 1)).await?.pop()
        }
    })
}
