//! What a socket is opened with: everything that was decided before its upgrade.

use std::rc::Rc;

use ihs_store::{RoomId, Timestamp};

use super::{outbox::OutboxLimits, socket::Socket, users::Admission};
use crate::{hub::Hub, protocol::JoinFrom};

/// What a socket is opened with.
pub struct Opening {
    /// The user's place on this node.
    pub admission: Admission,
    /// The login that the token belongs to.
    pub login: String,
    /// When the access token ends.
    pub expires: Timestamp,
    /// Join this room at once, and end with its membership.
    pub room: Option<(RoomId, JoinFrom)>,
    /// Open the inbox at once.
    pub inbox: bool,
}

impl Opening {
    /// The socket.
    pub(super) fn socket(&self, hub: &Hub) -> Rc<Socket> {
        let rooms = &hub.settings().rooms;
        Rc::new(Socket::new(
            hub.next_session(),
            self.admission.user().clone(),
            self.login.clone(),
            self.expires,
            self.room.map(|(room, _)| room),
            OutboxLimits { frames: rooms.outbox_frames, bytes: rooms.outbox_bytes },
        ))
    }
}
