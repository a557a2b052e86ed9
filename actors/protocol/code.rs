//! Error codes of answers, and close codes of sockets, as the wire contract names them.

use serde::Serialize;

/// Why a request was not carried out. The socket stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not what the protocol asks for.
    BadRequest,
    /// The token is not, or no longer, good.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// Not there, or not the caller's to see.
    NotFound,
    /// The idempotency key was used with another text.
    Conflict,
    /// More than a limit allows.
    TooLarge,
    /// Too many sends.
    RateLimited,
    /// The store or the room cannot take it now; worth trying again.
    Unavailable,
}

/// Why the server ended a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// Ten frames that are not text frames of JSON.
    NotJson,
    /// The token expired or was revoked.
    TokenEnded,
    /// Not a member of the socket's room any more.
    NotAMember,
    /// No heartbeat, or nothing read for too long.
    Silent,
    /// A frame, or a fragmented message, over the limit.
    FrameTooLarge,
    /// Far over the rate.
    TooFast,
    /// This node is going away; the reason is how many milliseconds to wait.
    GoingAway,
    /// What the connection is for cannot be had just now: event streams only, which cannot be told
    /// so and asked again.
    TryLater,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::NotJson => 4400,
            Self::TokenEnded => 4401,
            Self::NotAMember => 4403,
            Self::Silent => 4408,
            Self::FrameTooLarge => 4413,
            Self::TooFast => 4429,
            Self::GoingAway => 1012,
            Self::TryLater => 1013,
        }
    }
}
