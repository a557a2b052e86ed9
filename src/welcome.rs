//! What a node tells the person who started it.

use std::{net::SocketAddr, path::absolute};

use ihs_config::{LogFormat, Settings};

/// Says where the node listens, where its data is, and what to try next.
pub(crate) fn print(settings: &Settings, place: SocketAddr) {
    let url = format!("http://{place}");
    // Whoever reads objects reads nothing else.
    if settings.log.format == LogFormat::Json {
        let (data, bus) = (data_place(settings), bus_place(settings));
        tracing::info!(%data, %bus, "listening on {url}");
        return;
    }
    eprintln!(
        "IHS {version}, listening on {url}
data: {data}
bus:  {bus}

What to try:
  sign up    curl {url}/api/users/ -d username=ada -d password=ada-likes-tea -d userType=patient
  chat       ihs chat {url} --username ada
  look       curl {url}/api/
README.md has a first conversation; `ihs demo --data-dir ./demo` makes a clinic full of people.
Ctrl-C stops.",
        version = env!("CARGO_PKG_VERSION"),
        data = data_place(settings),
        bus = bus_place(settings),
    );
}

/// Where the data is, without credentials.
pub(crate) fn data_place(settings: &Settings) -> String {
    if settings.store.is_embedded() {
        let folder = &settings.server.data_dir;
        let folder = absolute(folder).unwrap_or_else(|_| folder.clone());
        return format!("embedded store in {}", folder.display());
    }
    format!("MongoDB at {}", hosts(settings.store.url.expose()))
}

/// What carries events between nodes, without credentials.
pub(crate) fn bus_place(settings: &Settings) -> String {
    match settings.bus.redis() {
        Ok(address) => format!("Redis at {address}"),
        Err(_) => "local, for one node".to_owned(),
    }
}

/// The hosts of an address. Whatever stands before the last `@` may be part of a password that
/// was not escaped.
pub(crate) fn hosts(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    place.split(['/', '?']).next().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out() {
        for (url, shown) in [
            ("mongodb://root:hunter2@a:1,b:2/ihs?w=1", "a:1,b:2"),
            ("mongodb://root:hun@t/er2@a/ihs", "a"),
            ("redis://a:6379", "a:6379"),
        ] {
            assert_eq!(hosts(url), shown);
        }
    }
}
