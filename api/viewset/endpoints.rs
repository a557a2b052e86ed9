//! What is served at the paths of a resource.

use std::future::ready;

use actix_web::http::Method;

use super::{
    options,
    plugin::{Answer, Plugin},
    policy::{Rule, Scope},
    resource::Action,
};
use crate::{
    error::ApiError,
    fields::clean::Stage,
    http::{Call, Endpoint, Reply, body::PARSES, edge::Door},
};

/// `/api/<name>/`
pub(crate) struct List(pub(crate) &'static dyn Plugin);

/// `/api/<name>/<key>/`
pub(crate) struct Detail(pub(crate) &'static dyn Plugin);

/// `/api/<name>/<key>/<action>/`
pub(crate) struct Extra(pub(crate) &'static dyn Plugin, pub(crate) &'static Action);

impl Endpoint for List {
    fn allow(&self) -> String {
        self.0.resource().allow_list()
    }

    fn door(&self, method: &Method) -> Door {
        let policy = self.0.resource().policy;
        match *method {
            // Whoever may make something may ask what it takes.
            Method::POST | Method::OPTIONS => door_of(policy.create),
            _ => door_of(policy.read),
        }
    }

    fn answer<'call>(&'call self, call: &'call Call) -> Answer<'call> {
        match call.method() {
            Method::GET if reads_nothing(self.0, call) => forbidden(),
            Method::GET => self.0.list(call),
            Method::POST => Box::pin(create(self.0, call)),
            _ => Box::pin(async move { Ok(options::of_list(call, self.0.resource())) }),
        }
    }
}

impl Endpoint for Detail {
    fn allow(&self) -> String {
        self.0.resource().allow_detail()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Users
    }

    fn answer<'call>(&'call self, call: &'call Call) -> Answer<'call> {
        match call.method() {
            Method::GET if reads_nothing(self.0, call) => forbidden(),
            Method::GET => self.0.retrieve(call),
            Method::PUT => self.0.update(call, Stage::Replace),
            Method::PATCH => self.0.update(call, Stage::Patch),
            Method::DELETE => self.0.delete(call),
            _ => Box::pin(options::of_record(call, self.0)),
        }
    }
}

impl Endpoint for Extra {
    fn allow(&self) -> String {
        match self.1.method {
            "GET" => "GET, HEAD, OPTIONS".to_owned(),
            other => format!("{other}, OPTIONS"),
        }
    }

    fn door(&self, _: &Method) -> Door {
        Door::Users
    }

    fn answer<'call>(&'call self, call: &'call Call) -> Answer<'call> {
        if call.method() == Method::OPTIONS {
            let name = crate::fields::metadata::label(self.1.name);
            let body = options::metadata_of(&name, self.1.about, &PARSES, serde_json::Map::new());
            return Box::pin(async move { Ok(Reply::ok(&body)) });
        }
        if call.method() == Method::GET && reads_nothing(self.0, call) {
            return forbidden();
        }
        self.0.act(call, self.1)
    }
}

/// Whether the caller may see none of the records, whichever there are: 403 tells them nothing.
fn reads_nothing(plugin: &dyn Plugin, call: &Call) -> bool {
    plugin.resource().policy.read.scope(&call.caller) == Scope::Nobody
}

fn forbidden<'call>() -> Answer<'call> {
    Box::pin(ready(Err(ApiError::Forbidden)))
}

/// Who may make nothing at all learns so before the body is read.
async fn create(plugin: &'static dyn Plugin, call: &Call) -> Result<Reply, ApiError> {
    if plugin.resource().policy.create.scope(&call.caller) == Scope::Nobody {
        return Err(ApiError::Forbidden);
    }
    plugin.create(call).await
}

fn door_of(rule: Rule) -> Door {
    match rule {
        Rule::Anyone => Door::Open,
        Rule::Users(_) | Rule::Unserved => Door::Users,
    }
}
