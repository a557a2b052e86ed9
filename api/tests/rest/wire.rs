//! Over a real connection: what actix does below the handlers.

use actix_web::{App as ActixApp, HttpServer};
use ihs_api::configure;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::App;

/// Sends these bytes and reads until the server closes.
async fn exchange(app: &App, request: &str) -> String {
    let ctx = app.ctx.clone();
    let factory = move || {
        let ctx = ctx.clone();
        ActixApp::new().configure(move |cfg| configure(cfg, &ctx))
    };
    let server = HttpServer::new(factory).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    handle.stop(false).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = App::start().await;
    let head = "HEAD /api/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = exchange(&app, head).await;
    let (headers, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(headers.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(headers.to_ascii_lowercase().contains("content-type: application/json"));
    assert_eq!(body, "");
}

#[actix_web::test]
async fn chunks_count_as_a_body_and_are_bounded() {
    let app = App::start().await;
    let head = "POST /api/token/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let small = format!("{head}2\r\n{{}}\r\n0\r\n\r\n");
    assert!(exchange(&app, &small).await.contains("This field is required."));
    let large = format!("{head}{:x}\r\n{}\r\n0\r\n\r\n", 2_000_000, "x".repeat(2_000_000));
    assert!(exchange(&app, &large).await.starts_with("HTTP/1.1 413"));
}

#[actix_web::test]
async fn a_body_that_says_it_is_too_large_is_refused_unread() {
    let app = App::start().await;
    let request = "POST /api/token/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n";
    let answer = exchange(&app, request).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("{\"detail\":"), "{answer}");
}
