//! How many requests of one socket wait for an answer.
//!
//! A session that has many under way reads no further frames until some are answered: what a
//! client asks for, and does not fetch, waits in its own buffers and not in ours.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::socket::Socket;

/// Weight of requests under way at which a session pauses.
const MOST: usize = 256;

/// The weight of requests under way.
#[derive(Debug, Default)]
pub struct InFlight {
    weight: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl InFlight {
    /// A request of this weight was passed on.
    pub fn add(&self, weight: usize) {
        self.weight.set(self.weight.get() + weight);
    }

    /// A request of this weight was answered.
    pub fn remove(&self, weight: usize) {
        self.weight.set(self.weight.get().saturating_sub(weight));
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    fn poll_until(&self, context: &Context<'_>, holds: impl Fn(usize) -> bool) -> Poll<()> {
        if holds(self.weight.get()) {
            return Poll::Ready(());
        }
        *self.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether no more should be taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.weight.get() >= MOST
    }
}

/// Ends when nothing that the socket asked for is left unanswered.
#[derive(Debug)]
pub struct Calm(pub Rc<Socket>);

impl Future for Calm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.in_flight.poll_until(context, |weight| weight == 0)
    }
}

/// Ends when the socket may ask for more.
#[derive(Debug)]
pub struct Relief(pub Rc<Socket>);

impl Future for Relief {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.in_flight.poll_until(context, |weight| weight < MOST)
    }
}
