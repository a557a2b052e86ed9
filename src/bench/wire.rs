//! A WebSocket client that costs little enough to run beside the server that it measures: it
//! hands out the payloads of text frames where they lie in the buffer, and parses nothing else.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Largest answer to the handshake.
const MAX_HEAD: usize = 16_384;

/// The writing half of a socket.
pub(crate) struct Sender {
    stream: OwnedWriteHalf,
    buffer: Vec<u8>,
}

/// The reading half of a socket.
pub(crate) struct Receiver {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
    start: usize,
}

/// A frame from the server.
pub(crate) enum Frame {
    /// The payload of a text frame, as a range of the receiver's buffer.
    Text(std::ops::Range<usize>),
    /// A ping, to be answered.
    Ping,
    /// The end.
    Close,
    /// Anything else.
    Other,
}

/// Opens a socket. `authority` is host and port, `path` the path with its query.
pub(crate) async fn open(
    authority: &str,
    path: &str,
    token: &str,
) -> io::Result<(Sender, Receiver)> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    write.write_all(request.as_bytes()).await?;
    let mut receiver = Receiver { stream: read, buffer: Vec::new(), start: 0 };
    receiver.head().await?;
    let sender = Sender { stream: write, buffer: Vec::new() };
    Ok((sender, receiver))
}

impl Sender {
    /// Sends a text frame.
    pub(crate) async fn text(&mut self, text: &str) -> io::Result<()> {
        self.frame(0x81, text.as_bytes()).await
    }

    /// Answers a ping.
    pub(crate) async fn pong(&mut self) -> io::Result<()> {
        self.frame(0x8A, b"").await
    }

    /// Clients must mask; a mask of zeros is a mask, and costs nothing. 0xFE is the mask bit and
    /// 126, which says that two bytes of length follow (RFC 6455, 5.2).
    async fn frame(&mut self, head: u8, payload: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.push(head);
        match payload.len() {
            length @ 0..=125 => self.buffer.push(0x80 | u8::try_from(length).unwrap_or(0)),
            length => {
                let length = u16::try_from(length).map_err(|_| ErrorKind::InvalidInput)?;
                self.buffer.push(0xFE);
                self.buffer.extend_from_slice(&length.to_be_bytes());
            }
        }
        self.buffer.extend_from_slice(&[0; 4]);
        self.buffer.extend_from_slice(payload);
        self.stream.write_all(&self.buffer).await
    }
}

impl Receiver {
    /// The next frame.
    pub(crate) async fn next(&mut self) -> io::Result<Frame> {
        loop {
            if let Some(frame) = self.buffered() {
                return Ok(frame);
            }
            self.fill().await?;
        }
    }

    /// The payload of a frame that was just returned.
    pub(crate) fn payload(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    fn buffered(&mut self) -> Option<Frame> {
        let bytes = &self.buffer[self.start..];
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (header, length) = match second & 0x7F {
            126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
            127 => {
                let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
                (10, usize::try_from(length).ok()?)
            }
            length => (2, usize::from(length)),
        };
        bytes.get(header..header + length)?;
        let payload = self.start + header..self.start + header + length;
        self.start = payload.end;
        Some(match first & 0x0F {
            0x1 => Frame::Text(payload),
            0x8 => Frame::Close,
            0x9 => Frame::Ping,
            _ => Frame::Other,
        })
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn head(&mut self) -> io::Result<()> {
        loop {
            self.fill().await?;
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                if !self.buffer.starts_with(b"HTTP/1.1 101") {
                    let line = self.buffer.split(|byte| *byte == b'\r').next().unwrap_or_default();
                    return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
                }
                self.start = end + 4;
                return Ok(());
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }
}
