//! Who is logged in: fresh tokens, and requests in their name.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{chat::address::Address, failure::Failure};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// When to try again after a renewal that failed.
const RENEW_AGAIN: Duration = Duration::from_secs(15);

/// A user's session with a node.
pub(crate) struct Account {
    address: Address,
    client: Client,
    username: String,
    password: String,
    pair: Pair,
    /// When the access token should be renewed.
    stale: Instant,
}

/// Why there is no fresh token.
#[derive(Debug)]
pub(crate) enum NotRenewed {
    /// The node is away; it may come back.
    Unreachable,
    /// The node will not have this user any more.
    Refused(Failure),
}

impl From<reqwest::Error> for NotRenewed {
    fn from(_: reqwest::Error) -> Self {
        Self::Unreachable
    }
}

#[derive(Default, Deserialize)]
struct Pair {
    token: String,
    refresh: String,
    expires_in: u64,
}

/// A room as it stands in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct RoomSummary {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) members: Vec<String>,
    #[serde(default)]
    pub(crate) unread: u64,
}

impl Account {
    /// Logs in.
    pub(crate) async fn log_in(
        address: Address,
        username: String,
        password: String,
    ) -> Result<Self, Failure> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::failed("cannot make requests").because(error))?;
        let (pair, stale) = (Pair::default(), Instant::now());
        let mut account = Self { address, client, username, password, pair, stale };
        let response = account.post("/api/token/", &account.credentials()).await;
        account.take(response.map_err(unreachable)?).await?;
        Ok(account)
    }

    /// Where the node is.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        &self.pair.token
    }

    /// When the access token should be renewed: well before it ends.
    pub(crate) const fn stale(&self) -> Instant {
        self.stale
    }

    /// Who is logged in.
    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Puts the next renewal off.
    pub(crate) fn renew_later(&mut self) {
        self.stale = Instant::now() + RENEW_AGAIN;
    }

    /// Gets a fresh access token: with the refresh token, or else with the password.
    pub(crate) async fn renew(&mut self) -> Result<(), NotRenewed> {
        let body = json!({"refresh": self.pair.refresh});
        let mut response = self.post("/api/token/refresh/", &body).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            response = self.post("/api/token/", &self.credentials()).await?;
        }
        if response.status().is_server_error() {
            return Err(NotRenewed::Unreachable);
        }
        self.take(response).await.map_err(NotRenewed::Refused)
    }

    /// The rooms of this user, those with the latest messages first.
    pub(crate) async fn rooms(&self) -> Result<Vec<RoomSummary>, Failure> {
        #[derive(Deserialize)]
        struct Page {
            results: Vec<RoomSummary>,
        }
        let page: Page = self.request(Method::GET, "/api/rooms/?page_size=100", None).await?;
        Ok(page.results)
    }

    /// The room that this user shares with another one alone; made when there is none.
    pub(crate) async fn direct(&self, other: &str) -> Result<RoomSummary, Failure> {
        let body = json!({"kind": "direct", "members": [other]});
        self.request(Method::POST, "/api/rooms/", Some(body)).await
    }

    fn credentials(&self) -> Value {
        json!({"username": self.username, "password": self.password})
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Response, reqwest::Error> {
        self.client.post(self.address.rest(path)).json(body).send().await
    }

    async fn take(&mut self, response: Response) -> Result<(), Failure> {
        self.pair = answer(response).await?;
        self.stale = Instant::now() + Duration::from_secs(self.pair.expires_in).mul_f64(0.75);
        Ok(())
    }

    async fn request<T>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Failure>
    where
        T: for<'de> Deserialize<'de>,
    {
        let mut request = self.client.request(method, self.address.rest(path));
        request = request.bearer_auth(self.token());
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.map_err(unreachable)?).await
    }
}

/// The body of a good answer, or what the bad one says.
async fn answer<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, Failure> {
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(|error| {
            Failure::failed("the answer is not that of an IHS node").because(error)
        });
    }
    let body: Value = response.json().await.unwrap_or_default();
    Err(Failure::failed(complaint(&body).unwrap_or_else(|| format!("the node answered {status}"))))
}

/// The first message of an error body: `detail`, or that of a field.
fn complaint(body: &Value) -> Option<String> {
    let (field, messages) = body.as_object()?.iter().next()?;
    let message = messages.get(0).unwrap_or(messages).as_str()?;
    match field.as_str() {
        "detail" | "non_field_errors" => Some(message.to_owned()),
        field => Some(format!("{field}: {message}")),
    }
}

fn unreachable(error: reqwest::Error) -> Failure {
    Failure::failed("the node cannot be reached").because(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_bodies_are_told_in_a_line() {
        assert_eq!(complaint(&json!({"detail": "No."})).as_deref(), Some("No."));
        assert_eq!(complaint(&json!({"non_field_errors": ["No."]})).as_deref(), Some("No."));
        assert_eq!(complaint(&json!({"members": ["No."]})).as_deref(), Some("members: No."));
        assert_eq!(complaint(&json!([])), None);
    }
}
