//! `ihs chat`: logs in and hands over to the chat client.

use tokio::runtime;

use crate::{
    chat::{
        account::Account,
        address::Address,
        client::Client,
        input::{self, is_interactive},
    },
    cli::ChatArgs,
    failure::Failure,
    prompt,
};

/// Runs the client until its person leaves or its script ends.
pub(crate) fn run(args: ChatArgs) -> Result<(), Failure> {
    let address: Address = args
        .url
        .parse()
        .map_err(|error| Failure::usage(format!("cannot chat at {}", args.url)).because(error))?;
    let username = prompt::username(args.username)?;
    let password = if args.password_stdin { prompt::first_line()? } else { prompt::password()? };
    // Only the first call counts, and there is no other.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed("cannot start").because(error))?;
    runtime.block_on(async {
        let account = Account::log_in(address, username, password).await?;
        if is_interactive() {
            eprintln!(
                "You are {}. /rooms, /direct USER, /help; Ctrl-D leaves.",
                account.username()
            );
        }
        let (lines, screen) = input::start()?;
        Client::new(account, screen, lines).run().await
    })
}
