//! A node of its own for each test.

use std::{
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use super::{
    answer::Answer,
    database::Database,
    process::{self, Node, ihs},
    socket,
    user::User,
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Settings that make passwords cheap to hash.
const CHEAP: [(&str, &str); 2] = [
    ("IHS_AUTH__ARGON2_MEMORY_KIB", "64"),
    ("IHS_AUTH__ARGON2_PASSES", "1"),
];

/// Longest wait for what must come to be.
const PATIENCE: Duration = Duration::from_secs(15);

/// A node, its data, and the way to it.
pub(crate) struct App {
    node: Mutex<Node>,
    url: String,
    pub(crate) client: reqwest::Client,
    variables: Vec<(String, String)>,
    folder: Arc<TempDir>,
    // Last: it goes when no node uses it any more.
    database: Arc<Database>,
}

impl App {
    /// A node with the default settings.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A node with these environment variables.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::on(
            Arc::new(Database::new()),
            Arc::new(tempfile::tempdir().unwrap()),
            variables,
        )
        .await
    }

    /// A node over MongoDB, whatever `IHS_TEST_STORE` says.
    pub(crate) async fn start_on_mongodb(variables: &[(&str, &str)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::on(Arc::new(Database::mongodb()), folder, variables).await
    }

    /// One more node over the same MongoDB database, with the same key for tokens.
    pub(crate) async fn another_node(&self, variables: &[(&str, &str)]) -> Self {
        Self::on(
            Arc::clone(&self.database),
            Arc::clone(&self.folder),
            variables,
        )
        .await
    }

    async fn on(database: Arc<Database>, folder: Arc<TempDir>, variables: &[(&str, &str)]) -> Self {
        // Only the first test of a process can be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = CHEAP.iter().chain(variables);
        let mut all = database.variables();
        all.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let node = Node::start(serve(&folder, &all, "127.0.0.1:0"));
        Self {
            url: node.url.clone(),
            node: Mutex::new(node),
            // A node that restarts leaves connections behind that must not be used again.
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            variables: all,
            folder,
            database,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the node wrote to standard error since it was last started.
    pub(crate) fn said(&self) -> String {
        self.node().said()
    }

    /// The folder of the node's files.
    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the node in order.
    pub(crate) async fn stop(&self) {
        let status = self.node().terminate();
        assert!(
            status.success(),
            "the node ended with {status}:\n{}",
            self.said()
        );
    }

    /// Ends the node as a crash would.
    pub(crate) async fn kill9(&self) {
        self.node().kill();
    }

    /// Starts the node again at the same address, after it was stopped if it runs.
    pub(crate) async fn restart(&self) {
        if self.node().is_running() {
            self.stop().await;
        }
        let place = self.url.trim_start_matches("http://");
        let node = Node::start(serve(&self.folder, &self.variables, place));
        *self.node() = node;
    }

    /// Runs another command on the node's data. An embedded store must not be in use.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = ihs(arguments);
        command.args(process::data_dir(self.folder.path()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process::run(&mut command, input)
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(
                Instant::now() < deadline,
                "this does not come to be: {what}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The status that asking for a socket with these headers is answered with.
    pub(crate) async fn handshake(&self, path: &str, headers: &[(&str, &str)]) -> u16 {
        socket::handshake(&self.url, path, headers).await
    }

    /// Somebody who has no account.
    pub(crate) fn anonymous(&self) -> User {
        User::anonymous(self)
    }

    /// Signs up a patient.
    pub(crate) async fn patient(&self, username: &str) -> User {
        self.sign_up(username, "patient").await
    }

    /// Signs up a doctor, whom nobody has verified.
    pub(crate) async fn doctor(&self, username: &str) -> User {
        self.sign_up(username, "doctor").await
    }

    /// Signs up a nurse, whom nobody has verified.
    pub(crate) async fn nurse(&self, username: &str) -> User {
        self.sign_up(username, "nurse").await
    }

    /// Makes a superuser. The node is stopped for that moment, since an embedded store has one
    /// user: sockets that are open break.
    pub(crate) async fn superuser(&self, username: &str) -> User {
        self.stop().await;
        let arguments = [
            "createsuperuser",
            "--username",
            username,
            "--password-stdin",
        ];
        let made = self.run(&arguments, &format!("{PASSWORD}\n"));
        assert!(made.status.success(), "{}", process::complaint(&made));
        self.restart().await;
        self.log_in(username).await
    }

    /// Logs somebody in.
    pub(crate) async fn log_in(&self, username: &str) -> User {
        let pair: Answer = self.try_log_in(username, PASSWORD).await.ok();
        User::with_token(self, username, pair["token"].as_str().unwrap())
    }

    /// What an attempt to log in is answered with.
    pub(crate) async fn try_log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password});
        self.anonymous().post("/api/token/", body).await
    }

    /// Somebody who is logged in at another node, or was before a restart, at this one.
    pub(crate) fn again(&self, user: &User) -> User {
        User::with_token(self, user.name(), user.token())
    }

    async fn sign_up(&self, username: &str, kind: &str) -> User {
        let body = json!({"username": username, "password": PASSWORD, "userType": kind});
        self.anonymous().post("/api/users/", body).await.created();
        self.log_in(username).await
    }

    fn node(&self) -> MutexGuard<'_, Node> {
        self.node.lock().unwrap()
    }
}

fn serve(folder: &TempDir, variables: &[(String, String)], listen: &str) -> Command {
    let mut command = ihs(["serve", "--listen", listen]);
    command.args(process::data_dir(folder.path()));
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
