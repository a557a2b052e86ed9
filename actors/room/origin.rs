//! Who wants something in the log: a socket, or a call from elsewhere in the node.

use ihs_store::{LogEntry, RoomId};
use tokio::sync::oneshot;

use super::{
    asker::Asker,
    delivery::Delivery,
    requests::{complain, refuse},
};
use crate::{protocol::ErrorCode, room::log::Refusal, username::Username};

/// Why what a call asked for is not in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such room, message or membership.
    #[error("no such room or message")]
    NotFound,
    /// The message is somebody else's.
    #[error("only the sender changes a message")]
    Forbidden,
    /// The key was used with another text.
    #[error("the key was used with another text")]
    KeyConflict,
    /// The room or the store cannot take it now.
    #[error("the room is busy, or the store is away")]
    Unavailable,
}

/// A call that waits for what becomes of it. One that is dropped unanswered was not taken.
#[derive(Debug)]
pub struct Caller {
    user: Username,
    answer: oneshot::Sender<Result<LogEntry, Refused>>,
}

/// Who is to be answered.
#[derive(Debug)]
pub enum Origin {
    /// A socket.
    Socket(Asker),
    /// A call.
    Call(Caller),
}

impl Caller {
    /// A call in the name of this user, and where its answer arrives.
    #[must_use]
    pub fn new(user: Username) -> (Self, oneshot::Receiver<Result<LogEntry, Refused>>) {
        let (answer, answered) = oneshot::channel();
        (Self { user, answer }, answered)
    }

    /// Answers. Whoever does not wait any more needs none.
    pub(super) fn answer(self, answer: Result<LogEntry, Refused>) {
        drop(self.answer.send(answer));
    }
}

impl Origin {
    /// In whose name.
    #[must_use]
    pub fn user(&self) -> &Username {
        match self {
            Self::Socket(asker) => &asker.user,
            Self::Call(caller) => &caller.user,
        }
    }

    /// Says that this entry is in the store.
    pub(super) fn acknowledge(self, room: RoomId, entry: LogEntry, delivery: &mut Delivery) {
        match self {
            Self::Socket(asker) => delivery.acknowledge(room, asker, &entry),
            Self::Call(caller) => caller.answer(Ok(entry)),
        }
    }

    /// Says that it was not taken.
    pub(super) fn refuse(self, refusal: Refusal) {
        match self {
            Self::Socket(asker) => refuse(asker, refusal),
            Self::Call(caller) => caller.answer(Err(match refusal {
                Refusal::Busy | Refusal::StoreAway | Refusal::Restarting => Refused::Unavailable,
                Refusal::NotAMember | Refusal::TargetGone => Refused::NotFound,
                Refusal::KeyConflict => Refused::KeyConflict,
            })),
        }
    }

    /// Says what is wrong with it.
    pub(super) fn complain(self, code: ErrorCode, detail: &str) {
        match self {
            Self::Socket(asker) => complain(asker, code, detail),
            Self::Call(caller) => caller.answer(Err(match code {
                ErrorCode::Forbidden => Refused::Forbidden,
                _ => Refused::NotFound,
            })),
        }
    }
}

impl From<Asker> for Origin {
    fn from(asker: Asker) -> Self {
        Self::Socket(asker)
    }
}
