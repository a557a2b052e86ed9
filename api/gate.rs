//! What the realtime core asks about accounts.

use async_trait::async_trait;
use ihs_actors::{Denied, Gate, Renewal, Username};
use ihs_store::{StoreError, Timestamp};

use crate::{
    Ctx,
    auth::{AuthError, authenticate, principal_of, sessions},
    plugins::notifications::{self, notified_by, reaches},
    viewset::policy::Scope,
};

/// Answers from the store, as every request is answered.
pub struct Accounts(Ctx);

impl Accounts {
    /// With this context.
    #[must_use]
    pub fn new(ctx: Ctx) -> Self {
        Self(ctx)
    }
}

#[async_trait]
impl Gate for Accounts {
    async fn renew(&self, user: &Username, token: &str) -> Result<Renewal, Denied> {
        let principal = match authenticate(&self.0, token).await {
            Ok(principal) => principal,
            Err(AuthError::Invalid | AuthError::Inactive) => return Err(Denied::BadToken),
            Err(AuthError::Store(error)) => return Err(unavailable(&error)),
        };
        if principal.username != user.as_str() {
            return Err(Denied::BadToken);
        }
        let expires = Timestamp::from_millis(principal.expires.saturating_mul(1_000));
        Ok(Renewal { login: principal.session, expires })
    }

    async fn ended(&self, logins: &[String]) -> Result<Vec<String>, Denied> {
        let live = sessions::live_of(&self.0, logins).await.map_err(|error| unavailable(&error))?;
        Ok(logins.iter().filter(|login| !live.contains(*login)).cloned().collect())
    }

    async fn may_notify(&self, sender: &Username, recipient: &Username) -> Result<(), Denied> {
        let found = notifications::user(&self.0, sender.as_str()).await;
        let Some(sender) = found.map_err(|error| unavailable(&error))? else {
            return Err(Denied::Forbidden);
        };
        let sender = principal_of(&self.0, &sender, "", 0);
        if notified_by(&sender) == Scope::Nobody {
            return Err(Denied::Forbidden);
        }
        let recipient = recipient.as_str();
        let known = notifications::user(&self.0, recipient).await;
        let known = known.map_err(|error| unavailable(&error))?.is_some();
        let reached = reaches(&self.0, &sender, recipient).await;
        if known && reached.map_err(|error| unavailable(&error))? {
            Ok(())
        } else {
            Err(Denied::NotFound)
        }
    }
}

fn unavailable(error: &StoreError) -> Denied {
    tracing::warn!(error = error as &dyn std::error::Error, "an account cannot be looked at");
    Denied::Unavailable
}
