//! The operations that belong to no resource.

use ihs_config::Settings;
use serde_json::{Value, json};

use super::{
    answers, body,
    operation::{Access, Operation},
    sample, schema_ref, shown,
};
use crate::{
    auth::{login, refresh, revoke, ticket, tickets::TICKET_SECONDS},
    http::{Post, accept::OPENAPI, edge::Door},
    plugins,
};

/// All of them.
pub(super) fn operations(settings: &Settings) -> Vec<Operation> {
    let grant = || answers::json("A pair of tokens.", grant(settings), &grant_example());
    vec![
        post(&login::ENDPOINT, "/api/token/", "token", settings).answering("200", grant()),
        post(&login::ENDPOINT, "/api-token-auth/", "api_token_auth", settings)
            .answering("200", grant()),
        post(&refresh::ENDPOINT, "/api/token/refresh/", "token_refresh", settings)
            .failing(401)
            .answering("200", grant()),
        post(&revoke::ENDPOINT, "/api/token/revoke/", "token_revoke", settings)
            .answering("204", answers::empty("It is revoked.")),
        post(&ticket::ENDPOINT, "/api/ws-ticket/", "ws_ticket", settings)
            .answering("200", ticket_answer()),
        root(),
        schema(),
        page(),
        health("/healthz/", "healthz", "The process lives"),
        ready(),
    ]
}

fn get(path: &str, id: &str, tag: &'static str, summary: &str, access: Access) -> Operation {
    let mut operation = Operation::new("get", path, id);
    operation.tag = tag;
    summary.clone_into(&mut operation.summary);
    operation.access = access;
    operation
}

fn post(endpoint: &Post, path: &str, id: &str, settings: &Settings) -> Operation {
    let mut operation = Operation::new("post", path, id);
    operation.tag = "auth";
    endpoint.name.clone_into(&mut operation.summary);
    operation.access = match endpoint.door {
        Door::Unwatched => Access::Public,
        Door::Open => Access::Optional,
        Door::Users | Door::Ticketed => Access::Users,
    };
    let fields = endpoint.fields;
    operation.body = (!fields.is_empty()).then(|| body::inline(fields, settings));
    operation
}

/// What logging in gives.
fn grant(settings: &Settings) -> Value {
    let detail = [record("patients", settings), record("doctors", settings)];
    let [patient, doctor] = detail;
    json!({
        "type": "object",
        "required": ["token", "refresh", "expires_in", "type", "user", "detail"],
        "properties": {
            "token": { "type": "string", "description": "For the `Authorization` header." },
            "refresh": { "type": "string", "description": "For a new pair, once." },
            "expires_in": { "type": "integer", "minimum": 1, "description": "In seconds." },
            "type": { "type": "string", "enum": ["patient", "doctor", "nurse", "staff"] },
            "user": record("users", settings),
            "detail": { "anyOf": [patient, doctor, { "type": "null" }] },
        },
        "additionalProperties": false,
    })
}

/// A record of the resource of this name, which may be switched off.
fn record(name: &str, settings: &Settings) -> Value {
    let served = plugins::served(&settings.api).any(|plugin| plugin.resource().name == name);
    match plugins::named(name).map(<dyn crate::viewset::plugin::Plugin>::resource) {
        Some(resource) if served => schema_ref(resource.model),
        Some(resource) => shown::object(resource.about, resource.fields),
        None => json!({}),
    }
}

fn grant_example() -> Value {
    let shown =
        |name: &str| plugins::named(name).map(|plugin| sample::shown(plugin.resource().fields));
    json!({
        "token": "eyJhbGciOi…",
        "refresh": "65f0c0ffee65f0c0ffee65f0.4f1c…",
        "expires_in": 3600,
        "type": "patient",
        "user": shown("users"),
        "detail": shown("patients"),
    })
}

fn ticket_answer() -> Value {
    let schema = json!({
        "type": "object",
        "required": ["ticket", "expires_in"],
        "properties": {
            "ticket": { "type": "string" },
            "expires_in": { "type": "integer", "minimum": 1 },
        },
        "additionalProperties": false,
    });
    let example = json!({ "ticket": "4f1c…", "expires_in": TICKET_SECONDS });
    answers::json("A ticket that opens one socket.", schema, &example)
}

fn root() -> Operation {
    let schema = json!({
        "type": "object",
        "additionalProperties": { "type": "string", "format": "uri" },
    });
    let example = json!({ "users": "https://clinic.example/api/users/" });
    get("/api/", "root", "about", "The resources and where they are", Access::Optional)
        .answering("200", answers::json("By name.", schema, &example))
}

fn schema() -> Operation {
    let mut answer = answers::record(
        "The document.",
        json!({ "type": "object", "required": ["openapi", "info", "paths"] }),
        &json!({ "openapi": "3.1.0", "info": {}, "paths": {} }),
    );
    answer["content"][OPENAPI] = json!({ "schema": { "type": "object" } });
    let mut operation = get("/api/schema/", "schema", "about", "This document", Access::Optional);
    operation.parameters = vec![super::parameters::if_none_match()];
    operation.answering("200", answer).answering("304", answers::not_modified())
}

fn page() -> Operation {
    let answer = answers::text("A page that shows this document.", "text/html", "<!doctype html>");
    get("/api/docs/", "docs", "about", "This document as a page", Access::Optional)
        .answering("200", answer)
}

fn health(path: &str, id: &str, summary: &str) -> Operation {
    let schema = json!({
        "type": "object",
        "required": ["status"],
        "properties": { "status": { "type": "string", "const": "ok" } },
        "additionalProperties": false,
    });
    get(path, id, "operation", summary, Access::Public)
        .answering("200", answers::json("It does.", schema, &json!({ "status": "ok" })))
}

fn ready() -> Operation {
    let schema = json!({
        "type": "object",
        "required": ["status", "bus"],
        "properties": {
            "status": { "type": "string", "enum": ["ok", "degraded"] },
            "bus": { "type": "string", "enum": ["up", "alone", "away"] },
        },
        "additionalProperties": false,
    });
    let example = json!({ "status": "ok", "bus": "alone" });
    get("/readyz/", "readyz", "operation", "The node can take requests", Access::Public)
        .answering("200", answers::json("It can.", schema, &example))
}
