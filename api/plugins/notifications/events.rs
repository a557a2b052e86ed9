//! `GET /api/notifications/events/`: the stream of the caller's inbox, without WebSocket.

use ihs_config::UnknownParameters;

use crate::{
    error::ApiError,
    faults::Faults,
    http::{
        Call, Reply,
        events::{Events, Source, stream_to},
        params::Params,
    },
};

/// The endpoint.
pub(crate) const EVENTS: Events = Events {
    name: "Events",
    about: "The inbox as it goes on, as Server-Sent Events.",
    open: |call| Box::pin(async { open(call) }),
};

/// Parameters that are known here.
const KNOWN: [&str; 3] = ["ticket", "format", "_"];

fn open(call: &Call) -> Result<Reply, ApiError> {
    check(&call.params, call.ctx.settings.api.unknown_parameters)?;
    stream_to(call, &Source::Inbox)
}

fn check(params: &Params, unknown: UnknownParameters) -> Result<(), Faults> {
    let mut faults = Faults::default();
    for name in params.names() {
        if unknown == UnknownParameters::Refuse && !KNOWN.contains(&name) {
            faults.add(name, format!("Unknown parameter: {name}"));
        }
    }
    faults.into_result()
}
