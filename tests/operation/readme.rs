//! The conversation in README.md, done as it is written there.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::support::{
    database::Database,
    process::{BINARY, Node, complaint, run, shown, without_settings},
    terminal::Terminal,
};

/// Where the README's server listens. Tests take a free port instead: nothing else is changed.
const WRITTEN: &str = "http://127.0.0.1:8000";

/// Somebody who follows the README: a folder of their own, and the binary on their path.
struct Reader {
    folder: TempDir,
    database: Database,
    readme: String,
}

impl Reader {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: Database::new(),
            readme: fs::read_to_string(path).unwrap(),
        }
    }

    /// The block whose fence has this heading.
    fn block(&self, heading: &str) -> &str {
        let (_, rest) = self.readme.split_once(&format!("```{heading}\n")).unwrap();
        rest.split_once("```").unwrap().0.trim_end()
    }

    /// A shell that runs these lines; the one that fails fails all.
    fn shell(&self, lines: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", lines]);
        self.at_home(&mut command);
        command
    }

    /// The same at a terminal.
    fn terminal(&self, lines: &str) -> Terminal {
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", lines, "/dev/null"]);
        self.at_home(&mut command);
        Terminal::start(command.env("TERM", "xterm"))
    }

    fn at_home(&self, command: &mut Command) {
        let binaries = Path::new(BINARY).parent().unwrap().to_str().unwrap();
        without_settings(command);
        command
            .current_dir(self.folder.path())
            .env("PATH", format!("{binaries}:{}", std::env::var("PATH").unwrap()))
            .envs(self.database.variables());
    }
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}{}", shown(output), complaint(output));
}

#[test]
fn the_first_conversation_goes_as_written() {
    let reader = Reader::new();
    let mut serve = reader.shell(&format!("exec {}", reader.block("sh server")));
    serve.env("IHS_LISTEN", "127.0.0.1:0");
    let node = Node::start(serve);
    let here = |heading: &str| reader.block(heading).replace(WRITTEN, &node.url);

    succeeded(&run(&mut reader.shell(&here("sh sign-up")), ""));
    let mut terminals = Vec::new();
    for person in ["ada", "bob"] {
        let mut terminal = reader.terminal(&here(&format!("sh {person}")));
        terminal.sees("Password:");
        terminal.types(&format!("{person}-likes-tea"));
        for line in reader.block(&format!("text {person}")).lines() {
            terminal.sees("> ");
            terminal.types(line);
            if line.starts_with('/') {
                terminal.sees("You are in");
            } else {
                terminal.sees(&format!("{person}: {line}"));
            }
        }
        terminals.push(terminal);
    }
    for terminal in &terminals {
        for person in ["ada", "bob"] {
            let said = reader.block(&format!("text {person}")).lines().last().unwrap();
            terminal.sees(&format!("{person}: {said}"));
        }
    }
    succeeded(&run(&mut reader.shell(&here("sh script")), ""));
    terminals[1].sees("ada: Thank you!");
}

#[test]
fn the_first_records_are_made_as_written() {
    let reader = Reader::new();
    let mut serve = reader.shell(&format!("exec {}", reader.block("sh server")));
    serve.env("IHS_LISTEN", "127.0.0.1:0");
    let mut node = Node::start(serve);
    let sign_up = reader.block("sh sign-up").replace(WRITTEN, &node.url);
    succeeded(&run(&mut reader.shell(&sign_up), ""));
    assert!(node.terminate().success());
    succeeded(&run(&mut reader.shell(reader.block("sh superuser")), ""));
    let mut serve = reader.shell(&format!("exec {}", reader.block("sh server")));
    serve.env("IHS_LISTEN", "127.0.0.1:0");
    let node = Node::start(serve);
    let records = reader.block("sh records").replace(WRITTEN, &node.url);
    let made = run(&mut reader.shell(&records), "");
    succeeded(&made);
    for part in [r#""verified":true"#, r#""name":"Aurora""#, r#""count":1"#] {
        assert!(shown(&made).contains(part), "{}", shown(&made));
    }
}

#[test]
fn the_demo_is_made_as_written() {
    let reader = Reader::new();
    succeeded(&run(&mut reader.shell(reader.block("sh demo")), ""));
}
