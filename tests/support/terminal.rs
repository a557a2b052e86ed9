//! A program that is typed to and looked at.

use std::{
    io::{Read, Write as _},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for what must be shown.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program, what is typed to it, and everything that it has shown.
pub(crate) struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    seen: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a program on pipes.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let seen = Arc::new(Mutex::new(String::new()));
        watch(child.stdout.take().unwrap(), &seen);
        watch(child.stderr.take().unwrap(), &seen);
        let keys = child.stdin.take();
        Self { child, keys, seen }
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        let keys = self.keys.as_mut().unwrap();
        keys.write_all(format!("{line}\n").as_bytes()).unwrap();
        keys.flush().unwrap();
    }

    /// Waits until the text is shown.
    pub(crate) fn sees(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.shown().contains(text) {
            assert!(Instant::now() < deadline, "{text:?} is not shown:\n{}", self.shown());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything that was shown so far.
    pub(crate) fn shown(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    /// Types no more, and waits for the end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        drop(self.keys.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.shown());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut from: impl Read + Send + 'static, seen: &Arc<Mutex<String>>) {
    let seen = Arc::clone(seen);
    thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            seen.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
}
