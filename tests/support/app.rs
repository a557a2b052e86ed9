//! A node of its own for each test.

use std::{
    ffi::OsString,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use ihs_config::{Overrides, Settings};
use ihs_store::Store;
use serde_json::json;
use tempfile::TempDir;

use super::{
    database::Database,
    process::{self, Node, ihs},
    user::User,
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Longer than MongoDB keeps the transactions of the dead: 60 s, and its rounds.
const ORPHANED: Duration = Duration::from_secs(100);

/// A node, its data, and the way to it.
pub(crate) struct App {
    node: Node,
    pub(crate) client: reqwest::Client,
    folder: TempDir,
    variables: Vec<(String, String)>,
    // Last: it is dropped when nobody uses it any more.
    _database: Database,
}

impl App {
    /// A node with the default settings, but for passwords that are cheap to hash.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A node with these environment variables.
    #[expect(clippy::unused_async, reason = "tests read alike, and a start may come to wait")]
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        Self::over(Database::new(), variables)
    }

    /// A node over the embedded store, whatever `IHS_TEST_STORE` names.
    #[expect(clippy::unused_async, reason = "tests read alike, and a start may come to wait")]
    pub(crate) async fn on_embedded(variables: &[(&str, &str)]) -> Self {
        Self::over(Database::Embedded, variables)
    }

    /// A node over MongoDB, whatever `IHS_TEST_STORE` names.
    #[expect(clippy::unused_async, reason = "tests read alike, and a start may come to wait")]
    pub(crate) async fn on_mongodb(variables: &[(&str, &str)]) -> Self {
        Self::over(Database::mongo(), variables)
    }

    /// Another node over the same MongoDB, with the same keys and settings.
    pub(crate) fn another_node(&self) -> Node {
        Node::start(serve(&self.folder, &self.variables, "127.0.0.1:0"))
    }

    fn over(database: Database, variables: &[(&str, &str)]) -> Self {
        // Only the first test of a process can be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let cheap = [("IHS_AUTH__ARGON2_MEMORY_KIB", "64"), ("IHS_AUTH__ARGON2_PASSES", "1")];
        let mut settings = database.variables();
        settings.extend(
            cheap.iter().chain(variables).map(|(name, value)| ((*name).into(), (*value).into())),
        );
        let folder = tempfile::tempdir().unwrap();
        let node = Node::start(serve(&folder, &settings, "127.0.0.1:0"));
        Self {
            node,
            // A node that restarts leaves connections behind that must not be used again.
            client: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            folder,
            variables: settings,
            _database: database,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.node.url
    }

    /// The address of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// What the node wrote to standard error so far.
    pub(crate) fn said(&self) -> String {
        self.node.said()
    }

    /// The running node.
    pub(crate) const fn node(&mut self) -> &mut Node {
        &mut self.node
    }

    /// The address of its MongoDB.
    pub(crate) fn mongodb(&self) -> &str {
        let address = self.variables.iter().find(|(name, _)| name == "IHS_STORE");
        &address.expect("it is on MongoDB").1
    }

    /// The folder of the node's files.
    pub(crate) fn data_dir(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Sets these environment variables, from the next start on.
    pub(crate) fn set(&mut self, variables: &[(&str, &str)]) {
        for (name, value) in variables {
            self.variables.retain(|(known, _)| known != name);
            self.variables.push(((*name).to_owned(), (*value).to_owned()));
        }
    }

    /// Stops the node in order, and starts it again at the same address.
    pub(crate) fn restart(&mut self) {
        let status = self.node.terminate();
        assert!(status.success(), "the node ended with {status}:\n{}", self.said());
        self.start_again();
    }

    /// Ends the node as a crash would, and starts it again at the same address.
    pub(crate) fn kill9(&mut self) {
        self.node.kill();
        self.start_again();
    }

    /// Starts the node again at the same address after it has ended.
    pub(crate) fn start_again(&mut self) {
        let command = serve(&self.folder, &self.variables, self.node.place());
        self.node = Node::start(command);
    }

    /// Runs another command on the node's data. An embedded store must not be in use.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = ihs(arguments);
        command.args(process::data_dir(self.folder.path()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process::run(&mut command, input)
    }

    /// The node's store, to look into or to meddle with. An embedded one must not be in use.
    pub(crate) async fn open_store(&self) -> Arc<dyn Store> {
        let data_dir = self.folder.path().to_str().map(str::to_owned);
        let overrides = Overrides { data_dir, ..Overrides::default() };
        let variables: Vec<(OsString, OsString)> =
            self.variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let settings = Settings::load_from(&overrides, &variables).unwrap();
        let store = ihs_store::open(&settings).await.unwrap();
        store.prepare(&ihs_api::collections()).await.unwrap();
        store
    }

    /// Starts another command on the node's data, to be ended from outside.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = ihs(arguments);
        command.args(process::data_dir(self.folder.path()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stderr(Stdio::null()).spawn().unwrap()
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

    /// The same user at another node.
    pub(crate) fn there(node: &Node, user: &User) -> User {
        User { url: node.url.clone(), ..user.clone() }
    }

    /// The status of a WebSocket handshake with these headers; 101 is a success.
    pub(crate) async fn handshake(&self, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = self
            .client
            .get(self.at(path))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFnMut() -> bool) {
        self.until_within(Duration::from_secs(15), what, holds).await;
    }

    /// Waits until something holds that may take as long as a dead node is remembered.
    pub(crate) async fn until_late(&self, what: &str, holds: impl AsyncFnMut() -> bool) {
        self.until_within(Duration::from_secs(45), what, holds).await;
    }

    async fn until_within(&self, time: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + time;
        while !holds().await {
            assert!(Instant::now() < deadline, "not so: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes a superuser. The node is stopped for that moment: an embedded store has one user.
    pub(crate) async fn superuser(&mut self, username: &str) -> User {
        let status = self.node.terminate();
        assert!(status.success(), "{status}");
        let made = self.run(
            &["createsuperuser", "--username", username, "--password-stdin"],
            &format!("{PASSWORD}\n"),
        );
        assert!(made.status.success(), "{}", process::complaint(&made));
        self.start_again();
        self.log_in(username).await
    }

    /// Logs somebody in.
    pub(crate) async fn log_in(&self, username: &str) -> User {
        let body = json!({"username": username, "password": PASSWORD});
        let pair = self.anonymous().post("/api/token/", body).await.ok();
        User::with_token(self, username, pair["token"].as_str().unwrap())
    }

    /// The same after a node was killed, whose open transaction MongoDB gives up in its own time.
    pub(crate) async fn log_in_after_a_crash(&self, username: &str) -> User {
        let body = json!({"username": username, "password": PASSWORD});
        let mut token = None;
        self.until_within(ORPHANED, "somebody can log in", async || {
            let answer = self.anonymous().post("/api/token/", body.clone()).await;
            if answer.status == 503 {
                return false;
            }
            token = answer.ok()["token"].as_str().map(str::to_owned);
            true
        })
        .await;
        User::with_token(self, username, &token.unwrap())
    }

    async fn sign_up(&self, username: &str, kind: &str) -> User {
        let body = json!({"username": username, "password": PASSWORD, "userType": kind});
        self.anonymous().post("/api/users/", body).await.created();
        self.log_in(username).await
    }
}

fn serve(folder: &TempDir, variables: &[(String, String)], listen: &str) -> Command {
    let mut command = ihs(["serve", "--listen", listen]);
    command.args(process::data_dir(folder.path()));
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
