//! `ihs serve`: a node, until it is told to stop.

use actix_web::rt::System;
use ihs_config::Settings;

use crate::{cli::ServeArgs, failure::Failure, server, telemetry};

/// Serves until it is told to stop.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let settings = Settings::load(&args.overrides())?;
    telemetry::start(&settings.log)?;
    System::new().block_on(server::serve(settings))
}
