//! Addresses of a Redis: one server, a cluster, or a master that sentinels watch.
//!
//! ```text
//! redis://[user:password@]host[:6379][/database]
//! redis+cluster://[user:password@]host[:6379],host…
//! redis+sentinel://[user:password@]host[:26379],host…/master[/database]
//! ```
//!
//! `rediss` instead of `redis` is TLS. User and password may be percent-encoded. Sentinels that ask
//! for a password of their own get it from `?sentinel_password=…` (and `&sentinel_username=…`).

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::secret::Secret;

/// Port of a Redis server.
const REDIS: u16 = 6_379;

/// Port of a sentinel.
const SENTINEL: u16 = 26_379;

/// A user's name and password; both may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The user; without one, the server's default user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
}

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisKind {
    /// One server.
    Single,
    /// A Redis Cluster: some of its nodes are named.
    Cluster,
    /// Sentinels that know where the master is.
    Sentinel {
        /// Its name.
        master: String,
        /// Who we are to the sentinels.
        login: Login,
    },
}

/// Where a Redis is, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisAddress {
    /// What stands there.
    pub kind: RedisKind,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Hosts and ports; at least one.
    pub hosts: Vec<(String, u16)>,
    /// Who we are.
    pub login: Login,
    /// Number of the database.
    pub database: i64,
}

/// Why a text is not the address of a Redis. It does not repeat the text, which may hold a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another scheme, or none.
    #[error(
        "must be `local`, or a redis://, redis+cluster:// or redis+sentinel:// address \
         (rediss for TLS)"
    )]
    Scheme,
    /// No host, or something that is none.
    #[error("must name a host, or hosts with commas between them, each with a port if need be")]
    Hosts,
    /// More than one host where there can be one only.
    #[error("names several hosts: redis+cluster:// or redis+sentinel:// is for that")]
    ManyHosts,
    /// The path is not what belongs there.
    #[error("must end in nothing or in the number of a database")]
    Database,
    /// A cluster has one database.
    #[error("must not name a database: a cluster has only one")]
    ClusterDatabase,
    /// No name of a master.
    #[error("must name the master that the sentinels watch: redis+sentinel://host/master")]
    Master,
    /// Something behind a question mark that is not known.
    #[error("has a parameter that is not known; there are sentinel_username, sentinel_password")]
    Parameter,
    /// User or password.
    #[error("has a user or password that is not UTF-8 once decoded")]
    Login,
}

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::Scheme)?;
        let (tls, family) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis", family) => (false, family),
            ("rediss", family) => (true, family),
            _ => return Err(AddressError::Scheme),
        };
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Login::parse(login)?, place),
            None => (Login::default(), rest),
        };
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        let found = |kind, hosts, database| Self { kind, tls, hosts, login, database };
        match family {
            "" => single(hosts, path, query).map(|(hosts, db)| found(RedisKind::Single, hosts, db)),
            "cluster" => {
                cluster(hosts, path, query).map(|hosts| found(RedisKind::Cluster, hosts, 0))
            }
            "sentinel" => {
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(AddressError::Master);
                }
                let kind = RedisKind::Sentinel { master: master.to_owned(), login: asked(query)? };
                Ok(found(kind, all(hosts, SENTINEL)?, number(database)?))
            }
            _ => Err(AddressError::Scheme),
        }
    }
}

impl fmt::Display for RedisAddress {
    /// The hosts, without credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(formatter, "{comma}{host}:{port}")?;
        }
        match &self.kind {
            RedisKind::Single => Ok(()),
            RedisKind::Cluster => formatter.write_str(" (cluster)"),
            RedisKind::Sentinel { master, .. } => write!(formatter, " (sentinels of {master})"),
        }
    }
}

impl Login {
    /// `user:password`, `:password` or `user`.
    fn parse(text: &str) -> Result<Self, AddressError> {
        let (username, password) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { username: decoded(username)?, password: decoded(password)?.map(Secret::new) })
    }
}

type Hosts = Vec<(String, u16)>;

fn single(hosts: &str, path: &str, query: &str) -> Result<(Hosts, i64), AddressError> {
    let hosts = all(hosts, REDIS)?;
    match (hosts.len(), query) {
        (1, "") => Ok((hosts, number(path)?)),
        (1, _) => Err(AddressError::Parameter),
        _ => Err(AddressError::ManyHosts),
    }
}

fn cluster(hosts: &str, path: &str, query: &str) -> Result<Hosts, AddressError> {
    match (path, query) {
        ("" | "0", "") => all(hosts, REDIS),
        (_, "") => Err(AddressError::ClusterDatabase),
        _ => Err(AddressError::Parameter),
    }
}

/// Who we are to the sentinels.
fn asked(query: &str) -> Result<Login, AddressError> {
    let mut login = Login::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sentinel_username", name)) => login.username = decoded(name)?,
            Some(("sentinel_password", word)) => login.password = decoded(word)?.map(Secret::new),
            _ => return Err(AddressError::Parameter),
        }
    }
    Ok(login)
}

fn all(hosts: &str, port: u16) -> Result<Hosts, AddressError> {
    hosts.split(',').map(|host| one(host, port).ok_or(AddressError::Hosts)).collect()
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
fn one(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let named = text.starts_with('[') || !host.contains(':');
    let port = if port.is_empty() { default } else { port.parse().ok()? };
    let plain = !host.is_empty() && !host.contains(|letter: char| letter.is_whitespace());
    (named && plain).then(|| (host.to_owned(), port))
}

fn number(database: &str) -> Result<i64, AddressError> {
    if database.is_empty() {
        return Ok(0);
    }
    database.parse::<u16>().map(i64::from).map_err(|_| AddressError::Database)
}

/// `None` for an empty text.
fn decoded(text: &str) -> Result<Option<String>, AddressError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| AddressError::Login)?;
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(address: &str) -> Hosts {
        RedisAddress::parse(address).unwrap().hosts
    }

    #[test]
    fn one_server_may_have_login_port_and_database() {
        let address = RedisAddress::parse("rediss://ada:s%40cr%2Fet@cache:7000/3").unwrap();
        assert_eq!(address.kind, RedisKind::Single);
        assert!(address.tls);
        assert_eq!(address.hosts, [("cache".to_owned(), 7_000)]);
        assert_eq!(address.login.username.as_deref(), Some("ada"));
        assert_eq!(address.login.password, Some(Secret::new("s@cr/et".to_owned())));
        assert_eq!(address.database, 3);
    }

    #[test]
    fn the_port_is_the_usual_one_unless_it_is_named() {
        assert_eq!(hosts("redis://a"), [("a".to_owned(), 6_379)]);
        assert_eq!(hosts("redis://[::1]:7"), [("::1".to_owned(), 7)]);
        assert_eq!(hosts("redis://[::1]/"), [("::1".to_owned(), 6_379)]);
        assert_eq!(hosts("redis+sentinel://a/m"), [("a".to_owned(), 26_379)]);
        let two = [("a".to_owned(), 1), ("b".to_owned(), 6_379)];
        assert_eq!(hosts("redis+cluster://a:1,b"), two);
    }

    #[test]
    fn sentinels_may_ask_for_a_password_of_their_own() {
        let url = "redis+sentinel://:one@a,b:2/main/1?sentinel_username=u&sentinel_password=two";
        let address = RedisAddress::parse(url).unwrap();
        let login =
            Login { username: Some("u".to_owned()), password: Some(Secret::new("two".to_owned())) };
        assert_eq!(address.kind, RedisKind::Sentinel { master: "main".to_owned(), login });
        assert_eq!(address.login.password, Some(Secret::new("one".to_owned())));
        assert_eq!(address.database, 1);
    }

    #[test]
    fn what_is_no_address_is_refused_for_its_reason() {
        for (url, error) in [
            ("", AddressError::Scheme),
            ("cache:6379", AddressError::Scheme),
            ("http://cache", AddressError::Scheme),
            ("redis+ring://cache", AddressError::Scheme),
            ("redis://", AddressError::Hosts),
            ("redis://cache:port", AddressError::Hosts),
            ("redis://ca che", AddressError::Hosts),
            ("redis://[::1", AddressError::Hosts),
            ("redis://::1", AddressError::Hosts),
            ("redis+cluster://a,,b", AddressError::Hosts),
            ("redis://a,b", AddressError::ManyHosts),
            ("redis://a/first", AddressError::Database),
            ("redis://a?db=1", AddressError::Parameter),
            ("redis+cluster://a/2", AddressError::ClusterDatabase),
            ("redis+sentinel://a", AddressError::Master),
            ("redis+sentinel://a/m?password=x", AddressError::Parameter),
            ("redis://%ff:x@a", AddressError::Login),
        ] {
            assert_eq!(RedisAddress::parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn what_is_shown_has_no_password() {
        for url in [
            "redis://root:hunter2@a:1/3",
            "redis://root:hun@ter2@a:1/3",
            "redis+sentinel://:hunter2@a:1,b/m?sentinel_password=hunter2",
        ] {
            let address = RedisAddress::parse(url).unwrap();
            for shown in [address.to_string(), format!("{address:?}")] {
                assert!(!shown.contains("ter2"), "{shown}");
                assert!(shown.contains('a'), "{shown}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(url in "\\PC*", rest in "[a-z0-9:@/?,\\[\\]%=&+]*") {
            let _ = RedisAddress::parse(&url);
            for scheme in ["redis", "rediss", "redis+cluster", "redis+sentinel"] {
                if let Ok(address) = RedisAddress::parse(&format!("{scheme}://{rest}")) {
                    prop_assert!(!address.hosts.is_empty());
                }
            }
        }
    }
}
