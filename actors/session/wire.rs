//! A WebSocket without a protocol of its own: the opening handshake, frames, pings and the closing
//! handshake. Whoever sits on it (a session; in tests, an echo) gets whole messages.
//!
//! Everything that touches `actix-web-actors` is in this file.

use std::time::Duration;

use actix::{Actor, ActorContext as _, AsyncContext as _, StreamHandler};
use actix_http::ws::{CloseReason, Message, ProtocolError};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{WebsocketContext, handshake_with_protocols};
use bytes::Bytes;
use futures_util::stream;

use super::incoming::Incoming;
pub use super::incoming::{Broken, Control, Heard};

/// The context of an actor on a WebSocket.
pub type WireContext<A> = WebsocketContext<A>;

/// What `actix-web-actors` reads by itself: nothing, as [`Incoming`] reads in its place. An actor
/// has to take it all the same.
pub type Unread = Result<Message, ProtocolError>;

/// How long the server waits for the client's half of the closing handshake.
pub const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// Upgrades a request to a WebSocket with this actor on it.
///
/// # Errors
/// When the request is not a WebSocket handshake.
pub fn open<A>(
    actor: A,
    request: &HttpRequest,
    payload: web::Payload,
    frame_bytes: usize,
    protocols: &[&str],
) -> Result<HttpResponse, actix_web::Error>
where
    A: Actor<Context = WireContext<A>>
        + StreamHandler<Result<Heard, Broken>>
        + StreamHandler<Unread>,
{
    let mut response = handshake_with_protocols(request, protocols)?;
    // Its own reader takes all that arrives before it looks at the first frame.
    let nothing = stream::pending::<Result<Bytes, actix_web::error::PayloadError>>();
    Ok(response.streaming(WebsocketContext::with_factory(nothing, move |context| {
        context.add_stream(Incoming::new(payload, frame_bytes));
        actor
    })))
}

/// Where a WebSocket is in its life.
#[derive(Debug, Default)]
pub struct Line {
    closing: bool,
}

impl Line {
    /// Whether the close frame is out.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.closing
    }

    /// Does what the WebSocket protocol asks for.
    pub fn answer<A>(&mut self, control: Control, context: &mut WireContext<A>)
    where
        A: Actor<Context = WireContext<A>>,
    {
        match control {
            Control::Ping(bytes) if !self.closing => context.write_raw(Message::Pong(bytes)),
            Control::Ping(_) | Control::Pong => {}
            Control::Close(reason) => {
                if !self.closing {
                    let code = reason.map(|reason| reason.code);
                    context.close(code.map(|code| CloseReason { code, description: None }));
                }
                context.stop();
            }
        }
    }

    /// Begins the closing handshake, unless it has begun. After a while it ends without the
    /// client's half.
    pub fn close<A>(&mut self, code: u16, reason: &str, context: &mut WireContext<A>)
    where
        A: Actor<Context = WireContext<A>>,
    {
        if self.closing {
            return;
        }
        self.closing = true;
        let description = Some(reason.to_owned());
        context.close(Some(CloseReason { code: code.into(), description }));
        context.run_later(CLOSE_WAIT, |_, context| context.stop());
    }
}
