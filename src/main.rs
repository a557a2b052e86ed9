//! `ihs`: the command line and the composition root of IHS.
//!
//! - [`cli`]: commands and flags; one file per command under `commands/`
//! - [`server`]: settings → store → hub → REST layer → HTTP server; [`node`]: the parts of it that
//!   other commands use; [`welcome`]: what it tells the person who started it
//! - [`mod@bench`]: the load generator; [`chat`]: the terminal chat client
//! - [`demo`]: the people of the demo clinic
//! - [`prompt`]: what is asked at the terminal
//! - [`transfer`]: moving a whole store
//! - [`telemetry`]: what the process says about itself
//! - [`failure`]: why a command ended, and with which exit code

mod bench;
mod chat;
mod cli;
mod commands;
mod demo;
mod failure;
mod files;
mod node;
mod prompt;
mod server;
mod telemetry;
mod transfer;
mod welcome;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

/// Faster than the system's where threads free what others have made, as rooms and sockets do.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    telemetry::hide_panics();
    match commands::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
