//! What is served at the paths of a resource besides its records.

use ihs_config::Settings;
use serde_json::{Value, json};

use super::{answers, body, operation::Operation, parameters, resource::operation};
use crate::{
    http::{
        events::EVENT_STREAM,
        get::{Get, Renders},
    },
    plugins::BELOW,
    viewset::resource::{Action, Described, Resource},
};

/// A part of a path that is a number.
const SEQ: &str = "seq";

/// An event as it comes over a stream.
const EVENT: &str =
    "id: 7\nevent: message\ndata: {\"type\":\"message\",\"seq\":7,\"text\":\"…\"}\n\n";

/// All of them.
pub(super) fn operations(resource: &'static Resource, settings: &Settings) -> Vec<Operation> {
    let below = BELOW.iter().filter(|(name, ..)| *name == resource.name);
    let gets = below.map(|(_, path, get)| of_get(resource, path, get));
    gets.chain(resource.actions.iter().map(|action| of_action(resource, action, settings)))
        .collect()
}

fn of_get(resource: &'static Resource, path: &str, get: &Get) -> Operation {
    let mut operation = described(resource, "get", path);
    get.name.clone_into(&mut operation.summary);
    get.about.clone_into(&mut operation.about);
    match get.renders {
        Renders::Json => operation.answering("200", answer(resource, path)),
        Renders::Events => {
            operation.parameters.push(ticket());
            let about = "Events as they happen, without end.";
            operation.answering("200", answers::text(about, EVENT_STREAM, EVENT))
        }
    }
}

fn of_action(resource: &'static Resource, action: &Action, settings: &Settings) -> Operation {
    let path = format!("{{key}}/{}/", action.name);
    let method = if action.method == "GET" { "get" } else { "post" };
    let mut operation = described(resource, method, &path);
    operation.summary = crate::fields::metadata::label(action.name);
    action.about.clone_into(&mut operation.about);
    if method == "post" {
        let fields = known(resource, &path).map_or(&[][..], |described| described.body);
        operation.parameters.push(parameters::idempotency_key());
        if !fields.is_empty() {
            operation.body = Some(body::inline(fields, settings));
        }
        operation.errors = vec![409, 422];
    }
    let status = known(resource, &path).map_or("2XX", |described| described.status);
    operation.answering(status, answer(resource, &path))
}

/// With the parameters of its path, and those that the resource declares.
fn described(resource: &'static Resource, method: &'static str, path: &str) -> Operation {
    let steps = path.split('/').filter(|step| !step.is_empty() && !step.starts_with('{'));
    let name = steps.collect::<Vec<_>>().join("_").replace('-', "_");
    let mut operation = operation(resource, method, path, &name);
    if path.contains("{key}") {
        operation.parameters.push(parameters::key(resource));
    }
    if path.contains("{seq}") {
        operation.parameters.push(parameters::number_in_path(SEQ));
    }
    let declared = known(resource, path).map_or(&[][..], |described| described.parameters);
    operation.parameters.extend(declared.iter().map(parameters::of_field));
    operation
}

fn known(resource: &'static Resource, path: &str) -> Option<&'static Described> {
    resource.described.iter().find(|described| described.below == path)
}

fn answer(resource: &'static Resource, path: &str) -> Value {
    match known(resource, path) {
        None => answers::json("Done.", json!({}), &json!({})),
        Some(Described { answer: None, .. }) => answers::empty("Done."),
        Some(Described { answer: Some(answer), .. }) => {
            let (schema, example) = answer();
            answers::json("What was asked for.", schema, &example)
        }
    }
}

fn ticket() -> Value {
    json!({
        "name": "ticket",
        "in": "query",
        "description": "Of `POST /api/ws-ticket/`, for who cannot set headers.",
        "schema": { "type": "string" },
    })
}
