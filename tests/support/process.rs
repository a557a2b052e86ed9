//! The binary as a process.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// Longest wait for a node to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_ihs");

/// The binary with these arguments and nothing of our own environment that is a setting.
pub(crate) fn ihs<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(BINARY);
    command.args(arguments).stdin(Stdio::null());
    without_settings(&mut command);
    command
}

/// Takes out of the command's environment what the binary would read.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IHS_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_BACKTRACE", "0");
}

/// Runs a command to its end with a text on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command that ends without reading all of it has its reasons.
    thread::spawn(move || stdin.write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

/// What a command wrote to standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command wrote to standard output.
pub(crate) fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A node that runs.
pub(crate) struct Node {
    child: Child,
    said: Arc<Mutex<String>>,
    pub(crate) url: String,
}

impl Node {
    /// Starts `ihs serve` and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let (listens, url) = mpsc::channel();
        let heard = Arc::clone(&said);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("listening on ") {
                    // In a log of JSON objects, a quotation mark ends it.
                    let url = url.split(['"', ' ']).next().unwrap_or(url);
                    let _ = listens.send(url.to_owned());
                }
                heard.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        let mut node = Self { child, said, url: String::new() };
        match url.recv_timeout(PATIENCE) {
            Ok(url) => node.url = url,
            Err(reason) => panic!("the node did not start: {reason}"),
        }
        node
    }

    /// What it wrote to standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Its address and port.
    pub(crate) fn place(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        signal::kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the node did not stop:\n{}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- the node said:\n{}---", self.said());
        }
    }
}

/// `--data-dir FOLDER`.
pub(crate) fn data_dir(folder: &Path) -> [String; 2] {
    ["--data-dir".to_owned(), folder.to_str().unwrap().to_owned()]
}
