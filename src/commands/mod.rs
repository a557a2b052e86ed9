//! One file per command.

mod bench;
mod chat;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
};

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Bench(args) => bench::run(args),
        Command::Chat(args) => chat::run(args),
        _ => Ok(()),
    }
}
