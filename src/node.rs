//! What the commands that touch data have in common.

use actix_web::rt::System;
use ihs_api::Ctx;
use ihs_config::Settings;

use crate::{cli::NodeArgs, failure::Failure, server, telemetry};

/// Loads and checks the settings, and starts the log.
pub(crate) fn settings(args: NodeArgs) -> Result<Settings, Failure> {
    let settings = Settings::load(&args.overrides())?;
    check(&settings)?;
    telemetry::start(&settings.log)?;
    Ok(settings)
}

/// Checks what this build can do with the settings.
pub(crate) fn check(settings: &Settings) -> Result<(), Failure> {
    if settings.bus.is_local() {
        return Ok(());
    }
    Err(Failure::usage("bus.url: this build has only the `local` bus, which serves one node"))
}

/// Does something with a node's parts over its store, which is open for that time.
pub(crate) fn with<T>(
    settings: Settings,
    work: impl AsyncFnOnce(Ctx) -> Result<T, Failure>,
) -> Result<T, Failure> {
    System::new().block_on(async {
        let store = server::open_store(&settings).await?;
        let done = match server::compose(settings, store.clone()).await {
            Ok(ctx) => work(ctx).await,
            Err(failure) => Err(failure),
        };
        store.close().await;
        done
    })
}
