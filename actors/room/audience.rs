//! Who is fed from a room on this node: which sockets, of which users, on which threads.

use std::collections::HashMap;

use actix::{Addr, prelude::SendError};

use crate::{
    fan_out::{Deliver, FanOutActor},
    session::socket::SessionId,
    username::Username,
};

/// The sockets that a room feeds.
#[derive(Default)]
pub struct Audience {
    sockets: HashMap<SessionId, Listener>,
    /// Each thread that has sockets here, and how many: asked for at every delivery.
    threads: Vec<(Addr<FanOutActor>, usize)>,
    /// How many sockets each user has here.
    users: HashMap<Username, usize>,
}

struct Listener {
    user: Username,
    thread: Addr<FanOutActor>,
}

impl Audience {
    /// Takes in a socket.
    pub fn insert(&mut self, session: SessionId, user: Username, thread: Addr<FanOutActor>) {
        self.remove(session);
        match self.threads.iter_mut().find(|(known, _)| *known == thread) {
            Some((_, count)) => *count += 1,
            None => self.threads.push((thread.clone(), 1)),
        }
        *self.users.entry(user.clone()).or_default() += 1;
        self.sockets.insert(session, Listener { user, thread });
    }

    /// Lets a socket go, and says whose it was.
    pub fn remove(&mut self, session: SessionId) -> Option<Username> {
        let listener = self.sockets.remove(&session)?;
        if let Some((_, count)) =
            self.threads.iter_mut().find(|(known, _)| *known == listener.thread)
        {
            *count -= 1;
        }
        self.threads.retain(|(_, count)| *count > 0);
        if let Some(count) = self.users.get_mut(&listener.user) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&listener.user);
            }
        }
        Some(listener.user)
    }

    /// Whose a socket is.
    #[must_use]
    pub fn user_of(&self, session: SessionId) -> Option<&Username> {
        self.sockets.get(&session).map(|listener| &listener.user)
    }

    /// Whether a user has a socket here.
    #[must_use]
    pub fn has(&self, user: &Username) -> bool {
        self.users.contains_key(user)
    }

    /// How many sockets are fed.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Lets every socket of a user go.
    pub fn remove_user(&mut self, user: &Username) {
        let listeners = self.sockets.iter().filter(|(_, listener)| listener.user == *user);
        let sessions: Vec<SessionId> = listeners.map(|(session, _)| *session).collect();
        for session in sessions {
            self.remove(session);
        }
    }

    /// Whether nobody is fed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Sends to a thread, and says whether there was place. Only an address that is kept knows
    /// that its mailbox is full, so it is this one that bounds what waits for a thread. Threads
    /// without sockets here get answers only, no more of them than were asked for.
    #[must_use]
    pub fn try_send(&self, thread: &Addr<FanOutActor>, message: &Deliver) -> bool {
        let kept = self.threads.iter().find(|(known, _)| known == thread);
        let sent = kept.map(|(kept, _)| kept.try_send(message.clone()));
        if sent.is_none() {
            thread.do_send(message.clone());
        }
        !matches!(sent, Some(Err(SendError::Full(_))))
    }

    /// The threads that have sockets here.
    pub fn threads(&self) -> impl Iterator<Item = &Addr<FanOutActor>> {
        self.threads.iter().map(|(thread, _)| thread)
    }
}
