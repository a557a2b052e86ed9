//! A MongoDB of the suite's own, to end, to hold up and to start again over the same data.

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
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let store = Self { child: run(port, folder.path()), port, folder };
        store.until_ready();
        store
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
        self.until_ready();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        signal::kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        let ready = root().join("scripts/mongodb_ready.py");
        loop {
            let mut asks = Command::new("python3");
            asks.arg(&ready).arg(self.port.to_string()).stderr(Stdio::null());
            if asks.status().unwrap().success() {
                return;
            }
            assert!(Instant::now() < deadline, "the store is not ready");
            thread::sleep(Duration::from_millis(100));
        }
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
    let mongod = Command::new("mongod").arg("--version").stdout(Stdio::null()).status();
    let mut command = if mongod.is_ok() {
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

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
