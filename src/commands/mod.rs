//! One file per command.

mod audit;
mod bench;
mod chat;
mod check;
mod createsuperuser;
mod demo;
mod export;
mod import;
mod openapi;
mod serve;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
};

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::run(args),
        Command::Createsuperuser(args) => createsuperuser::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Chat(args) => chat::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Openapi(args) => openapi::run(args),
        Command::Check(args) => check::run(args),
        Command::Audit(args) => audit::run(args),
    }
}
