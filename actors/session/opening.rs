//! What a socket is opened with: everything that was decided before its upgrade.

use ihs_store::{RoomId, Timestamp};

use super::users::Admission;
use crate::protocol::JoinFrom;

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
