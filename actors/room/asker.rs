//! Who is to be answered: a socket that asked a room for something.

use actix::Addr;
use bytestring::ByteString;
use ihs_store::RoomId;

use crate::{
    fan_out::{Deliver, Detach, FanOutActor},
    protocol::{Answer, ErrorCode, Reference},
    session::socket::SessionId,
    username::Username,
};

/// A request's way back. One that is dropped unanswered, because its room stopped or refused it at
/// the door, says so to the client: a request never just disappears.
#[derive(Debug)]
pub struct Asker {
    /// The socket.
    pub session: SessionId,
    /// Whose it is.
    pub user: Username,
    /// The room that is asked.
    pub room: RoomId,
    /// The fan-out of the socket's thread.
    pub fan_out: Addr<FanOutActor>,
    reference: Option<Reference>,
    answered: bool,
}

impl Asker {
    /// A request of this socket.
    #[must_use]
    pub fn new(
        session: SessionId,
        user: Username,
        room: RoomId,
        fan_out: Addr<FanOutActor>,
        reference: Option<Reference>,
    ) -> Self {
        Self { session, user, room, fan_out, reference, answered: false }
    }

    /// Takes out the client's reference, to put it into the answer.
    #[must_use]
    pub fn take_reference(&mut self) -> Option<Reference> {
        self.reference.take()
    }

    /// Marks the request as answered, and encodes the answer for whoever delivers it.
    #[must_use]
    pub fn settle(mut self, answer: &Answer<'_>) -> (SessionId, ByteString) {
        self.answered = true;
        (self.session, answer.encode().into())
    }

    /// Needs no answer.
    pub fn forget(mut self) {
        self.answered = true;
    }

    /// Answers by itself.
    pub fn answer(self, answer: &Answer<'_>) {
        let (fan_out, room) = (self.fan_out.clone(), self.room);
        let answers = vec![self.settle(answer)];
        fan_out.do_send(Deliver { answers, ..Deliver::from(room) });
    }

    /// Ends the socket's feed from the room, or its hope for one, with this answer.
    pub fn detach(self, answer: &Answer<'_>) {
        let (fan_out, room) = (self.fan_out.clone(), self.room);
        let ends = matches!(answer, Answer::Error { code: ErrorCode::NotFound, .. });
        let (session, answer) = self.settle(answer);
        fan_out.do_send(Detach { room, session, answer, ends });
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if !self.answered {
            let detail = "the room is busy";
            let answer =
                Answer::retry(self.reference.as_ref(), ErrorCode::Unavailable, detail, 1).encode();
            let answers = vec![(self.session, answer.into())];
            self.fan_out.do_send(Deliver { answers, ..Deliver::from(self.room) });
        }
    }
}
