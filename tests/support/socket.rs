//! A WebSocket as a client sees it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// A socket, and what came over it that nobody has asked for yet.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: VecDeque<Value>,
}

impl Socket {
    /// Opens a socket, or says with which status it was refused.
    pub(crate) async fn open(url: &str, path: &str, token: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("{url}{path}").into_client_request().unwrap();
        if let Some(token) = token {
            let credentials = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", credentials);
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("no answer to the upgrade") {
            Ok((stream, _)) => Ok(Self { stream, waiting: VecDeque::new() }),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("no socket at {path}: {error}"),
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text that may be no frame.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends a binary frame.
    pub(crate) async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// Sends a text in frames of this many bytes, with a ping behind each.
    pub(crate) async fn send_in_fragments(&mut self, text: &str, size: usize) {
        let count = text.len().div_ceil(size);
        for (place, bytes) in text.as_bytes().chunks(size).enumerate() {
            let kind = if place == 0 { Data::Text } else { Data::Continue };
            let is_last = place + 1 == count;
            let frame = Frame::message(bytes.to_vec(), OpCode::Data(kind), is_last);
            self.stream.feed(Message::Frame(frame)).await.unwrap();
            self.stream.feed(Message::Ping("p".into())).await.unwrap();
        }
        self.stream.flush().await.unwrap();
    }

    /// Sends the beginning of a frame of this many bytes, and no more.
    pub(crate) async fn send_header_of(&mut self, length: u64) {
        let header = [&[0x81, 0xFF][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat();
        self.stream.get_mut().write_all(&header).await.unwrap();
    }

    /// Says no more, and goes on listening.
    pub(crate) async fn close_half(&mut self) {
        self.stream.get_mut().shutdown().await.unwrap();
    }

    /// Sends a frame, unless the connection is cut.
    pub(crate) async fn try_send(&mut self, frame: Value) -> Result<(), tungstenite::Error> {
        self.stream.send(Message::text(frame.to_string())).await
    }

    /// The next frame of this type, unless the connection is cut.
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
        timeout(PATIENCE, frames).await.expect("neither a frame nor the end came")
    }

    /// The next frame as it came over the wire.
    pub(crate) async fn next_text(&mut self) -> String {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("it did not come") {
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(_)) => {}
                other => panic!("no frame but {other:?}"),
            }
        }
    }

    /// Joins a room and waits until it is joined.
    pub(crate) async fn join(&mut self, room: &str) -> Value {
        self.send(json!({"type": "join", "room": room})).await;
        self.next_of("joined").await
    }

    /// Sends a message and waits for its ack. One that cannot be taken just now, as when the store
    /// is slow, is sent again with its key, as clients do.
    pub(crate) async fn say(&mut self, room: &str, text: &str) -> Value {
        let key = format!("{:016x}", rand::random::<u64>());
        let frame = json!({"type": "message", "ref": key, "room": room, "text": text, "key": key});
        let deadline = Instant::now() + PATIENCE * 2;
        loop {
            self.send(frame.clone()).await;
            let answer = self
                .next_where(|frame| frame["ref"] == key.as_str() && frame["type"] != "message")
                .await;
            if answer["code"] != "unavailable" || Instant::now() > deadline {
                assert_eq!(answer["type"], "ack", "{answer}");
                return answer;
            }
        }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        self.next_where(|_| true).await
    }

    /// The next frame of this type; others wait until they are asked for.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        self.next_where(|frame| frame["type"] == kind).await
    }

    /// The next frame of this type, when it may take as long as a dead node is remembered.
    pub(crate) async fn wait_long_for(&mut self, kind: &str) -> Value {
        match timeout(PATIENCE * 3, self.try_next_of_patiently(kind)).await {
            Ok(Some(frame)) => frame,
            other => panic!("it did not come: {other:?}"),
        }
    }

    async fn try_next_of_patiently(&mut self, kind: &str) -> Option<Value> {
        loop {
            match self.read().await {
                Ok(frame) if frame["type"] == kind => return Some(frame),
                Ok(frame) => self.waiting.push_back(frame),
                Err(_) => return None,
            }
        }
    }

    /// The next frame that is wanted; others wait until they are asked for.
    pub(crate) async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(index).unwrap();
        }
        let frames = async {
            loop {
                let frame = self.read().await.unwrap_or_else(|code| panic!("closed with {code}"));
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

    /// Forgets what came and was not asked for.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
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
