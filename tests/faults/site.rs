//! Where a run takes place: nodes, what stands behind them, and a gate on every way between.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::{
    gate::Gate,
    support::{
        app::PASSWORD,
        process::{Node, data_dir, ihs},
        redis::Redis,
        store::Store,
    },
};

/// Longest wait for a site to be well again: more than MongoDB keeps the transaction of a dead node.
const RECOVERY: Duration = Duration::from_secs(100);

/// Longest wait for the answer to one request.
const ANSWER: Duration = Duration::from_secs(8);

/// Settings of every node: no limits that a run would meet, and dead peers noticed soon.
const SETTINGS: [(&str, &str); 8] = [
    ("IHS_AUTH__ARGON2_MEMORY_KIB", "64"),
    ("IHS_AUTH__ARGON2_PASSES", "1"),
    ("IHS_AUTH__ACCESS_SECONDS", "86400"),
    ("IHS_LIMITS__MESSAGES_PER_SECOND", "0"),
    ("IHS_LIMITS__SOCKETS_PER_USER", "1000"),
    ("IHS_LIMITS__HEARTBEAT_SECONDS", "2"),
    ("IHS_LIMITS__STALLED_SECONDS", "20"),
    ("IHS_SERVER__DRAIN_SECONDS", "1"),
];

/// One node and the ways from and to it.
pub(crate) struct Post {
    pub(crate) node: Node,
    /// Where clients come in.
    pub(crate) door: Gate,
    pub(crate) to_bus: Option<Gate>,
    pub(crate) to_store: Option<Gate>,
    variables: Vec<(String, String)>,
}

/// All of it.
pub(crate) struct Site {
    pub(crate) posts: Vec<Post>,
    pub(crate) redis: Option<Redis>,
    pub(crate) store: Option<Store>,
    pub(crate) client: Client,
    folder: TempDir,
}

impl Site {
    /// One node over its embedded store.
    pub(crate) async fn embedded() -> Self {
        let mut site = Self::empty();
        site.add(None, None).await;
        site
    }

    /// So many nodes over one MongoDB and one Redis.
    pub(crate) async fn town(nodes: usize) -> Self {
        let mut site = Self::empty();
        let (redis, store) = block_in_place(|| (Redis::start(), Store::start()));
        let (bus, data) = (redis.place(), store.place());
        (site.redis, site.store) = (Some(redis), Some(store));
        for _ in 0..nodes {
            site.add(Some(Gate::to(&bus).await), Some(Gate::to(&data).await)).await;
        }
        site.until_well().await;
        site
    }

    /// `http://host:port` of every door.
    pub(crate) fn doors(&self) -> Vec<String> {
        self.posts.iter().map(|post| format!("http://{}", post.door.place())).collect()
    }

    /// Starts a node again that has ended, at the same address.
    pub(crate) fn start_again(&mut self, number: usize) {
        let post = &mut self.posts[number];
        let command = serve(&self.folder, &post.variables, post.node.place());
        post.node = block_in_place(|| Node::start(command));
    }

    /// Waits until every node takes requests and hears the others.
    pub(crate) async fn until_well(&self) {
        let deadline = Instant::now() + RECOVERY;
        for post in &self.posts {
            while !self.is_well(post).await {
                assert!(Instant::now() < deadline, "a node does not recover:\n{}", self.said());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// The last lines that every node wrote.
    pub(crate) fn said(&self) -> String {
        let mut said = String::new();
        for (number, post) in self.posts.iter().enumerate() {
            let lines = post.node.said();
            let lines: Vec<&str> = lines.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            said.extend([format!("--- node {number} said at last:\n"), last, "\n".to_owned()]);
        }
        said
    }

    /// Signs up a patient, and returns the token.
    pub(crate) async fn sign_up(&self, name: &str) -> String {
        let body = json!({"username": name, "password": PASSWORD, "userType": "patient"});
        self.ask("/api/users/", None, &body).await;
        let body = json!({"username": name, "password": PASSWORD});
        let pair = self.ask("/api/token/", None, &body).await;
        pair["token"].as_str().expect("a token").to_owned()
    }

    /// Makes a room with these members, and returns its id.
    pub(crate) async fn room(&self, token: &str, name: &str, members: &[String]) -> String {
        let body = json!({"name": name, "kind": "group", "members": members});
        let room = self.ask("/api/rooms/", Some(token), &body).await;
        room["id"].as_str().expect("an id").to_owned()
    }

    /// The whole log of a room, as the first node reads it.
    pub(crate) async fn log(&self, token: &str, room: &str) -> Vec<Value> {
        let mut log: Vec<Value> = Vec::new();
        loop {
            let url = &self.posts[0].node.url;
            let path = format!("{url}/api/rooms/{room}/messages/?after={}&limit=100", log.len());
            let answer = self.client.get(path).bearer_auth(token).send().await.expect("the log");
            let page: Value = answer.json().await.expect("a page of the log");
            log.extend(page["results"].as_array().expect("results").iter().cloned());
            if page["more"] == false {
                return log;
            }
        }
    }

    fn empty() -> Self {
        // Only the first of a process can be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().pool_max_idle_per_host(0).timeout(ANSWER).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { posts: Vec::new(), redis: None, store: None, client, folder }
    }

    async fn add(&mut self, to_bus: Option<Gate>, to_store: Option<Gate>) {
        let mut variables: Vec<(String, String)> =
            SETTINGS.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        if let Some(bus) = &to_bus {
            variables.push(("IHS_BUS".into(), format!("redis://{}", bus.place())));
        }
        if let Some(data) = &to_store {
            let address = format!("mongodb://{}/?directConnection=true", data.place());
            variables.push(("IHS_STORE".into(), address));
        }
        let command = serve(&self.folder, &variables, "127.0.0.1:0");
        let node = block_in_place(|| Node::start(command));
        let door = Gate::to(node.place()).await;
        self.posts.push(Post { node, door, to_bus, to_store, variables });
    }

    async fn is_well(&self, post: &Post) -> bool {
        let answer = self.client.get(format!("{}/readyz", post.node.url)).send().await;
        match answer {
            Ok(answer) => {
                let health: Value = answer.json().await.unwrap_or_default();
                health["status"] == "ok"
            }
            Err(_) => false,
        }
    }

    async fn ask(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let mut request = self.client.post(format!("{}{path}", self.posts[0].node.url)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn serve(folder: &TempDir, variables: &[(String, String)], listen: &str) -> Command {
    let mut command = ihs(["serve", "--listen", listen]);
    command.args(data_dir(folder.path()));
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
