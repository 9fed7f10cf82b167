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

        // Other realms do not answer at a realm's own port, but at the server's.
        let root = if self.found_by == FoundBy::Port && self.app.options.public_url.is_none() {
            self.server_url()
        } else {
            self.root_url()
        };
        format!("{root}{REALMS}{}", realm.name())
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

    /// Returns the URL of the server's own port, for a request that came by a realm's.
    fn server_url(&self) -> String {
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
