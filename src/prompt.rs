//! What a command asks the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// The name that was given, or else is typed now.
pub(crate) fn username(given: Option<String>) -> Result<String, Failure> {
    if let Some(username) = given {
        return Ok(username);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("there is nobody to ask for a username: give --username"));
    }
    eprint!("Username: ");
    // A prompt that stays in the buffer is no reason to stop.
    let _ = io::stderr().flush();
    first_line()
}

/// A password, typed unseen.
pub(crate) fn password() -> Result<String, Failure> {
    ask("Password: ")
}

/// A new password, typed unseen and twice.
pub(crate) fn new_password() -> Result<String, Failure> {
    let password = ask("Password: ")?;
    if ask("Password again: ")? == password {
        Ok(password)
    } else {
        Err(Failure::failed("the two passwords differ"))
    }
}

/// The first line of standard input. Nothing behind it is taken.
pub(crate) fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    let count = io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::failed("cannot read standard input").because(error))?;
    if count == 0 {
        return Err(Failure::usage("standard input is empty"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn ask(prompt: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("there is nobody to ask for a password: give --password-stdin"));
    }
    rpassword::prompt_password(prompt)
        .map_err(|error| Failure::failed("cannot read the password").because(error))
}
