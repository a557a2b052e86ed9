//! OPTIONS: DRF's metadata, with only what this caller may do.

use serde_json::{Map, Value, json};

use super::{plugin::Plugin, policy::Scope, resource::Resource};
use crate::{
    error::ApiError,
    fields::{clean::Stage, metadata},
    http::{Call, Reply, body::PARSES},
};

/// OPTIONS on a list.
pub(crate) fn of_list(call: &Call, resource: &Resource) -> Reply {
    let mut actions = Map::new();
    let create = resource.policy.create;
    if create.is_served() && create.scope(&call.caller) != Scope::Nobody {
        let fields = metadata::describe(resource.fields, Stage::Create);
        actions.insert("POST".to_owned(), Value::Object(fields));
    }
    let name = format!("{} List", resource.words());
    Reply::ok(&metadata_of(&name, resource.about, &PARSES, actions))
}

/// OPTIONS on a record.
pub(crate) async fn of_record(call: &Call, plugin: &'static dyn Plugin) -> Result<Reply, ApiError> {
    let resource = plugin.resource();
    let mut actions = Map::new();
    if resource.policy.change.is_served() && may_change(call, plugin).await? {
        let fields = metadata::describe(resource.fields, Stage::Replace);
        actions.insert("PUT".to_owned(), Value::Object(fields));
    }
    let name = format!("{} Instance", resource.words());
    Ok(Reply::ok(&metadata_of(&name, resource.about, &PARSES, actions)))
}

/// OPTIONS on anything.
pub(crate) fn metadata_of(
    name: &str,
    description: &str,
    parses: &[&str],
    actions: Map<String, Value>,
) -> Value {
    let mut said = json!({
        "name": name,
        "description": description,
        "renders": ["application/json"],
        "parses": parses,
    });
    if let (Some(said), false) = (said.as_object_mut(), actions.is_empty()) {
        said.insert("actions".to_owned(), Value::Object(actions));
    }
    said
}

/// A record that is not there, or not the caller's, has no actions: that is no error here.
async fn may_change(call: &Call, plugin: &'static dyn Plugin) -> Result<bool, ApiError> {
    match plugin.may_change(call).await {
        Ok(()) => Ok(true),
        Err(ApiError::NotFound(_) | ApiError::Forbidden) => Ok(false),
        Err(error) => Err(error),
    }
}
