//! What the process says about itself, on standard error.

use std::{
    io::{self, IsTerminal as _},
    panic,
};

use ihs_config::{LogFormat, LogSettings};
use tracing_subscriber::{
    Layer as _, Registry, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::failure::Failure;

/// What is not worth telling unless the settings ask for it by name.
const QUIET: &str = "actix_server=warn";

/// Starts the log as section `log` says.
pub(crate) fn start(settings: &LogSettings) -> Result<(), Failure> {
    let targets: Targets = format!("{QUIET},{}", settings.level)
        .parse()
        .map_err(|error| Failure::usage("log.level cannot be used").because(error))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = match settings.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    Registry::default()
        .with(layer.with_filter(targets))
        .try_init()
        .map_err(|error| Failure::failed("cannot start the log").because(error))
}

/// A panic becomes one line of the log, or of standard error where there is none, with its place. Its message stays out: it may quote the
/// value at fault, which may be health data.
pub(crate) fn hide_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(place, "a fault of ours: please report it");
        } else {
            eprintln!("error: a fault of ours at {place}: please report it");
        }
    }));
}
