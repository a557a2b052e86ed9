//! Where lines come from: a terminal with editing, or standard input as it is.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    thread,
};

use rustyline::{DefaultEditor, error::ReadlineError};
use tokio::sync::mpsc;

use crate::{chat::screen::Screen, failure::Failure};

/// Lines that wait to be carried out; the reader waits when there are more.
const WAITING_LINES: usize = 64;

/// Lines, until the channel ends.
pub(crate) type Lines = mpsc::Receiver<String>;

/// Whether a person sits at a terminal.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Starts to read, on a thread of its own: reading a terminal blocks.
pub(crate) fn start() -> Result<(Lines, Screen), Failure> {
    let (sender, lines) = mpsc::channel(WAITING_LINES);
    if !is_interactive() {
        thread::spawn(move || read_plain(&sender));
        return Ok((lines, Screen::Plain));
    }
    let mut editor = DefaultEditor::new().map_err(no_terminal)?;
    let printer = editor.create_external_printer().map_err(no_terminal)?;
    thread::spawn(move || read_terminal(editor, &sender));
    Ok((lines, Screen::Terminal(Box::new(printer))))
}

fn read_plain(lines: &mpsc::Sender<String>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if lines.blocking_send(line).is_err() {
            return;
        }
    }
}

fn read_terminal(mut editor: DefaultEditor, lines: &mpsc::Sender<String>) {
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                // Without its history a line is still a line.
                let _ = editor.add_history_entry(&line);
                if lines.blocking_send(line).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

fn no_terminal(error: ReadlineError) -> Failure {
    Failure::failed("cannot use the terminal").because(error)
}
