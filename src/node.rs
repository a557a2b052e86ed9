//! What the commands that touch data have in common.

use std::sync::Arc;

use actix_web::rt::System;
use ihs_actors::LocalBus;
use ihs_api::Ctx;
use ihs_config::{Overrides, Settings};

use crate::{failure::Failure, server, telemetry};

/// Loads and checks the settings, and starts the log.
pub(crate) fn settings(overrides: &Overrides) -> Result<Settings, Failure> {
    let settings = Settings::load(overrides)?;
    telemetry::start(&settings.log)?;
    Ok(settings)
}

/// Does something with a node's parts over its store, which is open for that time. What is done so
/// concerns no room that is open somewhere, and so needs no bus to other nodes.
pub(crate) fn with<T>(
    settings: Settings,
    work: impl AsyncFnOnce(Ctx) -> Result<T, Failure>,
) -> Result<T, Failure> {
    System::new().block_on(async {
        let store = server::open_store(&settings).await?;
        let done =
            match server::compose(settings, store.clone(), Arc::new(LocalBus::default())).await {
                Ok(ctx) => work(ctx).await,
                Err(failure) => Err(failure),
            };
        store.close().await;
        done
    })
}
