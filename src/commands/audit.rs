//! `ihs audit verify`: proves that the audit log is whole, or names the first entry that is not what, or
//! where, it was.

use ihs_api::audit::{Broken, verify};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::{AuditArgs, AuditCommand, VerifyArgs},
    failure::Failure,
    node,
};

/// Does what was asked for.
pub(crate) fn run(args: AuditArgs) -> Result<(), Failure> {
    let AuditCommand::Verify(args) = args.command;
    walk(args)
}

fn walk(args: VerifyArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.node.overrides())?;
    node::refuse_what_is_not_there(&settings)?;
    let bar = progress();
    let sound = node::with(settings, async |ctx| {
        let seen = |seen, total: u64| {
            bar.set_length(total.max(seen));
            bar.set_position(seen);
        };
        verify(&*ctx.store, args.known.as_ref(), seen).await.map_err(unsound)
    });
    bar.finish_and_clear();
    let sound = sound?;
    println!("{}:{}", sound.entries, sound.hash);
    eprintln!("The audit log is whole: {} entries.", sound.entries);
    Ok(())
}

/// The flaw first: it is what was asked for.
fn unsound(error: Broken) -> Failure {
    match error {
        Broken::Flaw(flaw) => Failure::failed(format!("the audit log is broken: {flaw}")),
        Broken::Store(error) => Failure::failed("the audit log cannot be read").because(error),
    }
}

/// Drawn on a terminal only.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("audit log {wide_bar} {pos}/{len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
