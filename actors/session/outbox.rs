//! What waits to be written to one socket.
//!
//! The outbox is shared, within a thread, by the session that empties it and the fan-out that
//! fills it. It is bounded from outside: [`Outbox::offer`] refuses log entries when it is full,
//! and whoever offered then brings the socket up to date from the log. Answers are always taken,
//! because a session that is not being read takes no further requests.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytestring::ByteString;
use futures_util::Stream;
use ihs_store::Seq;
use tokio::time::Instant;

use crate::{fan_out::frames::Frames, protocol::CloseCode, session::socket::Socket};

/// One thing to write.
#[derive(Debug, Clone)]
pub enum Parcel {
    /// All of these entries.
    Frames(Arc<Frames>),
    /// One frame that brings its reader to this entry of a log.
    Entry(Seq, ByteString),
    /// One frame.
    Frame(ByteString),
    /// A ping of the WebSocket protocol.
    Ping,
    /// The end, with its reason.
    Close(CloseCode, String),
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct OutboxLimits {
    /// Frames.
    pub frames: usize,
    /// Bytes.
    pub bytes: usize,
}

/// The outbox cannot take entries now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// What waits to be written to one socket.
#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    queue: RefCell<VecDeque<Parcel>>,
    frames: Cell<usize>,
    bytes: Cell<usize>,
    waiting_since: Cell<Option<Instant>>,
    waker: RefCell<Option<Waker>>,
    starved: Cell<bool>,
    /// Parcels that were put in.
    given: Cell<u64>,
    /// Those of them that are written to the connection.
    written: Cell<u64>,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            queue: RefCell::default(),
            frames: Cell::new(0),
            bytes: Cell::new(0),
            waiting_since: Cell::new(None),
            waker: RefCell::default(),
            starved: Cell::new(false),
            given: Cell::new(0),
            written: Cell::new(0),
        }
    }

    /// Takes a run of entries unless the outbox is full. An empty one takes a run of any length.
    ///
    /// # Errors
    /// [`Full`]; whoever offered is told by [`Outbox::take_starved`] when it is worth coming back.
    pub fn offer(&self, frames: &Arc<Frames>) -> Result<(), Full> {
        self.reserve(frames.count(), frames.bytes())?;
        self.push(Parcel::Frames(Arc::clone(frames)));
        Ok(())
    }

    /// Takes one entry unless the outbox is full.
    ///
    /// # Errors
    /// As [`Outbox::offer`].
    pub fn offer_one(&self, seq: Seq, frame: &ByteString) -> Result<(), Full> {
        self.reserve(1, frame.len())?;
        self.push(Parcel::Entry(seq, frame.clone()));
        Ok(())
    }

    /// Takes one frame that is in no log unless the outbox is full.
    ///
    /// # Errors
    /// As [`Outbox::offer`].
    pub fn offer_frame(&self, frame: &ByteString) -> Result<(), Full> {
        self.reserve(1, frame.len())?;
        self.push(Parcel::Frame(frame.clone()));
        Ok(())
    }

    /// Takes a passing event, or drops it when the outbox is full.
    pub fn hint(&self, frame: &ByteString) {
        if self.fits(1, frame.len()) {
            self.frames.set(self.frames.get() + 1);
            self.bytes.set(self.bytes.get() + frame.len());
            self.push(Parcel::Frame(frame.clone()));
        }
    }

    /// Takes an answer, a ping or the end.
    pub fn put(&self, parcel: Parcel) {
        self.push(parcel);
    }

    /// Whether entries were refused since the last call: after taking what waits, time to come back.
    #[must_use]
    pub fn take_starved(&self) -> bool {
        self.starved.take()
    }

    /// Whether entries were refused and nobody has come back yet.
    #[must_use]
    pub fn is_starved(&self) -> bool {
        self.starved.get()
    }

    /// Since when something has been waiting without being taken.
    #[must_use]
    pub fn waiting_since(&self) -> Option<Instant> {
        self.waiting_since.get()
    }

    fn reserve(&self, frames: usize, bytes: usize) -> Result<(), Full> {
        if self.fits(frames, bytes) || self.frames.get() == 0 {
            self.frames.set(self.frames.get() + frames);
            self.bytes.set(self.bytes.get() + bytes);
            return Ok(());
        }
        self.starved.set(true);
        Err(Full)
    }

    fn fits(&self, frames: usize, bytes: usize) -> bool {
        self.frames.get() + frames <= self.limits.frames
            && self.bytes.get() + bytes <= self.limits.bytes
    }

    fn push(&self, parcel: Parcel) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_empty() {
            self.waiting_since.set(Some(Instant::now()));
        }
        queue.push_back(parcel);
        drop(queue);
        self.given.set(self.given.get() + 1);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Notes that so many of the parcels that were taken are written to the connection.
    pub fn wrote(&self, count: usize) {
        self.written.set(self.written.get() + count as u64);
    }

    /// How many parcels were put in so far.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given.get()
    }

    /// How many of them are written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.get()
    }

    /// Takes everything that waits.
    #[must_use]
    pub fn drain(&self) -> VecDeque<Parcel> {
        self.frames.set(0);
        self.bytes.set(0);
        self.waiting_since.set(None);
        self.queue.take()
    }

    /// The same, once something does.
    pub(super) fn poll_drain(&self, context: &Context<'_>) -> Poll<VecDeque<Parcel>> {
        if self.queue.borrow().is_empty() {
            *self.waker.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(self.drain())
    }
}

/// Everything that waits for a socket, each time that something does.
#[derive(Debug)]
pub struct Parcels(pub Rc<Socket>);

impl Stream for Parcels {
    type Item = VecDeque<Parcel>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.outbox.poll_drain(context).map(Some)
    }
}
