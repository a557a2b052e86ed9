//! Who is to be answered: a socket that asked a room for something.

use actix::Addr;
use bytestring::ByteString;
use ihs_store::RoomId;

use crate::{
    fan_out::{Detach, FanOutActor, Hand},
    protocol::{Answer, ErrorCode, Reference},
    session::socket::SessionId,
    username::Username,
};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be fed from the room.
    Join,
    /// A page of history.
    History,
    /// To be fed from the room as all of the user's rooms are: no answer is for this one alone.
    Sync,
    /// Something about the whole account.
    Account,
    /// A passing event, which is not answered.
    Event,
    /// Anything else.
    Deed,
}

/// The answer to a request, on its way to the socket.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The socket.
    pub session: SessionId,
    /// The frame; none where nobody waits for one.
    pub frame: Option<ByteString>,
    /// What the request was for.
    pub purpose: Purpose,
}

/// A request's way back. One that is dropped unanswered, because its room stopped or refused it at
/// the door, says so to the client: a request never just disappears.
#[derive(Debug)]
pub struct Asker {
    /// The socket.
    pub session: SessionId,
    /// Whose it is.
    pub user: Username,
    /// The room that is asked; none when it is the inbox.
    pub room: Option<RoomId>,
    /// The fan-out of the socket's thread.
    pub fan_out: Addr<FanOutActor>,
    /// What it is for.
    pub purpose: Purpose,
    /// The client's reference, until it is taken out for the answer.
    pub reference: Option<Reference>,
    answered: bool,
}

impl Purpose {
    /// How much of what a socket may have under way such a request takes: the answer to one for
    /// history may be a megabyte, that to a join names everybody who is there.
    #[must_use]
    pub const fn weight(self) -> usize {
        match self {
            Self::Event | Self::Sync => 0,
            Self::Deed => 1,
            Self::Join => 8,
            Self::History => 32,
            Self::Account => 64,
        }
    }
}

impl Asker {
    /// A request by this user's socket.
    #[must_use]
    pub fn new(
        (session, user): (SessionId, Username),
        room: Option<RoomId>,
        fan_out: Addr<FanOutActor>,
        purpose: Purpose,
        reference: Option<Reference>,
    ) -> Self {
        Self { session, user, room, fan_out, purpose, reference, answered: false }
    }

    /// Takes out the client's reference, to put it into the answer.
    #[must_use]
    pub fn take_reference(&mut self) -> Option<Reference> {
        self.reference.take()
    }

    /// Marks the request as answered, and encodes the answer for whoever delivers it.
    #[must_use]
    pub fn settle(mut self, answer: &Answer<'_>) -> Reply {
        self.answered = true;
        self.reply(answer)
    }

    /// Needs no answer.
    pub fn forget(mut self) {
        self.answered = true;
    }

    /// Answers by itself.
    pub fn answer(self, answer: &Answer<'_>) {
        let (fan_out, room) = (self.fan_out.clone(), self.room);
        let reply = self.settle(answer);
        fan_out.do_send(Hand { room, reply });
    }

    /// Ends the socket's feed from the room, or its hope for one, with this answer.
    pub fn detach(self, room: RoomId, answer: &Answer<'_>) {
        let fan_out = self.fan_out.clone();
        let ends = matches!(answer, Answer::Error { code: ErrorCode::NotFound, .. });
        let reply = self.settle(answer);
        fan_out.do_send(Detach { room, reply, ends });
    }

    fn reply(&self, answer: &Answer<'_>) -> Reply {
        Reply { session: self.session, frame: self.frame(answer), purpose: self.purpose }
    }

    /// Of a room that is fed together with all others, only its end is told; one that cannot be
    /// joined now is asked again.
    fn frame(&self, answer: &Answer<'_>) -> Option<ByteString> {
        let left = |room, reason| Answer::Left { room, reason }.encode().into();
        match (self.purpose, self.room, answer) {
            (Purpose::Sync, Some(room), Answer::Error { code: ErrorCode::NotFound, .. }) => {
                Some(left(room, "removed"))
            }
            (Purpose::Sync, _, Answer::Joined(_) | Answer::Error { .. }) => None,
            _ => Some(answer.encode().into()),
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if !self.answered {
            let answer = Answer::unavailable(self.reference.as_ref());
            self.fan_out.do_send(Hand { room: self.room, reply: self.reply(&answer) });
        }
    }
}
