//! A WebSocket that may end at any time, with a window as small as wanted.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// Bytes that wait in the socket of a client that reads slowly.
const SMALL: u32 = 4_096;

/// The socket.
pub(crate) struct Line {
    stream: WebSocketStream<TcpStream>,
}

impl Line {
    /// Opens a socket; `None` when that fails, for whatever reason.
    pub(crate) async fn open(door: &str, token: &str, is_slow: bool) -> Option<Self> {
        let mut request = format!("{door}/ws/").into_client_request().unwrap();
        let credentials = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", credentials);
        let socket = TcpSocket::new_v4().ok()?;
        if is_slow {
            socket.set_recv_buffer_size(SMALL).ok()?;
        }
        let place = door.trim_start_matches("ws://").parse().expect("an address");
        let tcp = socket.connect(place).await.ok()?;
        tcp.set_nodelay(true).ok()?;
        let (stream, _) = client_async(request, tcp).await.ok()?;
        Some(Self { stream })
    }

    /// Sends a frame, and says whether that was possible.
    pub(crate) async fn send(&mut self, frame: &Value) -> bool {
        self.stream.send(Message::text(frame.to_string())).await.is_ok()
    }

    /// What comes next: a frame, or only a sign of life; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Option<Value>> {
        match self.stream.next().await? {
            Ok(Message::Text(text)) => Some(serde_json::from_str(&text).ok()),
            Ok(Message::Close(_)) | Err(_) => None,
            Ok(_) => Some(None),
        }
    }
}
