//! `ihs openapi`: what `/api/schema/` serves. Needs no store.

use std::io::{self, Write};

use crate::{cli::NodeArgs, failure::Failure, node};

/// Prints the document.
pub(crate) fn run(args: NodeArgs) -> Result<(), Failure> {
    let settings = node::load(&args.overrides())?;
    let document = ihs_api::openapi(&settings);
    let mut out = io::stdout().lock();
    match writeln!(out, "{document:#}") {
        // Whoever reads may have seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed("the document cannot be printed").because(error))
        }
        _ => Ok(()),
    }
}
