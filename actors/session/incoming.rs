//! What a client says: the bytes of its socket, as messages.
//!
//! No more is read than the next frame needs, and a frame that is too large is known by its header
//! and never kept: what a client can make a node hold is bounded.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_http::ws::{CloseReason, Codec, Frame, Item, ProtocolError};
use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;
use futures_util::Stream;
use tokio_util::codec::Decoder as _;

use crate::protocol::CloseCode;

/// One thing that a client says.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A whole message of text.
    Text(ByteString),
    /// A whole message of bytes.
    Binary(Bytes),
    /// What the WebSocket itself is concerned with.
    Control(Control),
}

/// A control frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Control {
    /// To be answered with the same bytes.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// The client's half of the closing handshake.
    Close(Option<CloseReason>),
}

/// Why a socket cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A frame, or the frames of a message, over the limit.
    TooLarge,
    /// A text that is none.
    NotUtf8,
    /// A frame that the WebSocket protocol forbids. Nothing can be read after it.
    Protocol,
}

impl Broken {
    /// The code to close with.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::TooLarge => CloseCode::FrameTooLarge.number(),
            Self::NotUtf8 => 1007,
            Self::Protocol => 1002,
        }
    }

    /// The reason to close with.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "frame too large",
            Self::NotUtf8 => "not UTF-8",
            Self::Protocol => "protocol error",
        }
    }
}

/// The messages in a stream of bytes.
#[derive(Debug)]
pub struct Incoming<S> {
    bytes: S,
    codec: Codec,
    most: usize,
    buffer: BytesMut,
    /// Bytes of a frame that is too large, still to come.
    skip: u64,
    fragments: Option<Fragments>,
    ended: bool,
}

/// A message of which not all frames have arrived.
#[derive(Debug)]
struct Fragments {
    is_text: bool,
    bytes: BytesMut,
    /// Of a text: so much of it is UTF-8.
    checked: usize,
}

impl<S> Incoming<S> {
    /// Reads messages of at most this many bytes.
    pub fn new(bytes: S, most: usize) -> Self {
        Self {
            bytes,
            codec: Codec::new().max_size(most),
            most,
            buffer: BytesMut::new(),
            skip: 0,
            fragments: None,
            ended: false,
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
        self.skip_some();
    }

    fn next_heard(&mut self) -> Option<Result<Heard, Broken>> {
        while let Some(frame) = self.frame() {
            let heard = frame.and_then(|frame| self.hear(frame)).transpose();
            if heard.is_some() {
                return heard;
            }
        }
        if self.buffer.is_empty() {
            // An idle socket keeps no memory for what it may say one day.
            self.buffer = BytesMut::new();
        }
        None
    }

    fn frame(&mut self) -> Option<Result<Frame, Broken>> {
        if let Some(header) = Header::read(&self.buffer)
            && header.payload > self.most as u64
        {
            return Some(Err(self.leave_out(&header)));
        }
        match self.codec.decode(&mut self.buffer) {
            Ok(frame) => frame.map(Ok),
            Err(error) => Some(Err(self.forbid(&error))),
        }
    }

    /// Nothing is read after a frame that the protocol forbids.
    fn forbid(&mut self, error: &ProtocolError) -> Broken {
        tracing::debug!(error = error as &dyn std::error::Error, "protocol error");
        self.ended = true;
        self.buffer = BytesMut::new();
        Broken::Protocol
    }

    /// Lets the codec see the frame without its payload, so that it takes those after it rightly.
    fn leave_out(&mut self, header: &Header) -> Broken {
        let mut empty = BytesMut::from(&[self.buffer[0], 0x80, 0, 0, 0, 0][..]);
        if let Err(error) = self.codec.decode(&mut empty) {
            return self.forbid(&error);
        }
        self.buffer.advance(header.length);
        self.skip = header.payload;
        self.skip_some();
        Broken::TooLarge
    }

    fn skip_some(&mut self) {
        let here = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.buffer.len());
        self.buffer.advance(here);
        self.skip -= here as u64;
    }

    fn hear(&mut self, frame: Frame) -> Result<Option<Heard>, Broken> {
        Ok(Some(match frame {
            Frame::Text(bytes) => Heard::Text(text(bytes)?),
            Frame::Binary(bytes) => Heard::Binary(bytes),
            Frame::Continuation(item) => return self.fragment(item),
            Frame::Ping(bytes) => Heard::Control(Control::Ping(bytes)),
            Frame::Pong(_) => Heard::Control(Control::Pong),
            Frame::Close(reason) => Heard::Control(Control::Close(reason)),
        }))
    }

    fn fragment(&mut self, item: Item) -> Result<Option<Heard>, Broken> {
        let (bytes, is_last) = match item {
            Item::FirstText(bytes) => (self.begin(true, bytes), false),
            Item::FirstBinary(bytes) => (self.begin(false, bytes), false),
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        // The rest of a message that was refused is nothing to anybody.
        let Some(mut fragments) = self.fragments.take() else { return Ok(None) };
        if fragments.bytes.len() + bytes.len() > self.most {
            return Err(Broken::TooLarge);
        }
        fragments.add(&bytes)?;
        if is_last {
            return fragments.end().map(Some);
        }
        self.fragments = Some(fragments);
        Ok(None)
    }

    fn begin(&mut self, is_text: bool, bytes: Bytes) -> Bytes {
        self.fragments = Some(Fragments { is_text, bytes: BytesMut::new(), checked: 0 });
        bytes
    }
}

impl Fragments {
    /// Adds a frame. What cannot become UTF-8 any more is refused before the end is there.
    fn add(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.bytes.extend_from_slice(bytes);
        if !self.is_text {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_some() => return Err(Broken::NotUtf8),
            Err(error) => self.checked += error.valid_up_to(),
        }
        Ok(())
    }

    fn end(self) -> Result<Heard, Broken> {
        let bytes = self.bytes.freeze();
        if self.is_text { text(bytes).map(Heard::Text) } else { Ok(Heard::Binary(bytes)) }
    }
}

fn text(bytes: Bytes) -> Result<ByteString, Broken> {
    ByteString::try_from(bytes).map_err(|_| Broken::NotUtf8)
}

/// The beginning of a frame that the codec would take, were it all there.
struct Header {
    length: usize,
    payload: u64,
}

impl Header {
    /// `None` while it is not all there, and for a frame that the codec refuses by itself.
    fn read(buffer: &[u8]) -> Option<Self> {
        const MASK: usize = 4;
        let [first, second, rest @ ..] = buffer else { return None };
        let is_data = first & 0x70 == 0 && matches!(first & 0x0F, 0..=2);
        if !is_data || second & 0x80 == 0 {
            return None;
        }
        let (extended, payload) = match second & 0x7F {
            126 => (2, u64::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (8, u64::from_be_bytes(*rest.first_chunk()?)),
            short => (0, u64::from(short)),
        };
        let length = 2 + extended + MASK;
        // The highest bit of a length is not part of it, and must not be set.
        (buffer.len() >= length && payload >> 63 == 0).then_some(Self { length, payload })
    }
}

impl<S, E> Stream for Incoming<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Heard, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(heard) = self.next_heard() {
                return Poll::Ready(Some(heard));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.bytes).poll_next(context)) {
                Some(Ok(chunk)) => self.take(&chunk),
                Some(Err(_)) | None => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
