//! What the realtime core asks of whoever knows about accounts.

use async_trait::async_trait;
use ihs_store::Timestamp;

use crate::username::Username;

/// A token that is good for a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The login that it belongs to.
    pub login: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Why something is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token is no good, or somebody else's.
    #[error("the token is no good")]
    BadToken,
    /// The user may not.
    #[error("this user may not")]
    Forbidden,
    /// There is no such user, as far as the asker may know.
    #[error("no such user")]
    NotFound,
    /// It cannot be told now.
    #[error("it cannot be told now")]
    Unavailable,
}

/// Knows about accounts.
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// Checks an access token with which a socket of this user shall go on.
    ///
    /// # Errors
    /// [`Denied`].
    async fn renew(&self, user: &Username, token: &str) -> Result<Renewal, Denied>;

    /// Which of these logins are no longer good.
    ///
    /// # Errors
    /// [`Denied`].
    async fn ended(&self, logins: &[String]) -> Result<Vec<String>, Denied>;

    /// Whether one user may notify another.
    ///
    /// # Errors
    /// [`Denied`].
    async fn may_notify(&self, sender: &Username, recipient: &Username) -> Result<(), Denied>;
}
