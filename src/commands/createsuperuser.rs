//! `ihs createsuperuser`: a user who may do everything.

use ihs_api::create_superuser;

use crate::{cli::SuperuserArgs, failure::Failure, node, prompt, transfer::target, welcome};

/// Asks for what was not given, and makes the user.
pub(crate) fn run(args: SuperuserArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.node.overrides())?;
    let username = prompt::username(args.username)?;
    let password =
        if args.password_stdin { prompt::first_line()? } else { prompt::new_password()? };
    let place = welcome::data_place(&settings);
    node::with(settings, async |ctx| {
        target::refuse_half(&*ctx.store).await?;
        create_superuser(&ctx, &username, &args.email, &password)
            .await
            .map_err(|error| Failure::failed("the user cannot be made").because(error))
    })?;
    eprintln!("{username} is a superuser now: {place}");
    Ok(())
}
