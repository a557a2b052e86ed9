//! The command line: which commands there are, and their flags.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ihs_config::Overrides;

use crate::demo;

/// Realtime hub and records API for healthcare.
#[derive(Debug, Parser)]
#[command(
    name = "ihs",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command it serves. Every setting is described in config/default.toml \
                  and is also an environment variable, IHS_<SECTION>__<KEY>."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// `ihs` alone is `ihs serve`.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve REST and WebSocket clients (the default).
    Serve(ServeArgs),
    /// Make a user who may do everything.
    Createsuperuser(SuperuserArgs),
    /// Fill an empty store with a believable clinic, and print who can log in.
    Demo(DemoArgs),
    /// Write the whole store to a file.
    Export(TransferArgs),
    /// Fill an empty store from such a file.
    Import(TransferArgs),
    /// Chat in the terminal.
    Chat(ChatArgs),
    /// Load a running node and print what it did.
    Bench(BenchArgs),
    /// Check configuration and connections, and print what was found.
    Check(ServeArgs),
    /// Prove that the audit log is whole.
    Audit(AuditArgs),
    /// Print the OpenAPI document of a node with these settings.
    Openapi(NodeArgs),
}

/// Where the data is: flags of every command that touches it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NodeArgs {
    #[arg(long, help = "Settings file [env: IHS_CONFIG]", value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(
        long,
        help = "Folder of the embedded store and of generated keys [default: ./data] [env: IHS_DATA_DIR]",
        value_name = "FOLDER"
    )]
    data_dir: Option<String>,
    #[arg(
        long,
        help = "`embedded` or a mongodb:// address [default: embedded] [env: IHS_STORE]",
        value_name = "STORE"
    )]
    store: Option<String>,
    #[arg(
        long,
        help = "`local` or a redis:// address [default: local] [env: IHS_BUS]",
        value_name = "BUS"
    )]
    bus: Option<String>,
    #[arg(
        long,
        help = "Level of the log, or directives such as info,ihs_api=debug [default: info] [env: IHS_LOG__LEVEL]",
        value_name = "LEVEL"
    )]
    log_level: Option<String>,
}

/// Flags of `ihs serve`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArgs {
    #[arg(
        long,
        help = "Address and port to listen on [default: 127.0.0.1:8000] [env: IHS_LISTEN]",
        value_name = "ADDRESS"
    )]
    listen: Option<String>,
    #[command(flatten)]
    node: NodeArgs,
}

/// Flags of `ihs createsuperuser`.
#[derive(Debug, Args)]
pub(crate) struct SuperuserArgs {
    /// Name to log in with; asked for when missing.
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// Mail address.
    #[arg(long, default_value = "")]
    pub(crate) email: String,
    /// Read the password from the first line of standard input instead of asking for it.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Where the data is.
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// What `ihs audit` does.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// The commands about the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walk along the whole log, and name the first entry that was altered, removed, added or moved.
    Verify(VerifyArgs),
}

/// Flags of `ihs audit verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What an earlier run printed, `N:HASH`: the log must still begin so. Without it, a log that was
    /// made anew from its first entry on is not told from the true one.
    #[arg(long, value_name = "N:HASH", value_parser = known)]
    pub(crate) known: Option<(u64, String)>,
    /// Where the data is.
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// Flags of `ihs export` and `ihs import`.
#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// The file, in lines of JSON; `-` is standard output or standard input.
    pub(crate) file: PathBuf,
    /// Where the data is.
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// Flags of `ihs demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Further patients, for measuring: names at random, some of them treated by the doctors.
    #[arg(long, default_value_t = 0)]
    pub(crate) patients: usize,
    /// Where the data is.
    /// Where the data is.
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// Flags of `ihs chat`.
#[derive(Debug, Args)]
pub(crate) struct ChatArgs {
    /// Address of a node, such as `http://127.0.0.1:8000`.
    pub(crate) url: String,
    /// Name to log in with; asked for when missing.
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// Read the password from the first line of standard input instead of asking for it.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// What `ihs bench` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchKind {
    /// One large room.
    FanOut,
    /// Many small rooms in which everybody sends.
    Rooms,
    /// Sockets that only stay.
    Idle,
    /// Records: read one, list, search, page, create, change.
    Records,
}

/// Flags of `ihs bench`. The node needs `limits.messages_per_second = 0`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Address of a node, such as `http://127.0.0.1:8000`; plain HTTP only.
    pub(crate) url: String,
    /// What to do.
    pub(crate) kind: BenchKind,
    /// Rooms [default: 1 for fan-out, 100 for rooms].
    #[arg(long, value_parser = count)]
    pub(crate) rooms: Option<usize>,
    /// Sockets in each room, or all idle ones [default: 1000, for rooms 10].
    #[arg(long, value_parser = count)]
    pub(crate) sockets: Option<usize>,
    /// Sockets in each room that send [default: 64 for fan-out, all for rooms].
    #[arg(long, value_parser = count)]
    pub(crate) senders: Option<usize>,
    /// Sockets that one user has.
    #[arg(long, default_value_t = 10, value_parser = count)]
    pub(crate) sockets_per_user: usize,
    /// Messages per second over all rooms; without it, each sender sends when its last message was
    /// acknowledged.
    #[arg(long, value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Seconds before the measurement.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up: u64,
    /// Seconds of the measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Length of a message's text.
    #[arg(long, default_value_t = 64, value_parser = count)]
    pub(crate) message_bytes: usize,
    /// Clients that create and change records at once.
    #[arg(long, default_value_t = 64, value_parser = count)]
    pub(crate) clients: usize,
    /// Clients that read records at once.
    #[arg(long, default_value_t = 2, value_parser = count)]
    pub(crate) readers: usize,
    /// Somebody of the staff, for records.
    #[arg(long, default_value = "front.desk")]
    pub(crate) staff: String,
    /// A doctor who treats some of the patients, for records.
    #[arg(long)]
    pub(crate) doctor: Option<String>,
    /// The password of both [default: that of the demo].
    #[arg(long, env = "IHS_BENCH_PASSWORD", default_value = demo::PASSWORD, hide_default_value = true)]
    pub(crate) password: String,
    /// Process of the node, and of its store and bus, whose CPU time and memory are measured.
    #[arg(long)]
    pub(crate) pid: Vec<u32>,
}

/// A number and a hash.
fn known(text: &str) -> Result<(u64, String), String> {
    let parts = text.split_once(':').map(|(n, hash)| (n.parse(), hash));
    match parts {
        Some((Ok(n), hash)) if n > 0 && hash.len() == 64 => Ok((n, hash.to_ascii_lowercase())),
        _ => Err("must be the number of an entry, a colon, and its hash".to_owned()),
    }
}

/// At least one.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(format!("{error}")),
    }
}

/// More than none.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        Ok(_) => Err("must be more than 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl NodeArgs {
    /// What these flags say, over file and environment.
    pub(crate) fn overrides(self) -> Overrides {
        let Self { config, data_dir, store, bus, log_level } = self;
        Overrides { config, listen: None, data_dir, store, bus, log_level }
    }
}

impl ServeArgs {
    /// What these flags say, over file and environment.
    pub(crate) fn overrides(self) -> Overrides {
        Overrides { listen: self.listen, ..self.node.overrides() }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_of_serve_need_no_command() {
        let cli = Cli::try_parse_from(["ihs", "--listen", "0.0.0.0:1"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.overrides().listen.as_deref(), Some("0.0.0.0:1"));
    }
}
