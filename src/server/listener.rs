//! What the connections of a listener share.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use axum::Router;
use tokio::sync::mpsc;

use super::connections::Connections;
use crate::http::App;
use crate::realm::Realm;

/// What a listener serves.
#[derive(Clone)]
pub(super) struct ListenerContext {
    pub(super) app: Arc<App>,
    pub(super) router: Arc<Router>,
    /// The realm of the port. `None` for the server's own ports, which serve all realms.
    pub(super) realm: Option<Weak<Realm>>,
    pub(super) protocol: Protocol,
    /// The open connections of all listeners.
    pub(super) connections: Arc<Connections>,
    /// Dropped when everything has been served.
    pub(super) done: mpsc::Sender<Infallible>,
}

/// What a listener speaks and serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Https,
    /// HTTPS that requests no client certificate, and serves the consent pages and the console only.
    Portal,
}

impl Protocol {
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https | Self::Portal => "https",
        }
    }
}

impl ListenerContext {
    /// Returns when the server is shutting down and it is too late to start a request.
    pub(super) async fn last_call(&self) {
        self.app.stopping().await;
        tokio::time::sleep(self.app.limits.limits().last_call).await;
    }
}
