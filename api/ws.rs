//! `/ws/`: who may open a socket, and where it leads. Everything is decided before the upgrade.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{
            ALLOW, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_VERSION, UPGRADE,
        },
    },
    web,
};
use ihs_actors::{
    FanOut, Opening, Username,
    protocol::{JoinFrom, MAX_HISTORY},
    room::membership::ROOMS,
    session,
};
use ihs_store::{Filter, RoomId, Seq, Timestamp};

use crate::{
    Ctx,
    auth::{self, Caller, Principal},
    error::ApiError,
    faults::Faults,
    http::{
        accept::Dialect, body::text_of, events::crowded, links::Origin, params::Params, problem,
    },
    plugins::rooms::direct_with,
};

/// A subprotocol that carries an access token, for browsers, which cannot set headers.
const BEARER: &str = "bearer.";

/// Opens the inbox at once.
const NOTIFICATIONS: &str = "/ws/notifications/";

/// What leads to the direct room with somebody.
const DIRECT: char = '@';

/// Serves the sockets.
pub(crate) fn mount(cfg: &mut web::ServiceConfig, ctx: &Ctx) {
    for path in ["/ws/", NOTIFICATIONS] {
        mount_at(cfg, ctx, path);
    }
    cfg.service(web::scope("/ws/chat").configure(|cfg| mount_at(cfg, ctx, "/{room}/")));
}

fn mount_at(cfg: &mut web::ServiceConfig, ctx: &Ctx, path: &str) {
    for path in [path, path.trim_end_matches('/')] {
        let ctx = ctx.clone();
        cfg.service(web::resource(path).to(move |request: HttpRequest, payload: web::Payload| {
            let ctx = ctx.clone();
            async move { answer(&ctx, &request, payload).await }
        }));
    }
}

async fn answer(ctx: &Ctx, request: &HttpRequest, payload: web::Payload) -> HttpResponse {
    let opened = match *request.method() {
        Method::GET => open(ctx, request, payload).await,
        _ => Err(ApiError::MethodNotAllowed(request.method().to_string())),
    };
    opened.unwrap_or_else(|error| {
        let route = request.match_pattern().unwrap_or_default();
        problem::log(&error, request.method().as_str(), &route);
        let mut response = problem::respond(error, Dialect::Drf);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        response
    })
}

async fn open(
    ctx: &Ctx,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(request.query_string())?;
    check_origin(ctx, request)?;
    let principal = identify(ctx, request, &params).await?;
    if !is_handshake(request) {
        return Err(ApiError::Malformed("This path is for WebSocket clients.".to_owned()));
    }
    let name = request.match_info().get("room");
    let from = name.map(|_| join_from(&params)).transpose()?;
    if ctx.is_draining() {
        return Err(ApiError::Unavailable("this node is going away".into()));
    }
    let fan_out = request
        .app_data::<FanOut>()
        .ok_or_else(|| ApiError::internal("this thread has no fan-out"))?;
    let user = Username::try_from(principal.username.as_str()).map_err(ApiError::internal)?;
    // What may make a room comes last of what can refuse.
    let admission = ctx.hub.admit(&user).map_err(crowded)?;
    let room = match name.zip(from) {
        None => None,
        Some((name, from)) => Some((find_room(ctx, &principal, name).await?, from)),
    };
    let inbox = request.path().trim_end_matches('/') == NOTIFICATIONS.trim_end_matches('/');
    let expires = Timestamp::from_millis(principal.expires.saturating_mul(1_000));
    session::open(
        request,
        payload,
        fan_out,
        Opening { admission, login: principal.session, expires, room, inbox },
    )
    .map_err(|error| ApiError::Malformed(error.to_string()))
}

/// Browsers say which page opens a socket: one of ours, or one that the settings name.
fn check_origin(ctx: &Ctx, request: &HttpRequest) -> Result<(), ApiError> {
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let settings = &ctx.settings.server;
    let ours = Origin::of(request, settings);
    // Behind a proxy that is not declared, the scheme that we see is not the page's.
    let host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    let same = host(origin).is_some_and(|page| Some(page) == host(&ours.to("", "")));
    let named = |known: &String| known == "*" || known.eq_ignore_ascii_case(origin);
    if same || settings.origins.iter().any(named) { Ok(()) } else { Err(ApiError::Forbidden) }
}

/// The header, a ticket, or a subprotocol: whichever comes first.
async fn identify(
    ctx: &Ctx,
    request: &HttpRequest,
    params: &Params,
) -> Result<Principal, ApiError> {
    if let Caller::User(principal) = auth::identify(ctx, request.headers()).await? {
        return Ok(principal);
    }
    if let Some(ticket) = params.filled("ticket") {
        return Ok(auth::redeem_ticket(ctx, ticket).await?);
    }
    let protocols = text_of(request.headers(), SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    let mut tokens = protocols.split(',').filter_map(|name| name.trim().strip_prefix(BEARER));
    match tokens.next() {
        Some(token) => Ok(auth::authenticate(ctx, token).await?),
        None => Err(ApiError::no_credentials()),
    }
}

/// All that a handshake has: nothing is made for one that would be refused in the end.
fn is_handshake(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let protocol = text_of(headers, UPGRADE);
    protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
        && request.head().upgrade()
        && text_of(headers, SEC_WEBSOCKET_VERSION) == Some("13")
        && headers.contains_key(SEC_WEBSOCKET_KEY)
}

/// The room of this id, or the direct room with `@somebody`; only the caller's own.
async fn find_room(ctx: &Ctx, principal: &Principal, name: &str) -> Result<RoomId, ApiError> {
    if let Some(other) = name.strip_prefix(DIRECT) {
        return direct_with(ctx, principal, other).await;
    }
    let room: RoomId = name.parse().map_err(|_| ApiError::no_match("Room"))?;
    let mine = Filter::id(room.to_string())
        .and(Filter::Has("members", principal.username.as_str().into()));
    match ctx.store.count(ROOMS, mine).await? {
        0 => Err(ApiError::no_match("Room")),
        _ => Ok(room),
    }
}

fn join_from(params: &Params) -> Result<JoinFrom, ApiError> {
    match (number(params, "after")?, number(params, "history")?) {
        (Some(_), Some(_)) => {
            Err(Faults::one("history", "after and history exclude each other.").into())
        }
        (Some(after), None) => Ok(JoinFrom::After { seq: Seq::new(after), last: None }),
        (None, Some(count)) => Ok(JoinFrom::History(count.min(MAX_HISTORY))),
        (None, None) => Ok(JoinFrom::Now),
    }
}

fn number(params: &Params, name: &str) -> Result<Option<u64>, ApiError> {
    let parsed = params.filled(name).map(str::parse).transpose();
    parsed.map_err(|_| Faults::one(name, "A valid integer is required.").into())
}
