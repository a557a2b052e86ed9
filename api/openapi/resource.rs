//! The operations of a resource, and the schemas that they use.

use ihs_config::Settings;
use serde_json::{Map, Value, json};

use super::{
    answers, body,
    operation::{Access, Operation},
    parameters::{self, key_name},
    sample, schema_ref, shown, taken,
    taken::Written,
};
use crate::{
    fields::clean::Stage,
    viewset::{
        plugin::Plugin,
        policy::Rule,
        resource::{Lookup, Resource},
    },
};

/// What is sent and answered.
pub(super) fn schemas(resource: &Resource, settings: &Settings) -> Map<String, Value> {
    let model = resource.model;
    let record = shown::object(resource.about, resource.fields);
    let mut schemas = Map::from_iter([
        (model.to_owned(), record),
        (format!("{model}Page"), shown::page(&schema_ref(model))),
    ]);
    for stage in stages(resource) {
        for written in [Written::Json, Written::Form] {
            let schema = taken::object("", resource.fields, stage, written, settings);
            schemas.insert(body_name(resource, stage, written), schema);
        }
    }
    schemas
}

/// All operations on the list and on its records.
pub(super) fn operations(plugin: &'static dyn Plugin, settings: &Settings) -> Vec<Operation> {
    let resource = plugin.resource();
    let policy = resource.policy;
    let mut all = Vec::new();
    if policy.read.is_served() {
        all.push(list(plugin, settings));
    }
    if policy.create.is_served() {
        all.push(create(resource));
    }
    if policy.read.is_served() {
        all.push(retrieve(resource));
    }
    if policy.change.is_served() {
        all.push(change(resource, Stage::Replace));
        all.push(change(resource, Stage::Patch));
    }
    if policy.delete.is_served() {
        all.push(destroy(resource));
    }
    all
}

/// The path of a resource, and what is below it.
pub(super) fn path(resource: &Resource, below: &str) -> String {
    let below = below.replace("{key}", &format!("{{{}}}", key_name(resource)));
    format!("/api/{}/{below}", resource.name)
}

/// The unique name of an operation.
pub(super) fn operation_id(resource: &Resource, verb: &str) -> String {
    format!("{}_{verb}", resource.name).replace('-', "_")
}

/// One method on a resource.
pub(super) fn operation(
    resource: &Resource,
    method: &'static str,
    below: &str,
    verb: &str,
) -> Operation {
    let mut operation = Operation::new(method, path(resource, below), operation_id(resource, verb));
    operation.tag = resource.name;
    operation
}

fn list(plugin: &'static dyn Plugin, settings: &Settings) -> Operation {
    let resource = plugin.resource();
    let mut operation = operation(resource, "get", "", "list");
    operation.summary = format!("A page of {}", resource.name.replace('-', " "));
    "Only what the caller may read; nothing else counts.".clone_into(&mut operation.about);
    operation.access = access(resource.policy.read);
    operation.parameters = parameters::of_list(plugin, settings);
    let example = json!({
        "count": 1,
        "next": null,
        "previous": null,
        "results": [sample::shown(resource.fields)],
    });
    let page = schema_ref(&format!("{}Page", resource.model));
    operation.answering("200", answers::json("A page.", page, &example))
}

fn create(resource: &Resource) -> Operation {
    let mut operation = operation(resource, "post", "", "create");
    operation.summary = format!("Make a {}", resource.words().to_lowercase());
    operation.access = access(resource.policy.create);
    operation.parameters = vec![parameters::idempotency_key()];
    operation.body = Some(body_of(resource, Stage::Create));
    operation.errors = vec![409, 422];
    let example = sample::shown(resource.fields);
    let mut created = answers::created("It is made.", schema_ref(resource.model), &example);
    created["links"] = links(resource);
    if let Some(existing) = resource.existing {
        let answer = answers::record(existing, schema_ref(resource.model), &example);
        operation = operation.answering("200", answer);
    }
    operation.answering("201", created)
}

fn retrieve(resource: &Resource) -> Operation {
    let mut operation = operation(resource, "get", "{key}/", "retrieve");
    operation.summary = format!("One {}", resource.words().to_lowercase());
    operation.parameters = vec![parameters::key(resource), parameters::if_none_match()];
    operation.answering("200", one(resource)).answering("304", answers::not_modified())
}

fn change(resource: &Resource, stage: Stage) -> Operation {
    let words = resource.words().to_lowercase();
    let (method, verb, summary) = match stage {
        Stage::Patch => ("patch", "partial_update", format!("Change some of a {words}")),
        Stage::Create | Stage::Replace => ("put", "update", format!("Change all of a {words}")),
    };
    let mut operation = operation(resource, method, "{key}/", verb);
    operation.summary = summary;
    operation.parameters = vec![parameters::key(resource), parameters::if_match()];
    operation.body = Some(body_of(resource, stage));
    operation.errors = vec![409, 412, 422];
    operation.answering("200", one(resource))
}

fn destroy(resource: &Resource) -> Operation {
    let mut operation = operation(resource, "delete", "{key}/", "destroy");
    operation.summary = format!("Delete a {}", resource.words().to_lowercase());
    operation.parameters = vec![parameters::key(resource), parameters::if_match()];
    operation.errors = vec![409, 412];
    operation.answering("204", answers::empty("It is gone."))
}

fn one(resource: &Resource) -> Value {
    let example = sample::shown(resource.fields);
    answers::record("The record.", schema_ref(resource.model), &example)
}

fn body_of(resource: &Resource, stage: Stage) -> Value {
    body::of(resource.fields, stage, |written| schema_ref(&body_name(resource, stage, written)))
}

fn body_name(resource: &Resource, stage: Stage, written: Written) -> String {
    let stage = match stage {
        Stage::Create => "Create",
        Stage::Replace => "Replace",
        Stage::Patch => "Patch",
    };
    let form = match written {
        Written::Json => "",
        Written::Form => "Form",
    };
    format!("{}{stage}{form}", resource.model)
}

fn stages(resource: &Resource) -> Vec<Stage> {
    let mut stages = Vec::new();
    if resource.policy.create.is_served() {
        stages.push(Stage::Create);
    }
    if resource.policy.change.is_served() {
        stages.extend([Stage::Replace, Stage::Patch]);
    }
    stages
}

/// How one comes from a new record to what can be done with it.
fn links(resource: &Resource) -> Value {
    let Some(field) = key_field(resource) else { return json!({}) };
    let policy = resource.policy;
    let verbs =
        [("retrieve", policy.read), ("partial_update", policy.change), ("destroy", policy.delete)];
    let link = |verb: &str| {
        json!({
            "operationId": operation_id(resource, verb),
            "parameters": { key_name(resource): format!("$response.body#/{field}") },
        })
    };
    let served = verbs.iter().filter(|(_, rule)| rule.is_served());
    Value::Object(served.map(|(verb, _)| ((*verb).to_owned(), link(verb))).collect())
}

/// The field in an answer that names the record.
fn key_field(resource: &Resource) -> Option<&'static str> {
    let source = match resource.lookup {
        Lookup::Id => "_id",
        Lookup::By(field) => field,
    };
    resource.fields.iter().find(|field| field.source == source).map(|field| field.name)
}

fn access(rule: Rule) -> Access {
    match rule {
        Rule::Anyone => Access::Optional,
        Rule::Users(_) | Rule::Unserved => Access::Users,
    }
}
