//! A MongoDB of a test's own, to end, to hold up and to start again over the same data.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use tempfile::TempDir;

/// Ports that are tried.
const PORTS: usize = 5;

/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_mins(1);

/// `mongod` when it can be run, otherwise the `SecantusDB` that `scripts/services` installs.
pub(crate) struct Store {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Store {
    /// An empty one.
    pub(crate) fn start() -> Self {
        // A port that is free now may be somebody else's before the server has it.
        for _ in 0..PORTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let folder = tempfile::tempdir().unwrap();
            let mut store = Self { child: run(port, folder.path()), port, folder };
            if store.is_ready() {
                return store;
            }
        }
        panic!("no port is free for a store");
    }

    /// `host:port`.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again over the same data.
    pub(crate) fn start_again(&mut self) {
        self.child = run(self.port, self.folder.path());
        assert!(self.is_ready(), "the store's port is taken");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        signal::kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until it serves; false when it has ended instead.
    fn is_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let ready = root().join("scripts/mongodb_ready.py");
        loop {
            let mut asks = Command::new("python3");
            asks.arg(&ready).arg(self.port.to_string()).stderr(Stdio::null());
            // Who answers may be another one, at whose port this one is about to fail.
            if self.listens() && asks.status().unwrap().success() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "the store is not ready");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Whether it has said that it listens.
    fn listens(&self) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap();
        ["listening on", "Waiting for connections"].iter().any(|words| log.contains(words))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(port: u16, folder: &Path) -> Child {
    let port = port.to_string();
    let log = File::create(folder.join("server.log")).unwrap();
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mut command = if is_mongod() {
        let mut command = Command::new("mongod");
        command.args(["--replSet", "ihs", "--bind_ip", "127.0.0.1", "--port", &port]);
        command.args(["--wiredTigerCacheSizeGB", "0.25", "--dbpath"]).arg(data);
        command
    } else {
        let mut command = Command::new(root().join("target/venv/bin/secantusd-py"));
        // Without this, what it has acknowledged does not outlive it.
        command.args(["--sync-on-commit", "--port", &port, "--storage-path"]).arg(data);
        command
    };
    let errors = log.try_clone().unwrap();
    command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("scripts/services ran")
}

/// Whether there is a real one.
pub(crate) fn is_mongod() -> bool {
    Command::new("mongod").arg("--version").stdout(Stdio::null()).status().is_ok()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
