//! Between actix and the resources: what is the same for every endpoint.
//!
//! - [`edge`]: the one way in and out: negotiation, credentials, methods, errors, headers
//! - [`call`]: one request, as endpoints see it
//! - [`address`]: where it comes from
//! - [`accept`]: which answer the client takes; [`params`]: the query string
//! - [`body`], [`json`], [`multipart`]: the body; [`etag`]: conditional requests
//! - [`post`]: endpoints that are no resource
//! - [`get`]: endpoints below a resource; [`events`]: streams of events
//! - [`links`]: absolute addresses; [`reply`]: answers; [`problem`]: errors on the wire

pub(crate) mod accept;
pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod edge;
pub(crate) mod etag;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod json;
pub(crate) mod links;
pub(crate) mod multipart;
pub(crate) mod params;
pub(crate) mod post;
pub(crate) mod problem;
pub(crate) mod reply;

pub(crate) use call::Call;
pub(crate) use edge::Endpoint;
pub(crate) use post::Post;
pub(crate) use reply::Reply;
