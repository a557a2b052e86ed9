//! Sockets that are refused.

use ihs_store::Filter;

use crate::support::{App, Client};

/// The same client with all that a handshake has.
fn upgrading(client: &Client) -> Client {
    client
        .with("connection", "Upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

#[actix_web::test]
async fn a_socket_that_is_refused_makes_no_room() {
    let app = App::start().await;
    let (ada, _bob) = (app.patient("ada").await, app.patient("bob").await);
    let path = "/ws/chat/@bob/";
    upgrading(&ada).get(&format!("{path}?after=x")).await.is(400);
    upgrading(&ada).get(&format!("{path}?after=1&history=1")).await.is(400);
    ada.with("upgrade", "websocket").get(path).await.is(400);
    app.ctx.drain();
    upgrading(&ada).get(path).await.is(503);
    assert_eq!(app.ctx.store.count("rooms", Filter::everything()).await.unwrap(), 0);
}
