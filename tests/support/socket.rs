//! A WebSocket as a client sees it.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::HeaderName},
};

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// A socket, and what came over it that nobody has asked for yet.
pub(crate) struct Socket {
    stream: Stream,
    waiting: VecDeque<Value>,
}

impl Socket {
    /// Opens a socket, or says with which status it was refused.
    pub(crate) async fn open(url: &str, path: &str, token: &str) -> Result<Self, u16> {
        let stream = upgrade(url, path, &[("Authorization", &format!("Bearer {token}"))]).await?;
        Ok(Self {
            stream,
            waiting: VecDeque::new(),
        })
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: Value) {
        self.try_send(frame).await.unwrap();
    }

    /// Sends a frame over a socket that may be broken.
    pub(crate) async fn try_send(&mut self, frame: Value) -> Result<(), tungstenite::Error> {
        self.stream.send(Message::text(frame.to_string())).await
    }

    /// Sends a text that may be no frame.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends a frame of bytes.
    pub(crate) async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        self.next_where(|_| true).await
    }

    /// The next frame of this type; others wait until they are asked for.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        self.next_where(|frame| frame["type"] == kind).await
    }

    /// The next frame that is wanted; others wait until they are asked for.
    pub(crate) async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(index).unwrap();
        }
        let frames = async {
            loop {
                let frame = self
                    .read()
                    .await
                    .unwrap_or_else(|code| panic!("closed with {code}"));
                if wanted(&frame) {
                    return frame;
                }
                self.waiting.push_back(frame);
            }
        };
        if let Ok(frame) = timeout(PATIENCE, frames).await {
            return frame;
        }
        panic!("it did not come; this did: {:?}", self.waiting)
    }

    /// The next frame of this type; none when the socket ends before it.
    pub(crate) async fn try_next_of(&mut self, kind: &str) -> Option<Value> {
        let frames = async {
            loop {
                match self.read().await {
                    Ok(frame) if frame["type"] == kind => return Some(frame),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        timeout(PATIENCE, frames)
            .await
            .expect("neither the frame nor the end came")
    }

    /// The next frame as it was written.
    pub(crate) async fn next_text(&mut self) -> String {
        let text = async {
            loop {
                if let Message::Text(text) = self.stream.next().await.unwrap().unwrap() {
                    return text.as_str().to_owned();
                }
            }
        };
        timeout(PATIENCE, text).await.expect("nothing came")
    }

    /// Nothing of this type comes within the time.
    pub(crate) async fn hears_nothing_of(&mut self, kind: &str, time: Duration) {
        let _ = timeout(time, async {
            loop {
                match self.read().await {
                    Ok(frame) => self.waiting.push_back(frame),
                    Err(_) => std::future::pending().await,
                }
            }
        })
        .await;
        let heard = self.waiting.iter().find(|frame| frame["type"] == kind);
        assert!(heard.is_none(), "it came: {heard:?}");
    }

    /// Waits for the end; frames before it wait until they are asked for. 1006 is an end without
    /// a close frame.
    pub(crate) async fn closed(&mut self) -> u16 {
        let end = async {
            loop {
                match self.read().await {
                    Ok(frame) => self.waiting.push_back(frame),
                    Err(code) => return code,
                }
            }
        };
        timeout(PATIENCE, end).await.expect("the socket stays open")
    }

    /// The next frame, or the code that the socket was closed with.
    async fn read(&mut self) -> Result<Value, u16> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(close))) => {
                    return Err(close.map_or(1005, |close| close.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }
}

/// The status that asking for a socket is answered with.
pub(crate) async fn handshake(url: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    match upgrade(url, path, headers).await {
        Ok(_) => 101,
        Err(status) => status,
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn upgrade(url: &str, path: &str, headers: &[(&str, &str)]) -> Result<Stream, u16> {
    let address = format!("{}{path}", url.replacen("http", "ws", 1));
    let mut request = address.into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match timeout(PATIENCE, connect_async(request))
        .await
        .expect("no answer to the upgrade")
    {
        Ok((stream, _)) => Ok(stream),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("no socket at {path}: {error}"),
    }
}
