//! Surveys: which sockets of a thread have got what of a room. They cost the deliveries nothing: a
//! feed knows what it gave to whom, and an outbox whether all of that is written.

use std::{rc::Rc, time::Duration};

use actix::{Handler, Message, ResponseFuture};
use ihs_store::RoomId;

use super::{
    FanOutActor,
    feed::{Feed, Given},
};
use crate::{
    session::socket::{SessionId, Socket},
    username::Username,
};

/// How long what was just given may take to be written, before a socket counts as slow.
const SETTLE: Duration = Duration::from_millis(100);

/// Who has got what?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Surveyed")]
pub struct Survey(pub RoomId);

/// The sockets of a thread that are fed from a room.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// What was written to each; slow ones are left out.
    pub sockets: Vec<(SessionId, Username, Given)>,
    /// Nobody was left out, or is behind.
    pub complete: bool,
}

/// A socket, and how much was put into its outbox by the time of what it was given.
struct Member {
    socket: Rc<Socket>,
    given: Given,
    parcels: u64,
}

impl Member {
    fn is_written(&self) -> bool {
        self.socket.outbox.written() >= self.parcels
    }
}

impl Handler<Survey> for FanOutActor {
    type Result = ResponseFuture<Surveyed>;

    fn handle(&mut self, Survey(room): Survey, _: &mut Self::Context) -> Self::Result {
        let state = self.state.borrow();
        let feed = state.feeds.get(&room);
        let live = feed.is_none_or(|feed| !feed.has_behind());
        let members = feed.into_iter().flat_map(Feed::given).map(|(socket, given)| Member {
            socket: Rc::clone(socket),
            given,
            parcels: socket.outbox.given(),
        });
        let members: Vec<Member> = members.collect();
        Box::pin(async move {
            if !members.iter().all(Member::is_written) {
                tokio::time::sleep(SETTLE).await;
            }
            let count = members.len();
            let written = members.into_iter().filter(Member::is_written);
            let sockets: Vec<_> = written
                .map(|member| (member.socket.id, member.socket.user.clone(), member.given))
                .collect();
            let complete = live && sockets.len() == count;
            Surveyed { sockets, complete }
        })
    }
}
