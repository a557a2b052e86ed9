//! `/api/`: the names of all resources, and where they are.

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use crate::{
    error::ApiError,
    http::{Call, Endpoint, Reply, body::PARSES, edge::Door},
    plugins,
    viewset::options::metadata_of,
};

/// DRF's API root.
pub(crate) struct Root;

impl Endpoint for Root {
    fn allow(&self) -> String {
        "GET, HEAD, OPTIONS".to_owned()
    }

    fn door(&self, _: &Method) -> Door {
        Door::Open
    }

    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>> {
        Box::pin(async move {
            Ok(Reply::ok(&match call.method() {
                Method::OPTIONS => metadata_of("Api Root", "", &PARSES, Map::new()),
                _ => links(call),
            }))
        })
    }
}

fn links(call: &Call) -> Value {
    let served = plugins::served(&call.ctx.settings.api).map(|plugin| plugin.resource().name());
    let link = |name: &str| (name.to_owned(), Value::String(call.origin.resource(name)));
    Value::Object(served.map(link).collect())
}
