//! Section `server`: where the node listens and keeps its files.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::fault::Faults;

/// How strict the start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Keys are made as needed.
    Development,
    /// A weak or missing key refuses to start.
    Production,
}

/// Section `server`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder of the embedded store and of generated keys.
    pub data_dir: PathBuf,
    /// How strict the start is.
    pub profile: Profile,
    /// Threads that serve connections; 0 means one per core.
    pub workers: usize,
    /// Connections that may wait to be accepted, for each listening socket.
    pub backlog: u32,
    /// Whether a proxy stands in front, whose `Forwarded` and `X-Forwarded-*` headers say how
    /// clients reach the node. Anybody could send them otherwise.
    pub behind_proxy: bool,
    /// Origins of web pages, besides the node's own, that may open sockets: `https://host:port`, or
    /// `*` for all.
    pub origins: Vec<String>,
    /// How long a stopping node takes to send its sockets elsewhere, in seconds.
    pub drain_seconds: u64,
    /// How long a stopping node waits for requests and appends in flight, in seconds.
    pub shutdown_seconds: u64,
}

impl ServerSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>) {
        if self.data_dir.as_os_str().is_empty() {
            faults.add("server.data_dir", "must name a folder");
        }
        let is_origin = |origin: &String| origin == "*" || origin.contains("://");
        if !self.origins.iter().all(is_origin) {
            faults.add("server.origins", "must hold origins such as https://host:port, or *");
        }
        faults.within("server.workers", self.workers, 0, 1_024);
        faults.within("server.backlog", self.backlog, 1, 65_535);
        faults.within("server.drain_seconds", self.drain_seconds, 0, 3_600);
        faults.within("server.shutdown_seconds", self.shutdown_seconds, 0, 3_600);
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            data_dir: PathBuf::from("./data"),
            profile: Profile::Development,
            workers: 0,
            backlog: 2_048,
            behind_proxy: false,
            origins: Vec::new(),
            drain_seconds: 5,
            shutdown_seconds: 20,
        }
    }
}
