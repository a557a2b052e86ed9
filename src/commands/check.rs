//! `ihs check`: whether the settings are good and everything they name can be reached.

use std::{
    fs, io,
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use actix_web::rt::System;
use ihs_actors::RedisBus;
use ihs_config::{Profile, Settings};

use crate::{cli::ServeArgs, failure::Failure, node, server, welcome};

/// Prints what was found.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.overrides())?;
    println!("settings  good, for {}", profile(&settings));
    println!("listen    {}", listen(&settings)?);
    println!("store     {}", store(&settings)?);
    println!("bus       {}", bus(&settings)?);
    Ok(())
}

const fn profile(settings: &Settings) -> &'static str {
    match settings.server.profile {
        Profile::Development => "development",
        Profile::Production => "production",
    }
}

/// A port in use is told, and no fault: it may be the node that is checked.
fn listen(settings: &Settings) -> Result<String, Failure> {
    let place = settings.server.listen;
    match TcpListener::bind(place) {
        Ok(_) => Ok(format!("{place} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Ok(format!("{place} is in use just now"))
        }
        Err(error) => Err(Failure::failed(format!("cannot listen on {place}")).because(error)),
    }
}

/// Opens the store and asks it. A data folder that is not there is not made.
fn store(settings: &Settings) -> Result<String, Failure> {
    let place = welcome::data_place(settings);
    if settings.store.is_embedded() && !settings.server.data_dir.exists() {
        may_make(&settings.server.data_dir)?;
        return Ok(format!("{place}: not there yet, the first start makes it"));
    }
    System::new().block_on(async {
        let store = server::open_store(settings).await?;
        let begin = Instant::now();
        let answer = store.ping().await;
        let millis = begin.elapsed().as_millis();
        store.close().await;
        answer.map_err(|error| {
            Failure::failed(format!("the store does not answer: {place}")).because(error)
        })?;
        Ok(format!("{place}: answers in {millis} ms"))
    })
}

/// Whether a folder could be made: tries it, under another name, where the first one is missing.
fn may_make(folder: &Path) -> Result<(), Failure> {
    let there = folder.ancestors().skip(1).find(|ancestor| ancestor.exists());
    let there = there.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let trial = there.join(format!(".ihs-check-{}", std::process::id()));
    fs::create_dir(&trial).and_then(|()| fs::remove_dir(&trial)).map_err(|error| {
        Failure::failed(format!("{} cannot be made", folder.display())).because(error)
    })
}

/// Waits for what is published to arrive.
fn bus(settings: &Settings) -> Result<String, Failure> {
    let place = welcome::bus_place(settings);
    if settings.bus.is_local() {
        return Ok(place);
    }
    System::new().block_on(async {
        let begin = Instant::now();
        let bus = RedisBus::start(&settings.bus).map_err(server::no_bus)?;
        let limit =
            Duration::from_millis(settings.bus.timeout_ms.saturating_add(settings.bus.away_ms));
        bus.up_within(limit).await.map_err(|error| {
            Failure::failed(format!("the bus does not answer: {place}")).because(error)
        })?;
        Ok(format!("{place}: delivers within {} ms", begin.elapsed().as_millis()))
    })
}
