//! One WebSocket connection to a node.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, StatusCode, header::AUTHORIZATION},
    },
};

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// An open connection.
pub(crate) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoLink {
    /// The token is not good, or not any more.
    Unauthenticated,
    /// Anything that may pass.
    Passing(String),
    /// What trying again cannot mend.
    Refused(String),
}

/// What came.
#[derive(Debug)]
pub(crate) enum Event {
    /// A frame's text.
    Text(String),
    /// Something without meaning for the conversation: the connection lives.
    Alive,
    /// The end of the connection.
    Lost(Loss),
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The token has expired.
    Unauthenticated,
    /// The node goes away, and says how long to wait.
    Restarting(Duration),
    /// Any other way.
    Broken,
}

impl Link {
    /// Connects with a token.
    pub(crate) async fn open(address: &str, token: &str) -> Result<Self, NoLink> {
        let refused = |text: &str| NoLink::Refused(text.to_owned());
        let mut request =
            address.into_client_request().map_err(|_| refused("the address cannot be used"))?;
        let credentials = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| refused("the token cannot be used"))?;
        request.headers_mut().insert(AUTHORIZATION, credentials);
        match time::timeout(PATIENCE, connect_async(request)).await {
            Ok(Ok((socket, _))) => Ok(Self { socket }),
            Ok(Err(tungstenite::Error::Http(response))) => Err(not_upgraded(response.status())),
            Ok(Err(error)) => Err(NoLink::Passing(error.to_string())),
            Err(_) => Err(NoLink::Passing("no answer".to_owned())),
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), Loss> {
        let message = Message::text(frame.to_string());
        match time::timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Loss::Broken),
        }
    }

    /// What comes next.
    pub(crate) async fn next(&mut self) -> Event {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => Event::Text(text.as_str().to_owned()),
            Some(Ok(Message::Close(close))) => Event::Lost(
                close.map_or(Loss::Broken, |close| loss(close.code.into(), close.reason.as_str())),
            ),
            Some(Ok(_)) => Event::Alive,
            Some(Err(_)) | None => Event::Lost(Loss::Broken),
        }
    }

    /// Says goodbye; nothing is lost if nobody hears it.
    pub(crate) async fn close(mut self) {
        let _ = time::timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }
}

fn not_upgraded(status: StatusCode) -> NoLink {
    match status {
        StatusCode::UNAUTHORIZED => NoLink::Unauthenticated,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            NoLink::Refused(format!("the node answered {status}"))
        }
        _ => NoLink::Passing(format!("the node answered {status}")),
    }
}

/// What a close code means; 1012 carries the milliseconds to wait.
fn loss(code: u16, reason: &str) -> Loss {
    match code {
        4401 => Loss::Unauthenticated,
        1012 => Loss::Restarting(Duration::from_millis(reason.parse().unwrap_or(1_000))),
        _ => Loss::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_say_what_to_do() {
        assert_eq!(loss(4401, ""), Loss::Unauthenticated);
        assert_eq!(loss(1012, "250"), Loss::Restarting(Duration::from_millis(250)));
        assert_eq!(loss(1006, ""), Loss::Broken);
    }
}
