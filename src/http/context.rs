//! Which realm a request belongs to, and by which URL it got there.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header;
use axum::http::uri::{PathAndQuery, Uri};

use super::{App, Connection};
use crate::journal::RequestRecorder;
use crate::realm::Realm;

/// The paths of a realm hang from context, followed by its name.
const REALMS: &str = "/realms/";
/// RFC 8414, section 3: the issuer's path comes behind the well-known part.
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// A request's realm, and the URL as the client sees it: by itself, or through a proxy that is
/// validated.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) realm: Arc<Realm>,
    /// Whether the realm was named in the path, so that URLs must name it there, too.
    by_path: bool,
    /// Whether it was found by its own port, where no other realm is.
    by_port: bool,
    scheme: &'static str,
    /// Where the server listened for it.
    listener: SocketAddr,
    /// The host and port, if the request named any that can be one.
    host: Option<String>,
    /// What a proxy takes off the path.
    prefix: String,
    /// What is noted of the request for the journal.
    pub(super) recorder: RequestRecorder,
}

impl RequestContext {
    /// Finds the realm: by the connection's port, else the path (which then loses the realm's
    /// part), else the host. `Err` names a realm that is not there.
    pub(super) fn find(
        app: &App,
        connection: &Connection,
        request: &mut Request,
    ) -> Result<Self, String> {
        let headers = request.headers();
        let forwarded = |name: &str| {
            let value = headers.get(name).filter(|_| app.options.trust_forwarded)?;
            // Of several proxies the first named is the one that the client saw.
            value.to_str().ok()?.split(',').next().map(str::trim)
        };
        let scheme = match forwarded("x-forwarded-proto") {
            Some("https") => "https",
            Some("http") => "http",
            _ => connection.scheme(),
        };
        let host = forwarded("x-forwarded-host")
            .filter(|host| is_authority(host))
            .or_else(|| direct_host(request).filter(|host| is_authority(host)));
        let prefix = forwarded("x-forwarded-prefix").filter(|prefix| is_path(prefix));
        let mut context = Self {
            realm: Arc::clone(app.realms.default_realm()),
            by_path: false,
            by_port: false,
            scheme,
            listener: connection.listener.unwrap_or_else(|| app.options.address(connection.tls)),
            host: host.map(str::to_owned),
            prefix: prefix.unwrap_or_default().trim_end_matches('/').to_owned(),
            recorder: RequestRecorder::default(),
        };
        let path = request.uri().path();
        let in_path = named_in(path).map(|(name, rest)| (name.to_owned(), rest));
        if let Some(realm) = &connection.realm {
            context.realm = Arc::clone(realm);
            context.by_port = true;
            // On a realm's own port its own path works, too, and no other's.
            match in_path {
                Some((name, rest)) if name == realm.name() => rewrite(request, &rest),
                Some((name, _)) => return Err(name),
                None => {}
            }
            return Ok(context);
        }
        if let Some((name, rest)) = in_path {
            context.realm = app.realms.get(&name).ok_or(name)?;
            context.by_path = true;
            rewrite(request, &rest);
            return Ok(context);
        }
        if let Some(realm) = app.realms.by_host(context.host_name())? {
            context.realm = realm;
        }
        Ok(context)
    }

    /// The base URL of this realm as the request reached it, without a slash at the end.
    pub(super) fn base_url(&self, app: &App) -> String {
        let root = self.root(app);
        let named = self.by_path || (app.options.public_url.is_some() && !self.is_default());
        match named {
            true => format!("{root}{REALMS}{}", self.realm.name()),
            false => root,
        }
    }

    /// The base URL of any realm, for whoever made this request.
    pub(super) fn base_url_of(&self, app: &App, realm: &Realm) -> String {
        if realm.name() == self.realm.name() {
            return self.base_url(app);
        }
        // A realm's own port has no others; they are on the server's.
        let root = match self.by_port && app.options.public_url.is_none() {
            true => self.url_of_server(app),
            false => self.root(app),
        };
        format!("{root}{REALMS}{}", realm.name())
    }

    /// The URL of the server's own port, for whoever came by a realm's.
    fn url_of_server(&self, app: &App) -> String {
        let (http, https) = (app.options.http, app.options.https);
        match (https.filter(|_| self.is_https()), http) {
            (Some(https), _) => self.url_of_port(app, "https", https),
            (None, Some(http)) => self.url_of_port(app, "http", http),
            (None, None) => self.url_of_port(app, "https", app.options.address(true)),
        }
    }

    /// The URL of another port of this server, for whoever made this request.
    pub(super) fn url_of_port(&self, app: &App, scheme: &str, address: SocketAddr) -> String {
        let public = app.options.public_url.as_ref().and_then(|url| url.parse::<Uri>().ok());
        let public = public.as_ref().and_then(Uri::host);
        let host = public.unwrap_or_else(|| self.host_name());
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        // Only the server's own port stands behind the proxy, if there is one.
        format!("{scheme}://{host}:{}", address.port())
    }

    /// The URL of `/` as the client sees it, without that slash.
    fn root(&self, app: &App) -> String {
        if let Some(public) = &app.options.public_url {
            return public.clone();
        }
        let listening = self.listener.to_string();
        let host = self.host.as_deref().unwrap_or(&listening);
        format!("{}://{host}{}", self.scheme, self.prefix)
    }

    fn is_default(&self) -> bool {
        self.realm.name() == "default"
    }

    /// The host and port as the client sees them.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    fn host_name(&self) -> &str {
        name_of(self.host.as_deref().unwrap_or_default())
    }

    /// Whether only this machine can have made the request.
    pub(super) fn is_local(&self) -> bool {
        self.listener.ip().is_loopback()
    }

    /// The scheme as the client sees it.
    pub(super) fn scheme(&self) -> &'static str {
        self.scheme
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }
}

/// The host that a request names: in an absolute-form request line, which counts over the header.
pub(super) fn direct_host(request: &Request) -> Option<&str> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    authority.or_else(|| request.headers().get(header::HOST)?.to_str().ok())
}

/// A host without its port.
pub(super) fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The realm's name in a path, and the path without it.
fn named_in(path: &str) -> Option<(&str, String)> {
    if let Some(rest) = path.strip_prefix(REALMS) {
        let end = rest.find('/').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        return Some((name, if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }));
    }
    let name = path.strip_prefix(METADATA)?.strip_prefix(REALMS)?;
    (!name.contains('/')).then(|| (name, METADATA.to_owned()))
}

fn rewrite(request: &mut Request, path: &str) {
    let target = match request.uri().query() {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    if let Ok(target) = target.parse::<PathAndQuery>() {
        *request.uri_mut() = Uri::from(target);
    }
}

/// What may be written into URLs and pages as a host without a second thought.
fn is_authority(host: &str) -> bool {
    (1..=255).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 255
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_stands_in_the_path_before_or_behind_the_well_known_part() {
        assert_eq!(named_in("/realms/a/x/y"), Some(("a", "/x/y".to_owned())));
        assert_eq!(named_in("/realms/a"), Some(("a", "/".to_owned())));
        assert_eq!(
            named_in("/.well-known/oauth-authorization-server/realms/a"),
            Some(("a", METADATA.to_owned()))
        );
        assert_eq!(named_in("/oauth2/v3/token"), None);
        assert_eq!(named_in("/.well-known/oauth-authorization-server"), None);
    }
}
