//! The one way in and out. In the order of DRF: negotiation, credentials, permission, method, and
//! only then the endpoint, which reads the body when it gets there.

use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    rt, web,
};
use futures_util::future::LocalBoxFuture;

use super::{
    Call, Reply,
    accept::{self, Dialect},
    body::text_of,
    params::Params,
    problem,
};
use crate::{
    Ctx,
    auth::{self, Caller},
    error::ApiError,
};

/// Who may come in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Everybody; credentials are not even looked at.
    Unwatched,
    /// Everybody; but credentials, where there are some, must be good.
    Open,
    /// Users.
    Users,
    /// Users, who may come with a ticket in the address instead of a token.
    Ticketed,
}

/// What is served at a path.
pub(crate) trait Endpoint {
    /// The methods, as `Allow` names them.
    fn allow(&self) -> String;

    /// Who may come in with this method.
    fn door(&self, method: &Method) -> Door;

    /// Whether a change is made to its end when its client goes away meanwhile: what is stored then
    /// is told to those whom it concerns.
    fn goes_on_alone(&self) -> bool {
        true
    }

    /// Whether it has something other than JSON for a client that accepts this.
    fn takes(&self, _: Option<&str>) -> bool {
        false
    }

    /// What it answers to a method that is allowed.
    fn answer<'call>(
        &'call self,
        call: &'call Call,
    ) -> LocalBoxFuture<'call, Result<Reply, ApiError>>;
}

/// Serves an endpoint at one path, with and without its last slash. These are two resources, since
/// a single one of two patterns would be looked for with regular expressions, by every request.
pub(crate) fn mount(
    cfg: &mut web::ServiceConfig,
    ctx: &Ctx,
    path: &str,
    endpoint: impl Endpoint + 'static,
) {
    let endpoint: Rc<dyn Endpoint> = Rc::new(endpoint);
    for path in [path, path.trim_end_matches('/')] {
        let (ctx, endpoint) = (ctx.clone(), Rc::clone(&endpoint));
        cfg.service(web::resource(path).to(move |request: HttpRequest, payload: web::Payload| {
            let (ctx, endpoint) = (ctx.clone(), Rc::clone(&endpoint));
            async move {
                if endpoint.goes_on_alone() && !request.method().is_safe() {
                    serve_to_the_end(ctx, endpoint, request, payload).await
                } else {
                    serve(ctx, endpoint.as_ref(), request, payload).await
                }
            }
        }));
    }
}

/// The same in a task of its own, which does not end with the connection.
async fn serve_to_the_end(
    ctx: Ctx,
    endpoint: Rc<dyn Endpoint>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let asked = request.clone();
    let served = rt::spawn(async move { serve(ctx, endpoint.as_ref(), request, payload).await });
    // The cause is not told: a panic may quote what a client sent.
    served.await.unwrap_or_else(|_| {
        let dialect = accept::negotiate(text_of(asked.headers(), header::ACCEPT));
        let error = ApiError::internal("the request was not served to its end");
        refuse(error, dialect.unwrap_or(Dialect::Drf), &asked)
    })
}

/// One request from its first byte to its answer.
pub(crate) async fn serve(
    ctx: Ctx,
    endpoint: &dyn Endpoint,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let accepted = text_of(request.headers(), header::ACCEPT);
    let dialect = accept::negotiate(accepted);
    let answered = if dialect.is_some() || endpoint.takes(accepted) {
        attend(ctx, endpoint, request.clone(), payload).await
    } else {
        Err(ApiError::NotAcceptable)
    };
    let mut response = match answered {
        Ok(reply) => reply.into_response(),
        Err(error) => refuse(error, dialect.unwrap_or(Dialect::Drf), &request),
    };
    let headers = response.headers_mut();
    if let Ok(allow) = HeaderValue::from_str(&endpoint.allow()) {
        headers.insert(header::ALLOW, allow);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

/// What is not served at all.
pub(crate) async fn not_found(request: HttpRequest) -> HttpResponse {
    let dialect = accept::negotiate(text_of(request.headers(), header::ACCEPT));
    let mut response = problem::respond(ApiError::no_path(), dialect.unwrap_or(Dialect::Drf));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

async fn attend(
    ctx: Ctx,
    endpoint: &dyn Endpoint,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<Reply, ApiError> {
    let params = Params::parse(request.query_string())?;
    let method = request.method().clone();
    let caller = admit(&ctx, endpoint.door(&method), &request, &params).await?;
    if !endpoint.allow().split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(ApiError::MethodNotAllowed(method.to_string()));
    }
    let call = Call::new(ctx, caller, params, request, payload);
    endpoint.answer(&call).await
}

async fn admit(
    ctx: &Ctx,
    door: Door,
    request: &HttpRequest,
    params: &Params,
) -> Result<Caller, ApiError> {
    if door == Door::Unwatched {
        return Ok(Caller::Anonymous);
    }
    match (auth::identify(ctx, request.headers()).await?, door) {
        (Caller::Anonymous, Door::Users) => Err(ApiError::no_credentials()),
        (Caller::Anonymous, Door::Ticketed) => {
            let ticket = params.filled("ticket").ok_or_else(ApiError::no_credentials)?;
            Ok(Caller::User(auth::redeem_ticket(ctx, ticket).await?))
        }
        (caller, _) => Ok(caller),
    }
}

fn refuse(error: ApiError, dialect: Dialect, request: &HttpRequest) -> HttpResponse {
    let route = request.match_pattern().unwrap_or_default();
    problem::log(&error, request.method().as_str(), &route);
    problem::respond(error, dialect)
}
