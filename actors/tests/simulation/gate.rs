//! Accounts, as the simulated nodes know them: everybody may do everything.

use async_trait::async_trait;
use ihs_actors::{Denied, Gate, Renewal, Username};

/// Grants everything.
pub(crate) struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn renew(&self, _: &Username, _: &str) -> Result<Renewal, Denied> {
        Err(Denied::BadToken)
    }

    async fn ended(&self, _: &[String]) -> Result<Vec<String>, Denied> {
        Ok(Vec::new())
    }

    async fn may_notify(&self, _: &Username, _: &Username) -> Result<(), Denied> {
        Ok(())
    }
}
