//! `ihs serve`: a node, until it is told to stop.

use actix_web::rt::System;

use crate::{cli::ServeArgs, failure::Failure, node, server};

/// Serves until it is told to stop.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.overrides())?;
    System::new().block_on(server::serve(settings))
}
