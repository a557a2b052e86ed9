//! Somebody who uses a node.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{answer::Answer, app::App, socket::Socket};

/// A user, or somebody without an account.
#[derive(Clone)]
pub(crate) struct User {
    name: String,
    token: Option<String>,
    client: Client,
    url: String,
}

impl User {
    /// Somebody without an account.
    pub(crate) fn anonymous(app: &App) -> Self {
        Self {
            name: String::new(),
            token: None,
            client: app.client.clone(),
            url: app.url().to_owned(),
        }
    }

    /// Whoever has this token.
    pub(crate) fn with_token(app: &App, name: &str, token: &str) -> Self {
        Self {
            name: name.to_owned(),
            token: Some(token.to_owned()),
            ..Self::anonymous(app)
        }
    }

    /// The username.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("nobody is logged in")
    }

    /// The port of the node that this user talks to.
    pub(crate) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
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

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send(self.request(Method::HEAD, path)).await
    }

    pub(crate) async fn options(&self, path: &str) -> Answer {
        self.send(self.request(Method::OPTIONS, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Makes a group room with these others, and returns its id.
    pub(crate) async fn room_with(&self, others: &[&Self]) -> String {
        let mut members = vec![self.name.as_str()];
        members.extend(others.iter().map(|other| other.name.as_str()));
        let body = json!({"name": "a room", "kind": "group", "members": members});
        let room = self.post("/api/rooms/", body).await.created();
        room["id"].as_str().unwrap().to_owned()
    }

    /// Opens a socket.
    pub(crate) async fn socket(&self, path: &str) -> Socket {
        match Socket::open(&self.url, path, self.token()).await {
            Ok(socket) => socket,
            Err(status) => panic!("{} got {status} for {path}", self.name),
        }
    }
}
