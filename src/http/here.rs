//! Which realm a request belongs to, and by which URL it got there.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, header};

use super::{App, Connection};
use crate::realm::Realm;

/// The paths of a realm hang from here, followed by its name.
const REALMS: &str = "/realms/";
/// RFC 8414, section 3: the issuer's path comes behind the well-known part.
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// A request's realm, and what the URLs need that it is told.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    pub(crate) realm: Arc<Realm>,
    /// Whether the realm was named in the path, so that URLs must name it there, too.
    by_path: bool,
    scheme: &'static str,
    /// The host of an absolute-form request line, which counts over the header.
    authority: Option<String>,
}

impl Here {
    /// Finds the realm: by the connection's port, else the path (which then loses the realm's
    /// part), else the host. `Err` names a realm that is not there.
    pub(super) fn find(
        app: &App,
        connection: &Connection,
        request: &mut Request,
    ) -> Result<Self, String> {
        let authority = request.uri().authority().map(ToString::to_string);
        let mut here = Self {
            realm: Arc::clone(app.realms.default_realm()),
            by_path: false,
            scheme: connection.scheme(),
            authority,
        };
        let path = request.uri().path();
        let in_path = named_in(path).map(|(name, rest)| (name.to_owned(), rest));
        if let Some(realm) = &connection.realm {
            here.realm = Arc::clone(realm);
            // On a realm's own port its own path works, too, and no other's.
            match in_path {
                Some((name, rest)) if name == realm.name() => rewrite(request, &rest),
                Some((name, _)) => return Err(name),
                None => {}
            }
            return Ok(here);
        }
        if let Some((name, rest)) = in_path {
            here.realm = app.realms.named(&name).ok_or(name)?;
            here.by_path = true;
            rewrite(request, &rest);
            return Ok(here);
        }
        if let Some(realm) = app.realms.by_host(here.host_name(request.headers()))? {
            here.realm = realm;
        }
        Ok(here)
    }

    /// The base URL of this realm as the request reached it, without a slash at the end.
    pub(super) fn base_url(&self, app: &App, headers: &HeaderMap) -> String {
        let root = self.root(app, headers);
        let named = self.by_path || (app.options.public_url.is_some() && !self.is_default());
        match named {
            true => format!("{root}{REALMS}{}", self.realm.name()),
            false => root,
        }
    }

    /// The base URL of any realm, for whoever made this request.
    pub(super) fn base_url_of(&self, app: &App, headers: &HeaderMap, realm: &Realm) -> String {
        if realm.name() == self.realm.name() {
            return self.base_url(app, headers);
        }
        format!("{}{REALMS}{}", self.root(app, headers), realm.name())
    }

    /// The URL of another port of this server, for whoever made this request.
    pub(super) fn url_of_port(&self, headers: &HeaderMap, address: SocketAddr) -> String {
        let host = self.host_name(headers);
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        format!("{}://{host}:{}", self.scheme, address.port())
    }

    /// The URL of `/` as the client sees it, without that slash.
    fn root(&self, app: &App, headers: &HeaderMap) -> String {
        if let Some(public) = &app.options.public_url {
            return public.clone();
        }
        let forwarded = |name: &str| {
            let value = headers.get(name).filter(|_| app.options.trust_forwarded)?;
            // Of several proxies the first named is the one that the client saw.
            value.to_str().ok()?.split(',').next().map(str::trim)
        };
        let scheme = forwarded("x-forwarded-proto").filter(|s| matches!(*s, "http" | "https"));
        let host = forwarded("x-forwarded-host").filter(|host| is_authority(host));
        let prefix = forwarded("x-forwarded-prefix").filter(|prefix| is_path(prefix));
        let listening = app.options.address.to_string();
        format!(
            "{}://{}{}",
            scheme.unwrap_or(self.scheme),
            host.or_else(|| self.host(headers)).unwrap_or(&listening),
            prefix.unwrap_or_default().trim_end_matches('/'),
        )
    }

    fn is_default(&self) -> bool {
        self.realm.name() == "default"
    }

    /// The host and port that the client used.
    pub(super) fn host<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        let header = || headers.get(header::HOST)?.to_str().ok();
        self.authority.as_deref().or_else(header).filter(|host| is_authority(host))
    }

    /// The host alone.
    pub(super) fn host_name<'a>(&'a self, headers: &'a HeaderMap) -> &'a str {
        let host = self.host(headers).unwrap_or_default();
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
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
