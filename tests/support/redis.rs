//! A Redis of a test's own, to stop, to hold up and to talk to.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use tempfile::TempDir;

/// Longest wait for a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// One `redis-server`, or a sentinel.
pub(crate) struct Redis {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Redis {
    /// A server that keeps nothing.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let mut redis = Self::absent();
        redis.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        redis.start_again();
        redis
    }

    /// The place of a server that is not there yet.
    pub(crate) fn absent() -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        Self { child: None, port, folder, arguments: Vec::new() }
    }

    /// A cluster of one node that has all slots.
    pub(crate) fn cluster_of_one() -> Self {
        let redis = Self::member();
        redis.ask(&["cluster", "addslotsrange", "0", "16383"]);
        redis.until("the cluster is whole", || {
            redis.ask(&["cluster", "info"]).contains("cluster_state:ok")
        });
        redis
    }

    /// A cluster of three nodes.
    pub(crate) fn cluster_of_three() -> Vec<Self> {
        let nodes: Vec<Self> = (0..3).map(|_| Self::member()).collect();
        let places: Vec<String> = nodes.iter().map(Self::place).collect();
        let mut create = vec!["--cluster", "create"];
        create.extend(places.iter().map(String::as_str));
        create.push("--cluster-yes");
        nodes[0].ask(&create);
        for node in &nodes {
            node.until("the cluster is whole", || {
                node.ask(&["cluster", "info"]).contains("cluster_state:ok")
            });
        }
        nodes
    }

    /// A node of a cluster, without slots.
    fn member() -> Self {
        let port = free_port().to_string();
        Self::with(&["--cluster-enabled", "yes", "--cluster-port", &port])
    }

    /// A server that follows another.
    pub(crate) fn replica_of(master: &Self) -> Self {
        let replica = Self::with(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
        replica.until("the replica follows", || {
            replica.ask(&["info", "replication"]).contains("master_link_status:up")
        });
        replica
    }

    /// A sentinel that alone decides who is the master called `main`.
    pub(crate) fn sentinel_of(master: &Self) -> Self {
        let mut sentinel = Self::absent();
        let file = sentinel.folder.path().join("sentinel.conf");
        let lines = format!(
            "sentinel monitor main 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds main 1000\n\
             sentinel failover-timeout main 5000\n",
            master.port
        );
        fs::write(&file, lines).unwrap();
        sentinel.arguments = vec![file.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        sentinel.start_again();
        sentinel.until("the sentinel knows the replica", || {
            sentinel.ask(&["sentinel", "replicas", "main"]).contains("master-link-status")
        });
        sentinel
    }

    /// `host:port`.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `redis://host:port`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.place())
    }

    /// Starts it again at the same place.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        // A settings file must come first.
        let file = self.arguments.first().filter(|argument| !argument.starts_with("--"));
        command.args(file).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.arg("--dir").arg(self.folder.path()).arg("--logfile").arg(self.log());
        command.args(self.arguments.iter().skip(usize::from(file.is_some())));
        if file.is_none() {
            command.args(["--save", "", "--appendonly", "no"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("redis-server can be run"));
        self.until("the server answers", || self.ask(&["ping"]).contains("PONG"));
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Has it stand still: connections stay open, and nothing is answered.
    pub(crate) fn stand_still(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Has it go on.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// What it answers to a command.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(command)
            .output()
            .expect("redis-cli can be run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many clients listen to a channel.
    pub(crate) fn listeners(&self, channel: &str) -> usize {
        let answer = self.ask(&["pubsub", "numsub", channel]);
        answer.lines().last().and_then(|count| count.trim().parse().ok()).unwrap_or_default()
    }

    /// Waits until something holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            assert!(Instant::now() < deadline, "not so: {what}\n{log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        signal::kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("redis.log")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
