//! `ihs`: the command line and the composition root of IHS.
//!
//! - [`cli`]: commands and flags; one file per command under `commands/`
//! - [`bench`]: the load generator; [`chat`]: the terminal chat client
//! - [`prompt`]: what is asked at the terminal
//! - [`telemetry`]: what the process says about itself
//! - [`failure`]: why a command ended, and with which exit code

mod bench;
mod chat;
mod cli;
mod commands;
mod demo;
mod failure;
mod prompt;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    telemetry::hide_panics();
    match commands::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
