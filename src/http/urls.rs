//! The URLs in responses, in the form that works for the client that sent the request.

use std::net::SocketAddr;

use axum::http::Uri;

use super::context::RequestContext;
use super::host::without_port;
use super::realm_lookup::{FoundBy, REALMS};
use crate::realm::Realm;

impl RequestContext {
    /// Returns the base URL of the request's realm, without a slash at the end.
    pub(super) fn base_url(&self) -> String {
        let root = self.root_url();
        let is_public = self.app.options.public_url.is_some();
        let name = self.realm.name();

        if self.found_by == FoundBy::Path || (is_public && name != "default") {
            format!("{root}{REALMS}{name}")
        } else {
            root
        }
    }

    /// Returns the base URL of any realm, without a slash at the end.
    pub(super) fn base_url_of(&self, realm: &Realm) -> String {
        if realm.name() == self.realm.name() {
            return self.base_url();
        }

        // Other realms are not served at a realm's own port, but at the server's.
        let root = if self.found_by == FoundBy::Port && self.app.options.public_url.is_none() {
            self.server_url()
        } else {
            self.root_url()
        };
        format!("{root}{REALMS}{}", realm.name())
    }

    /// Returns the base URL of a realm's consent pages, without a slash at the end: that of the
    /// portal, if there is one.
    pub(super) fn consent_url_of(&self, realm: &Realm) -> String {
        let Some(portal) = self.app.options.portal else { return self.base_url_of(realm) };
        let root = self.url_of_port("https", portal);

        // The portal serves all realms, so that only the host can tell which without the path.
        let is_public = self.app.options.public_url.is_some();
        let is_told_by_host = match self.found_by {
            FoundBy::Host => realm.name() == self.realm.name() && !is_public,
            FoundBy::Default => realm.name() == self.realm.name(),
            FoundBy::Port | FoundBy::Path => false,
        };
        if is_told_by_host { root } else { format!("{root}{REALMS}{}", realm.name()) }
    }

    /// Returns the URL of another port of this server.
    pub(super) fn url_of_port(&self, scheme: &str, address: SocketAddr) -> String {
        let public = self.app.options.public_url.as_ref().and_then(|url| url.parse::<Uri>().ok());
        let own = without_port(self.host.as_deref().unwrap_or_default());
        let host = public.as_ref().and_then(Uri::host).unwrap_or(own);
        let host = if host.is_empty() { "127.0.0.1" } else { host };

        // The port is the real one: a proxy, if there is one, stands before the server's own only.
        format!("{scheme}://{host}:{}", address.port())
    }

    /// Returns the URL of the server's own port, for a request that came by a realm's or the portal.
    pub(super) fn server_url(&self) -> String {
        let options = &self.app.options;

        match (options.https.filter(|_| self.is_https()), options.http) {
            (Some(https), _) => self.url_of_port("https", https),
            (None, Some(http)) => self.url_of_port("http", http),
            (None, None) => self.url_of_port("https", options.address(true)),
        }
    }

    /// Returns the URL of `/` as the client sees it, without that slash.
    fn root_url(&self) -> String {
        let options = &self.app.options;
        if let Some(public_url) = &options.public_url {
            return public_url.clone();
        }

        match &self.host {
            Some(host) => format!("{}://{host}{}", self.scheme, self.prefix),
            None => format!("{}://{}{}", self.scheme, self.listener(), self.prefix),
        }
    }
}
