//! The Redis itself: connections that publish, and one that listens.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use deadpool_redis::{BuildError, PoolError, Runtime, cluster, sentinel};
use futures_util::future::try_join_all;
use ihs_config::{BusSettings, Login, RedisAddress, RedisKind};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo as _, Pipeline, ProtocolVersion, RedisConnectionInfo, RedisError,
    RedisResult, Value,
    cluster::ClusterClientBuilder,
    io::tcp::TcpSettings,
    sentinel::{SentinelClient, SentinelServerType},
};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use super::line::{Ear, Mouth};

/// Payloads by channel, in order, for each lane.
pub(super) type Load = BTreeMap<usize, Vec<(Arc<str>, Vec<u8>)>>;

/// Why something could not be done with Redis.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It refused, or cannot be reached.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// There is no connection to publish with.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// There is nothing to take connections from.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Nothing came in time.
    #[error("Redis does not answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// The connection that listens has ended.
    #[error("Redis has closed the connection that listens")]
    Closed,
    /// A node of the cluster does not send a channel any more.
    #[error("the cluster has moved a channel to another node")]
    Moved,
    /// It was demoted, or never was a master.
    #[error("this Redis is a replica: what is published on it does not reach others")]
    Replica,
    /// Nothing arrives over a connection that seems to be open.
    #[error("what is published does not arrive")]
    Silent,
}

/// One Redis, a cluster, or the master that sentinels name.
pub(super) struct Server {
    kind: Kind,
    /// Longest wait for an answer.
    patience: Duration,
    /// Longest wait for a connection: several hosts may have to be tried.
    opening: Duration,
}

enum Kind {
    Single { client: Client, pool: deadpool_redis::Pool },
    Cluster { hosts: Vec<ConnectionInfo>, pool: cluster::Pool },
    Sentinel { client: Mutex<SentinelClient>, pool: sentinel::Pool },
}

impl Server {
    /// Prepares connections; none is made yet.
    pub(super) fn new(address: &RedisAddress, settings: &BusSettings) -> Result<Self, Trouble> {
        let patience = Duration::from_millis(settings.timeout_ms);
        let hosts = u32::try_from(address.hosts.len()).unwrap_or(u32::MAX);
        let opening = patience.saturating_mul(hosts.saturating_add(1));
        let kind = match &address.kind {
            RedisKind::Single => single(address, settings, patience, opening)?,
            RedisKind::Cluster => cluster(address, settings)?,
            RedisKind::Sentinel { master, login } => sentinel(address, settings, master, login)?,
        };
        Ok(Self { kind, patience, opening })
    }

    /// Whether channels are sharded.
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster { .. })
    }

    /// Longest wait for an answer.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// Publishes what each lane has, in one pipeline each.
    pub(super) async fn publish(&self, load: Load) -> Result<(), Trouble> {
        let command = if self.is_cluster() { "SPUBLISH" } else { "PUBLISH" };
        let lanes = load.into_values().map(|lane| {
            let mut pipeline = Pipeline::with_capacity(lane.len());
            for (channel, payload) in lane {
                pipeline.cmd(command).arg(&*channel).arg(payload).ignore();
            }
            self.send::<()>(pipeline)
        });
        try_join_all(lanes).await.map(|_| ())
    }

    /// Whether what is published does not reach those who listen to the master. A cluster says so
    /// itself, and who may not ask does not know.
    pub(super) async fn is_replica(&self) -> bool {
        let mut pipeline = Pipeline::new();
        pipeline.cmd("ROLE");
        match self.send::<(Vec<Value>,)>(pipeline).await {
            Ok((role,)) => role.first() == Some(&Value::BulkString(b"slave".to_vec())),
            Err(_) => false,
        }
    }

    async fn send<T: FromRedisValue>(&self, pipeline: Pipeline) -> Result<T, Trouble> {
        match &self.kind {
            Kind::Single { pool, .. } => {
                let mut connection = Box::pin(self.within(self.opening, pool.get())).await?;
                self.within(self.patience, pipeline.query_async(&mut connection)).await
            }
            Kind::Cluster { pool, .. } => {
                let mut connection = Box::pin(self.within(self.opening, pool.get())).await?;
                self.within(self.patience, pipeline.query_async(&mut connection)).await
            }
            Kind::Sentinel { pool, .. } => {
                let mut connection = Box::pin(self.within(self.opening, pool.get())).await?;
                self.within(self.patience, pipeline.query_async(&mut connection)).await
            }
        }
    }

    /// Makes the connection that listens.
    pub(super) async fn listen(&self) -> Result<(Mouth, Ear), Trouble> {
        let client = match &self.kind {
            Kind::Single { client, .. } => client.clone(),
            Kind::Sentinel { client, .. } => {
                let mut client = client.lock().await;
                self.within(self.opening, client.async_get_client()).await?
            }
            Kind::Cluster { hosts, .. } => return self.listen_to_cluster(hosts.clone()).await,
        };
        let (sink, stream) = self.within(self.opening, client.get_async_pubsub()).await?.split();
        Ok((Mouth::Single(sink), Ear::Single(stream)))
    }

    async fn listen_to_cluster(&self, hosts: Vec<ConnectionInfo>) -> Result<(Mouth, Ear), Trouble> {
        let (pushes, heard) = mpsc::unbounded_channel();
        let client = ClusterClientBuilder::new(hosts)
            .connection_timeout(self.patience)
            .response_timeout(self.patience)
            .push_sender(pushes)
            .build()?;
        let connection = self.within(self.opening, client.get_async_connection()).await?;
        Ok((Mouth::Cluster(Box::new(connection)), Ear::Cluster(heard)))
    }

    /// Forgets the connections that publish: they may lead to where nobody listens any more.
    pub(super) fn forget_connections(&self) {
        match &self.kind {
            Kind::Single { pool, .. } => drop(pool.retain(|_, _| false)),
            Kind::Cluster { pool, .. } => drop(pool.retain(|_, _| false)),
            Kind::Sentinel { pool, .. } => drop(pool.retain(|_, _| false)),
        }
    }

    async fn within<T, E: Into<Trouble>>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Trouble> {
        let answer = timeout(limit, work).await.map_err(|_| Trouble::Late(limit))?;
        answer.map_err(Into::into)
    }
}

fn single(
    address: &RedisAddress,
    settings: &BusSettings,
    patience: Duration,
    opening: Duration,
) -> Result<Kind, Trouble> {
    let info = infos(address, &login(address))?.remove(0);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(opening))
        .set_response_timeout(Some(patience));
    let manager = deadpool_redis::Manager::new_with_config(info.clone(), config)?;
    let pool = deadpool_redis::Pool::builder(manager).max_size(settings.connections);
    let pool = pool.runtime(Runtime::Tokio1).build()?;
    Ok(Kind::Single { client: Client::open(info)?, pool })
}

fn cluster(address: &RedisAddress, settings: &BusSettings) -> Result<Kind, Trouble> {
    let manager = cluster::Manager::new(infos(address, &login(address))?, false)?;
    let pool = cluster::Pool::builder(manager).max_size(settings.connections);
    let pool = pool.runtime(Runtime::Tokio1).build()?;
    // Only with this protocol the connection that listens can do more than listen.
    let hosts = infos(address, &login(address).set_protocol(ProtocolVersion::RESP3))?;
    Ok(Kind::Cluster { hosts, pool })
}

fn sentinel(
    address: &RedisAddress,
    settings: &BusSettings,
    master: &str,
    asked: &Login,
) -> Result<Kind, Trouble> {
    let sentinels = infos(address, &credentials(asked))?;
    let node = sentinel::SentinelNodeConnectionInfo {
        tls_mode: address.tls.then_some(sentinel::TlsMode::Secure),
        redis_connection_info: Some(login(address).into()),
    };
    let manager = sentinel::Manager::new(
        sentinels.clone(),
        master.to_owned(),
        Some(node.clone()),
        sentinel::SentinelServerType::Master,
    )?;
    let pool = sentinel::Pool::builder(manager).max_size(settings.connections);
    let pool = pool.runtime(Runtime::Tokio1).build()?;
    let (node, kind) = (Some(node.into()), SentinelServerType::Master);
    let client = Mutex::new(SentinelClient::build(sentinels, master, node, kind)?);
    Ok(Kind::Sentinel { client, pool })
}

fn login(address: &RedisAddress) -> RedisConnectionInfo {
    credentials(&address.login).set_db(address.database)
}

fn credentials(login: &Login) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default();
    if let Some(username) = &login.username {
        info = info.set_username(username);
    }
    if let Some(password) = &login.password {
        info = info.set_password(password.expose());
    }
    info
}

fn infos(address: &RedisAddress, login: &RedisConnectionInfo) -> RedisResult<Vec<ConnectionInfo>> {
    let info = |(host, port): &(String, u16)| {
        let (host, port) = (host.clone(), *port);
        let place = if address.tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = place.into_connection_info()?;
        let tcp = TcpSettings::default().set_nodelay(true);
        Ok(info.set_redis_settings(login.clone()).set_tcp_settings(tcp))
    };
    address.hosts.iter().map(info).collect()
}
