//! An echo over the socket code of a session, for the WebSocket conformance suite: every message
//! comes back as it came. No part of the `ihs` binary.
//!
//!     cargo run --package ihs-actors --example echo
//!
//! prints the address that it listens on.

use std::{io::Write as _, time::Duration};

use actix::{Actor, ActorContext as _, StreamHandler};
use actix_http::ws::Message;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ihs_actors::session::wire::{self, Broken, Heard, Line, Unread, WireContext};

/// More than the largest message of the cases that are run.
const FRAME_BYTES: usize = 1 << 20;

#[derive(Default)]
struct Echo {
    line: Line,
}

impl Actor for Echo {
    type Context = WireContext<Self>;
}

impl StreamHandler<Result<Heard, Broken>> for Echo {
    fn handle(&mut self, heard: Result<Heard, Broken>, context: &mut WireContext<Self>) {
        match heard {
            Ok(Heard::Control(control)) => self.line.answer(control, context),
            Ok(_) if self.line.is_closing() => {}
            Ok(Heard::Text(text)) => context.write_raw(Message::Text(text)),
            Ok(Heard::Binary(bytes)) => context.write_raw(Message::Binary(bytes)),
            Err(broken) => self.line.close(broken.close_code(), broken.reason(), context),
        }
    }

    fn finished(&mut self, context: &mut WireContext<Self>) {
        context.stop();
    }
}

impl StreamHandler<Unread> for Echo {
    fn handle(&mut self, _: Unread, _: &mut WireContext<Self>) {}
}

async fn echo(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    wire::open(Echo::default(), &request, payload, FRAME_BYTES, &[])
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().route("/", web::get().to(echo)))
        .workers(1)
        .tcp_nodelay(true)
        // The suite waits a second for the server to close the connection. A node takes up to one,
        // so that clients that are still sending get their answer.
        .client_disconnect_timeout(Duration::ZERO)
        .bind(("127.0.0.1", 0))?;
    for address in server.addrs() {
        writeln!(std::io::stdout(), "ws://{address}/")?;
    }
    server.run().await
}
