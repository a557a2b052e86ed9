//! The OpenAPI 3.1 document, made from what resources declare about themselves.
//!
//! - this file: the document as a whole; [`info`]: what it says about the API as such
//! - [`resource`]: the operations of a resource, [`below`]: what else is served at its paths,
//!   [`endpoint`]: those that belong to none; [`operation`]: one operation as data
//! - [`parameters`]: queries, headers and parts of paths; [`body`]: bodies of requests
//! - [`answers`]: what is answered, [`errors`]: what else is
//! - [`shown`]: fields as answers have them, [`taken`]: as bodies may have them, [`sample`]: examples
//! - [`schema`], [`docs`]: where the document and its page are served
//!
//! Bodies are described as leniently as they are taken: a client that keeps to the description is
//! never refused for its form, and one that does not is.

mod answers;
mod below;
mod body;
pub(crate) mod docs;
mod endpoint;
mod errors;
mod info;
mod operation;
mod parameters;
mod resource;
mod sample;
pub(crate) mod schema;
mod shown;
mod taken;

use ihs_config::Settings;
use serde_json::{Map, Value, json};

use crate::plugins;
use operation::Operation;

/// The document for a node with these settings.
#[must_use]
pub fn document(settings: &Settings) -> Value {
    let mut schemas = shown::common();
    schemas.extend(taken::common());
    schemas.extend(errors::schemas());
    let mut operations = endpoint::operations(settings);
    let mut tags = info::tags();
    for plugin in plugins::served(&settings.api) {
        let resource = plugin.resource();
        tags.push(json!({ "name": resource.name, "description": resource.about }));
        schemas.extend(resource::schemas(resource, settings));
        operations.extend(resource::operations(plugin, settings));
        operations.extend(below::operations(resource, settings));
    }
    json!({
        "openapi": "3.1.0",
        "info": info::info(),
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths(operations),
        "components": {
            "schemas": schemas,
            "responses": errors::responses(),
            "securitySchemes": info::security_schemes(),
        },
        "x-websocket": info::sockets(),
    })
}

/// All operations by path and method.
fn paths(operations: Vec<Operation>) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let (path, method) = (operation.path.clone(), operation.method);
        let at = paths.entry(path).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(at) = at {
            at.insert(method.to_owned(), operation.into_value());
        }
    }
    paths
}

/// A reference to a schema of the document.
fn schema_ref(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
