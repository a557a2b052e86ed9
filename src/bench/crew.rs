//! Users that the load generator signs up, and the rooms that they share.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::Client;
use serde_json::{Value, json};

use crate::{chat::address::Address, failure::Failure};

/// Requests under way at once while the crew is signed up.
const AT_ONCE: usize = 16;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A user who is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Hand {
    pub(crate) name: String,
    pub(crate) token: String,
}

/// The users of one run.
pub(crate) struct Crew {
    address: Address,
    client: Client,
    pub(crate) hands: Vec<Hand>,
}

impl Crew {
    /// Signs up `size` users under names of their own, and logs them in.
    pub(crate) async fn sign_up(address: Address, size: usize) -> Result<Self, Failure> {
        let client = client()?;
        let run: u32 = rand::random();
        let progress = ProgressBar::new(size as u64);
        let hands = stream::iter(0..size)
            .map(|number| {
                let (client, address, progress) = (&client, &address, &progress);
                async move {
                    let hand = enlist(client, address, &format!("bench-{run:08x}-{number}")).await;
                    progress.inc(1);
                    hand
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        progress.finish_and_clear();
        Ok(Self { address, client, hands })
    }

    /// Makes a room of these users; the first is its admin.
    pub(crate) async fn room(&self, members: &[Hand]) -> Result<String, Failure> {
        let first = members.first().ok_or_else(|| Failure::usage("a room needs a member"))?;
        let names: Vec<&str> = members.iter().map(|hand| hand.name.as_str()).collect();
        let body = json!({"name": "bench", "kind": "group", "members": names});
        let request = self.client.post(self.address.rest("/api/rooms/")).bearer_auth(&first.token);
        let room = answer(request.json(&body)).await?;
        text(&room, "id")
    }
}

async fn enlist(client: &Client, address: &Address, name: &str) -> Result<Hand, Failure> {
    let password = format!("{name}-password");
    let email = format!("{name}@example.org");
    let user = json!({
        "username": name, "password": password, "email": email, "userType": "patient",
    });
    answer(client.post(address.rest("/api/users/")).json(&user)).await?;
    enter(client, address, name, &password).await
}

/// Logs somebody in who is there already.
pub(crate) async fn log_in(address: &Address, name: &str, password: &str) -> Result<Hand, Failure> {
    enter(&client()?, address, name, password).await
}

async fn enter(
    client: &Client,
    address: &Address,
    name: &str,
    password: &str,
) -> Result<Hand, Failure> {
    let credentials = json!({"username": name, "password": password});
    let pair = answer(client.post(address.rest("/api/token/")).json(&credentials)).await?;
    Ok(Hand { name: name.to_owned(), token: text(&pair, "token")? })
}

fn client() -> Result<Client, Failure> {
    let client = Client::builder().timeout(PATIENCE).build();
    client.map_err(|error| Failure::failed("cannot make requests").because(error))
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, Failure> {
    let response = request
        .send()
        .await
        .map_err(|error| Failure::failed("the node cannot be reached").because(error))?;
    let status = response.status();
    let body: Value = response
        .json()
        .await
        .map_err(|error| Failure::failed("the answer is not JSON").because(error))?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(Failure::failed(format!("the node answered {status}: {body}")))
    }
}

fn text(body: &Value, field: &str) -> Result<String, Failure> {
    let text = body.get(field).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Failure::failed(format!("the answer has no {field}")))
}
