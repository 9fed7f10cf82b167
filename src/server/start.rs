//! Starts a server: its listeners, its routes, and the tasks that accept connections.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::accept::accept;
use super::builder::Builder;
use super::connections::Connections;
use super::file_watcher::{self, FileWatcher};
use super::interfaces::{Interfaces, ListenError};
use super::listener::{ListenerContext, Protocol};
use super::listeners::Listeners;
use super::local_url::local_url;
use super::mock_auth_server::MockAuthServer;
use super::port::check_sockets_left;
use super::realm_handle::RealmHandle;
#[cfg(feature = "redis")]
use super::replication;
use super::runtime;
use crate::http::{App, Options, PortOpener, router};
use crate::limits::LimitMonitor;
use crate::realm::{OwnPorts, RealmSeed};
#[cfg(feature = "redis")]
use crate::store::options::StoreError;
use crate::tls::{Tls, TlsError};
use crate::token::{SigningKey, warm_up};
use crate::units::canonical_host;

/// The reason why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server cannot listen on an address: it is in use, for example.
    #[error("cannot listen on {address}: {source}")]
    #[non_exhaustive]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The server cannot serve HTTPS: a certificate is invalid, for example.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The settings enable neither HTTP nor HTTPS.
    #[error("neither HTTP nor HTTPS is enabled")]
    NothingToServe,
    /// The shared store cannot be used.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system does not provide the threads.
    #[error("cannot start threads: {0}")]
    Threads(#[source] io::Error),
}

impl Builder {
    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If an address cannot be listened on, or a certificate cannot be loaded or stored.
    pub async fn start(self) -> Result<MockAuthServer, StartError> {
        warm_up::start();
        let runtime = runtime::runtime().map_err(StartError::Threads)?;
        let key = self.key.unwrap_or_else(SigningKey::development);
        let seed = RealmSeed::new(self.fixtures, self.journal_size);
        #[cfg(feature = "redis")]
        let realms = replication::realms(&runtime, self.store, seed, &key).await?;
        #[cfg(not(feature = "redis"))]
        let realms = crate::realm::RealmMap::new(seed);

        let _on_runtime = runtime.enter();
        let needs_tls = self.tls_listen.is_some() || self.portal_listen.is_some();
        let tls = needs_tls.then(|| Tls::new(self.tls)).transpose()?;
        let listeners =
            Listeners::listen(&self.listen, self.tls_listen.as_ref(), self.portal_listen.as_ref())?;
        let (http, https) = (listeners.first(Protocol::Http), listeners.first(Protocol::Https));
        let (scheme, address) = match (https, http) {
            (Some(address), _) => ("https", address),
            (None, Some(address)) => ("http", address),
            (None, None) => return Err(StartError::NothingToServe),
        };

        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(App {
            realms,
            key,
            options: Options {
                http,
                https,
                portal: listeners.first(Protocol::Portal),
                public_url: self.public_url,
                trust_forwarded: self.trust_forwarded,
                control: self.control,
                control_hosts: control_hosts(self.control_hosts),
            },
            limits: LimitMonitor::new(self.limits),
            tls,
            ports: OnceLock::new(),
            stop: stopped,
        });
        let router = Arc::new(router(Arc::clone(&app)));

        // Each listener holds a sender. When all are dropped, every request has been served.
        let (done, all_done) = mpsc::channel(1);
        let context = ListenerContext {
            app: Arc::clone(&app),
            router: Arc::clone(&router),
            realm: None,
            protocol: Protocol::Http,
            connections: Connections::new(app.limits.limits().connections),
            done,
        };
        // Nothing else sets it.
        let _ = app.ports.set(port_opener(&listeners, &context, runtime.clone()));

        let urls = listeners.urls();
        let mut accepting = Vec::new();
        for (protocol, (listener, address)) in listeners.0 {
            let context = ListenerContext { protocol, ..context.clone() };
            let task = runtime.spawn(accept(listener, address, context));
            accepting.push(task.abort_handle());
        }
        watch_files(&runtime, &app, self.watched, self.watch_certificate);
        #[cfg(feature = "redis")]
        runtime.spawn(replication::run(Arc::downgrade(&app)));

        let realm = Arc::clone(app.realms.default_realm());
        let default = RealmHandle { app, realm, base_url: local_url(scheme, address) };
        Ok(MockAuthServer { default, address, urls, router, stop, accepting, all_done })
    }
}

/// Returns the names by which browsers may use the control API: these and that of the machine.
fn control_hosts(mut names: Vec<String>) -> Vec<String> {
    names.extend(gethostname::gethostname().into_string());
    names.iter().map(|name| canonical_host(name)).collect()
}

impl From<ListenError> for StartError {
    fn from(ListenError { address, source }: ListenError) -> Self {
        Self::Listen { address, source }
    }
}

/// Reloads fixtures and the user's own certificate when their files change, where that is set.
fn watch_files(
    runtime: &Handle,
    app: &Arc<App>,
    fixtures: Option<FileWatcher>,
    watch_certificate: bool,
) {
    if let Some(fixtures) = fixtures {
        runtime.spawn(fixtures.run(Arc::downgrade(app), file_watcher::reload_fixtures));
    }

    let files = app.tls.as_ref().filter(|_| watch_certificate).and_then(Tls::certificate_files);
    if let Some(files) = files {
        let certificate = FileWatcher::new(&files);
        runtime.spawn(certificate.run(Arc::downgrade(app), file_watcher::reload_certificate));
    }
}

/// Returns the function that opens a realm's own ports, on the server's own interfaces.
fn port_opener(listeners: &Listeners, context: &ListenerContext, runtime: Handle) -> PortOpener {
    let interfaces = [Protocol::Http, Protocol::Https]
        .map(|protocol| (protocol, Interfaces::with_any_port(&listeners.addresses(protocol))));
    // The app holds the function, so the function must not hold the app, nor the router, which
    // does.
    let (app, router) = (Arc::downgrade(&context.app), Arc::downgrade(&context.router));
    let (connections, done) = (Arc::clone(&context.connections), context.done.downgrade());

    PortOpener(Box::new(move |realm| {
        let stopped = || io::Error::from(io::ErrorKind::NotConnected);
        let context = ListenerContext {
            app: app.upgrade().ok_or_else(stopped)?,
            router: router.upgrade().ok_or_else(stopped)?,
            realm: Some(Weak::clone(realm)),
            protocol: Protocol::Http,
            connections: Arc::clone(&connections),
            done: done.upgrade().ok_or_else(stopped)?,
        };
        let _on_runtime = runtime.enter();

        let mut ports = OwnPorts { http: None, https: None, accepting: Vec::new() };
        for (protocol, interfaces) in &interfaces {
            let Some(interfaces) = interfaces else { continue };
            let is_http = *protocol == Protocol::Http;
            let own_port = if is_http { &mut ports.http } else { &mut ports.https };

            for (listener, address) in interfaces.listen().map_err(|error| error.source)? {
                own_port.get_or_insert(address);
                let context = ListenerContext { protocol: *protocol, ..context.clone() };
                let task = runtime.spawn(accept(listener, address, context));
                ports.accepting.push(task.abort_handle());
            }
        }
        // Dropping the ports closes them.
        check_sockets_left()?;
        Ok(ports)
    }))
}
