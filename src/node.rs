//! What the commands that touch data have in common.

use std::sync::Arc;

use actix_web::rt::System;
use ihs_actors::LocalBus;
use ihs_api::Ctx;
use ihs_config::{Overrides, Settings};

use crate::{failure::Failure, server, telemetry, welcome};

/// Loads and checks the settings, and starts the log.
pub(crate) fn settings(overrides: &Overrides) -> Result<Settings, Failure> {
    let settings = load(overrides)?;
    telemetry::start(&settings.log)?;
    Ok(settings)
}

/// Loads and checks the settings.
pub(crate) fn load(overrides: &Overrides) -> Result<Settings, Failure> {
    let settings = Settings::load(overrides)?;
    let names: Vec<&str> = ihs_api::resources().map(ihs_api::Resource::name).collect();
    let chosen = &settings.api.plugins;
    match chosen.iter().find(|name| !names.contains(&name.as_str())) {
        Some(unknown) => Err(Failure::usage(format!(
            "the settings cannot be used: api.plugins: there is no {unknown}; there are {}",
            names.join(", ")
        ))),
        None => Ok(settings),
    }
}

/// A folder that is named wrongly would be an empty store.
pub(crate) fn refuse_what_is_not_there(settings: &Settings) -> Result<(), Failure> {
    if settings.store.is_embedded() && !settings.server.data_dir.exists() {
        let place = welcome::data_place(settings);
        return Err(Failure::failed(format!("there is no {place}: name it with --data-dir")));
    }
    Ok(())
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
                Ok(ctx) => {
                    let done = work(ctx.clone()).await;
                    ctx.settle().await;
                    done
                }
                Err(failure) => Err(failure),
            };
        store.close().await;
        done
    })
}
