//! The connection to the store: one that comes back by itself, to a single server or to a cluster.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{
    Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo, Pipeline, RedisFuture,
    ScriptInvocation, TlsCertificates, Value,
};
use tokio::time::timeout;

use super::availability::Availability;
use crate::store::Unavailable;
use crate::store::options::{StoreError, StoreOptions};

/// The time without any response of the store after which it is away. An operation waits for up to twice
/// this time, so that a request has its response within 2 s.
const TIMEOUT: Duration = Duration::from_millis(900);
/// The time for connecting to the store.
const CONNECTION_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The time after which the client gives up a response, although the store sends others. A busy machine
/// may take long to read them.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time between two attempts to connect.
const MAX_RETRY_DELAY: Duration = Duration::from_millis(200);

/// A connection that all requests share. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Connection {
    link: Link,
    availability: Arc<Availability>,
}

#[derive(Clone)]
enum Link {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects to the store, and returns the client for further connections.
    ///
    /// # Errors
    ///
    /// If the URL is malformed, or the store does not respond or refuses the password.
    pub(super) async fn open(options: &StoreOptions) -> Result<(Self, Client), StoreError> {
        let info = options.url.expose().into_connection_info().map_err(|_| StoreError::Url)?;
        let address = address_of(info.addr()).ok_or(StoreError::Url)?;
        let unavailable =
            |reason: String| StoreError::Unavailable { address: address.clone(), reason };
        let is_encrypted = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        let certificates = is_encrypted
            .then(|| TlsCertificates { client_tls: None, root_cert: options.ca.clone() });
        let client = match &certificates {
            Some(certificates) => Client::build_with_tls(info.clone(), certificates.clone()),
            None => Client::open(info.clone()),
        };
        let client = client.map_err(|error| unavailable(reason(&error)))?;

        let connecting = async {
            let mut single = ConnectionManager::new_with_config(client.clone(), config()).await?;
            if !is_cluster(&mut single).await? {
                return Ok(Link::Single(single));
            }

            let mut cluster = ClusterClientBuilder::new([info])
                .connection_timeout(CONNECTION_TIMEOUT)
                .response_timeout(RESPONSE_TIMEOUT);
            if let Some(certificates) = certificates {
                cluster = cluster.certs(certificates);
            }
            let cluster = cluster.build()?;
            Ok(Link::Cluster(cluster.get_async_connection().await?))
        };
        let link = match timeout(2 * CONNECTION_TIMEOUT, connecting).await {
            Ok(link) => link.map_err(|error: redis::RedisError| unavailable(reason(&error)))?,
            Err(_) => return Err(unavailable("it does not respond".to_owned())),
        };
        let availability = Arc::new(Availability::new(address.clone()));
        Ok((Self { link, availability }, client))
    }

    pub(super) fn availability(&self) -> &Availability {
        &self.availability
    }

    /// Returns the connection for one realm. In a cluster, other realms may be there when this one is away.
    pub(super) fn for_realm(&self) -> Self {
        match &self.link {
            Link::Single(_) => self.clone(),
            Link::Cluster(_) => Self {
                link: self.link.clone(),
                availability: Arc::new(Availability::new(self.availability.address().to_owned())),
            },
        }
    }

    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let mut link = self.link.clone();
        self.finish(script.invoke_async(&mut link)).await
    }

    /// Runs a script also while the store is away, to find out when it is back. The script must write, as
    /// a store may accept reading only.
    pub(super) async fn probe<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let mut link = self.link.clone();
        let value = self.await_response(script.invoke_async(&mut link)).await?;
        self.availability.back();
        Ok(value)
    }

    /// Sends a command.
    pub(super) async fn send<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        let mut link = self.link.clone();
        self.finish(command.query_async(&mut link)).await
    }

    /// Sends several commands in one round trip.
    pub(super) async fn send_all(&self, pipeline: &Pipeline) -> Result<Vec<Value>, Unavailable> {
        let mut link = self.link.clone();
        self.finish(pipeline.query_async(&mut link)).await
    }

    /// Performs an operation, unless the store is known to be away: then nothing is sent that the store
    /// might do later.
    async fn finish<T>(
        &self,
        operation: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Unavailable> {
        match &self.link {
            Link::Single(_) if self.availability.reason().is_some() => Err(Unavailable),
            Link::Single(_) => self.await_response(operation).await,
            // Each realm may be on another node, so each finds out by itself.
            Link::Cluster(_) => {
                let value = self.await_response(operation).await?;
                self.availability.back();
                Ok(value)
            }
        }
    }

    /// Awaits an operation as long as the store responds at all.
    async fn await_response<T>(
        &self,
        operation: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Unavailable> {
        let mut operation = pin!(operation);
        let error = loop {
            match timeout(TIMEOUT, &mut operation).await {
                Ok(Ok(value)) => {
                    self.availability.responded();
                    return Ok(value);
                }
                Ok(Err(error)) => break reason(&error),
                Err(_) if self.availability.has_responded_within(TIMEOUT) => {}
                Err(_) => break "it does not respond".to_owned(),
            }
        };
        self.availability.away(&error);
        Err(Unavailable)
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(link) => link.req_packed_command(cmd),
            Self::Cluster(link) => link.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(link) => link.req_packed_commands(cmd, offset, count),
            Self::Cluster(link) => link.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_max_delay(MAX_RETRY_DELAY)
        .set_number_of_retries(2)
}

/// Whether a server belongs to a cluster.
async fn is_cluster(link: &mut ConnectionManager) -> redis::RedisResult<bool> {
    let info: String = redis::cmd("INFO").arg("cluster").query_async(link).await?;
    Ok(info.contains("cluster_enabled:1"))
}

/// Returns the host and port, as messages show them.
fn address_of(address: &ConnectionAddr) -> Option<String> {
    match address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            let is_ipv6 = host.contains(':');
            Some(if is_ipv6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
        }
        _ => None,
    }
}

/// Returns what a person needs to know of an error. Errors do not contain the password.
fn reason(error: &redis::RedisError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    }
}
