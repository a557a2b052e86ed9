//! Somebody who uses a node.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{answer::Answer, app::App, events::Events, socket::Socket};

/// A user, or somebody without an account.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) token: Option<String>,
    pub(super) client: Client,
    pub(super) url: String,
}

impl User {
    /// Somebody without an account.
    pub(crate) fn anonymous(app: &App) -> Self {
        Self {
            username: String::new(),
            token: None,
            client: app.client.clone(),
            url: app.url().to_owned(),
        }
    }

    /// Whoever has this token.
    pub(crate) fn with_token(app: &App, username: &str, token: &str) -> Self {
        Self {
            username: username.to_owned(),
            token: Some(token.to_owned()),
            ..Self::anonymous(app)
        }
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// The address of the node.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Makes a group room with these other members, and answers its id.
    pub(crate) async fn room_with(&self, others: &[&Self]) -> String {
        let members: Vec<&str> = others.iter().map(|user| user.username.as_str()).collect();
        let body = json!({"name": "a room", "kind": "group", "members": members});
        let room = self.post("/api/rooms/", body).await.created();
        room["id"].as_str().unwrap().to_owned()
    }

    /// A request in this user's name, to add headers to; [`User::send`] sends it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn options(&self, path: &str) -> Answer {
        self.send(self.request(Method::OPTIONS, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Opens a stream of events, behind this one if there is one.
    pub(crate) async fn events(&self, path: &str, last_id: Option<u64>) -> Events {
        let mut request = self.request(Method::GET, path).header("accept", "text/event-stream");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id.to_string());
        }
        Events::of(request.send().await.unwrap())
    }

    /// Opens a socket.
    pub(crate) async fn socket(&self, path: &str) -> Socket {
        match self.try_socket(path).await {
            Ok(socket) => socket,
            Err(status) => panic!("{} got {status} for {path}", self.username),
        }
    }

    /// Opens a socket, or says with which status it was refused.
    pub(crate) async fn try_socket(&self, path: &str) -> Result<Socket, u16> {
        Socket::open(&self.url.replacen("http", "ws", 1), path, self.token.as_deref()).await
    }
}
