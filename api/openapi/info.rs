//! What the document says about the API as such.

use serde_json::{Value, json};

const ABOUT: &str = "\
Healthcare records and chat. Paths end in a slash; without it they are the same. Bodies are JSON \
or forms; a body's unknown and read-only fields are ignored. Every answer has `Allow`; `HEAD` works \
where `GET` does, and `OPTIONS` tells what a path takes and may be asked of it.\n\n\
Errors are `{\"detail\": \"…\"}`, or messages by field; who accepts `application/problem+json` gets \
RFC 9457 instead. What the caller may not read is not there: 404, in no list, in no count.\n\n\
Conversations go on over WebSocket: see `x-websocket`.";

const SOCKETS: &str = "\
Text frames, one JSON object each. Credentials: the `Authorization` header, `?ticket=` of \
`POST /api/ws-ticket/`, or the subprotocols `ihs.v1, bearer.<token>`. A client joins rooms \
(`{\"type\":\"join\",\"ref\":1,\"room\":R,\"after\":n}`), sends \
(`{\"type\":\"message\",\"ref\":2,\"room\":R,\"text\":\"…\",\"key\":\"…\"}`) and is answered by \
`ref`; an `ack` means that the message is stored. Every entry of a room's log has a `seq`, from 1, \
without gaps.";

/// Title and description.
pub(super) fn info() -> Value {
    json!({
        "title": "IHS",
        "summary": "Integrated Healthcare System",
        "description": ABOUT,
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    })
}

/// Groups of operations that belong to no resource.
pub(super) fn tags() -> Vec<Value> {
    vec![
        json!({ "name": "auth", "description": "Logging in and out." }),
        json!({ "name": "about", "description": "The API itself." }),
        json!({ "name": "operation", "description": "For whoever runs the node." }),
    ]
}

/// How a caller says who they are.
pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `token` of `POST /api/token/`." },
        "token": { "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "The same behind the keyword `Token`, as in `Token eyJ…`." },
    })
}

/// Where sockets are opened, and what goes over them.
pub(super) fn sockets() -> Value {
    json!({
        "description": SOCKETS,
        "paths": {
            "/ws/": "Many rooms and the inbox on one socket.",
            "/ws/chat/{room}/": "Joins this room at once; `@bob` is the direct room with bob. \
                                 `?after=n` or `?history=k` as in `join`.",
            "/ws/notifications/": "Opens the inbox at once.",
        },
        "refusals": [400, 401, 403, 404, 429, 503],
        "closeCodes": {
            "1012": "The node is going away; the reason is the milliseconds to wait.",
            "4400": "Frames that are none, too many times.",
            "4401": "The token expired or was revoked.",
            "4403": "Not a member any more.",
            "4408": "No heartbeat, or nothing read for too long.",
            "4413": "A frame is too large.",
            "4429": "Far over the rate.",
        },
    })
}
