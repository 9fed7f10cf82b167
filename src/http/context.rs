//! The context of a request: its realm, the fixtures in force, and its connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};

use super::app::{App, Connection};
use super::host::{direct_host, is_host_and_port, without_port};
use super::realm_lookup::{FoundBy, UnknownRealm, find_realm, is_control_path};
#[cfg(feature = "redis")]
use super::shared_state::SharedState;
use crate::journal::RequestRecorder;
use crate::oauth::{Refusal, Row};
use crate::realm::{Realm, Registry};
use crate::scenario::{Endpoint, Outcome, RequestView};

/// What every handler knows of its request. It is resolved once and passed on.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(super) app: Arc<App>,
    pub(crate) realm: Arc<Realm>,
    /// The fixtures in force when the request arrived.
    pub(super) registry: Arc<Registry>,
    /// What led to the realm, which its URLs must repeat.
    pub(super) found_by: FoundBy,
    pub(super) connection: Connection,
    pub(super) method: Method,
    /// The URI of the request, with the path within the realm.
    pub(super) uri: Uri,
    /// The scheme as the client sees it.
    pub(super) scheme: &'static str,
    /// The host and port as the client sees them, if the request named any.
    pub(super) host: Option<String>,
    /// The path that a proxy removes, without a slash at the end.
    pub(super) prefix: String,
    /// Whether the request is for the control API.
    pub(super) is_control: bool,
    /// Collects what the journal records of the request.
    pub(super) recorder: RequestRecorder,
    /// What happens to the request in a shared store.
    #[cfg(feature = "redis")]
    pub(super) shared: Option<Arc<SharedState>>,
}

impl RequestContext {
    /// Resolves the context of a request. If its path names the realm, that part is removed from
    /// it. If the realm does not exist, this is returned with the context of the default realm.
    pub(super) fn resolve(
        app: &Arc<App>,
        connection: Connection,
        request: &mut Request,
    ) -> (Self, Option<UnknownRealm>) {
        let scheme = match forwarded(app, request, "x-forwarded-proto") {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
            _ => connection.scheme(),
        };
        let host = forwarded(app, request, "x-forwarded-host")
            .filter(|host| is_host_and_port(host))
            .or_else(|| direct_host(request).filter(|host| is_host_and_port(host)))
            .map(|host| add_forwarded_port(app, request, scheme, host));
        let prefix = forwarded(app, request, "x-forwarded-prefix")
            .filter(|prefix| is_path(prefix))
            .map_or_else(String::new, |prefix| prefix.trim_end_matches('/').to_owned());

        let found = find_realm(&app.realms, connection.realm.as_ref(), host.as_deref(), request);
        let ((realm, found_by), unknown_realm) = match found {
            Ok(found) => (found, None),
            Err(unknown) => {
                ((Arc::clone(app.realms.default_realm()), FoundBy::Default), Some(unknown))
            }
        };
        let is_control = unknown_realm
            .as_ref()
            .map_or_else(|| is_control_path(request.uri().path()), |unknown| unknown.is_control);

        let recorder = RequestRecorder::default();
        let context = Self {
            app: Arc::clone(app),
            registry: realm.registry(),
            realm,
            found_by,
            connection,
            method: request.method().clone(),
            uri: request.uri().clone(),
            scheme,
            host,
            prefix,
            is_control,
            #[cfg(feature = "redis")]
            shared: app.realms.store().map(|_| Arc::new(SharedState::new(&recorder))),
            recorder,
        };
        (context, unknown_realm)
    }

    /// Refuses plain HTTP where `require_https` is set. This comes before any row of the table.
    pub(super) fn require_https(&self) -> Result<(), Refusal> {
        if self.registry.settings.require_https && !self.is_https() {
            return Err(Refusal::new(
                Row::Transport,
                "The request used plain HTTP; only HTTPS is accepted.",
            ));
        }

        Ok(())
    }

    /// Returns the request as scenarios see it, without its client and its parameters.
    pub(super) fn view<'v>(
        &'v self,
        endpoint: Endpoint,
        headers: &'v HeaderMap,
    ) -> RequestView<'v> {
        RequestView {
            endpoint,
            method: self.method.as_str(),
            path: self.uri.path(),
            client_id: None,
            merchant_id: None,
            headers,
            param: &|_| None,
        }
    }

    /// Tells those who wait for requests that this one may take long from here on.
    pub(super) fn announce(&self, outcome: Option<&Outcome>) {
        #[cfg(feature = "redis")]
        if let Some((shared, replica)) = self.shared.as_ref().zip(self.realm.replica()) {
            let is_long = outcome.is_some_and(|outcome| outcome.waits() || outcome.fault.is_some());
            if is_long {
                shared.write_begin(replica);
            }
            return;
        }

        let _ = outcome;
        self.realm.journal.announce();
    }

    /// Returns the address of the listener that the request came by.
    pub(super) fn listener(&self) -> SocketAddr {
        let Connection { listener, tls, .. } = self.connection;
        listener.unwrap_or_else(|| self.app.options.address(tls))
    }

    /// Whether the client uses HTTPS, as far as it can tell.
    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Extension(context) = Extension::from_request_parts(parts, state).await?;
        Ok(context)
    }
}

/// Returns what a trusted proxy says. Of several proxies, the first one named is the one that the
/// client sees.
fn forwarded<'r>(app: &App, request: &'r Request, name: &str) -> Option<&'r str> {
    let value = request.headers().get(name).filter(|_| app.options.trust_forwarded)?;
    value.to_str().ok()?.split(',').next().map(str::trim)
}

/// Adds the port that a trusted proxy names to a host without one. A scheme's own port is left out.
fn add_forwarded_port(app: &App, request: &Request, scheme: &str, host: &str) -> String {
    let port = forwarded(app, request, "x-forwarded-port")
        .filter(|port| port.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|port| port.parse::<u16>().ok());
    let own_port = if scheme == "https" { 443 } else { 80 };

    match port {
        Some(port) if port != 0 && port != own_port && without_port(host) == host => {
            format!("{host}:{port}")
        }
        _ => host.to_owned(),
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 255
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b))
}
