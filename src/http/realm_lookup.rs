//! Finds the realm of a request: by the port, else the path, else the host.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};

use super::host::without_port;
use crate::realm::{Realm, RealmMap};

/// The prefix of a realm's paths, followed by the realm's name.
pub(super) const REALMS: &str = "/realms/";
/// RFC 8414, section 3: the issuer's path follows the well-known part.
const WELL_KNOWN: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// What led to a request's realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The port is the realm's own. It serves no other realm.
    Port,
    Path,
    Host,
    /// Nothing: it is the default realm.
    Default,
}

/// A realm that a request names and that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownRealm {
    pub(super) name: String,
    /// Whether the request is for its control API.
    pub(super) is_control: bool,
}

/// Returns whether a path within a realm belongs to the control API.
pub(super) fn is_control_path(path: &str) -> bool {
    path == "/_mock" || path.starts_with("/_mock/")
}

/// Returns whether a path, with or without a realm, is that of the control API.
#[cfg(feature = "redis")]
pub(super) fn is_control_call(path: &str) -> bool {
    is_control_path(split_realm(path).map_or(path, |(_, rest)| rest))
}

/// Returns whether a path, with or without a realm, is that of a call of the control API that responds
/// at once. Others wait for requests.
pub(crate) fn is_short_control_call(path: &str) -> bool {
    let path = split_realm(path).map_or(path, |(_, rest)| rest);
    is_control_path(path) && !matches!(path, "/_mock/events" | "/_mock/requests/verify")
}

/// Finds the realm of a request, and removes the realm's part from the path.
///
/// # Errors
///
/// If the request names a realm that does not exist.
pub(super) fn find_realm(
    realms: &RealmMap,
    port_realm: Option<&Arc<Realm>>,
    host: Option<&str>,
    request: &mut Request,
) -> Result<(Arc<Realm>, FoundBy), UnknownRealm> {
    let unknown = |name, path: &str| UnknownRealm { name, is_control: is_control_path(path) };
    let in_path =
        split_realm(request.uri().path()).map(|(name, rest)| (name.to_owned(), rest.to_owned()));

    if let Some(realm) = port_realm {
        // The realm's own path works at its own port, too, and no other realm's does.
        match in_path {
            Some((name, rest)) if name == realm.name() => rewrite_path(request, &rest),
            Some((name, rest)) => return Err(unknown(name, &rest)),
            None => {}
        }
        return Ok((Arc::clone(realm), FoundBy::Port));
    }

    if let Some((name, rest)) = in_path {
        let realm = realms.get(&name).ok_or_else(|| unknown(name, &rest))?;
        rewrite_path(request, &rest);
        return Ok((realm, FoundBy::Path));
    }

    match realms.by_host(without_port(host.unwrap_or_default())) {
        Ok(Some(realm)) => Ok((realm, FoundBy::Host)),
        Ok(None) => Ok((Arc::clone(realms.default_realm()), FoundBy::Default)),
        Err(name) => Err(unknown(name, request.uri().path())),
    }
}

/// Splits a path into the realm's name and the path within the realm.
fn split_realm(path: &str) -> Option<(&str, &str)> {
    if let Some(rest) = path.strip_prefix(REALMS) {
        let end = rest.find('/').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        return Some((name, if rest.is_empty() { "/" } else { rest }));
    }

    let (well_known, rest) =
        WELL_KNOWN.iter().find_map(|known| Some((*known, path.strip_prefix(known)?)))?;
    let name = rest.strip_prefix(REALMS)?;
    (!name.contains('/')).then_some((name, well_known))
}

fn rewrite_path(request: &mut Request, path: &str) {
    let target = match request.uri().query() {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    if let Ok(target) = target.parse::<PathAndQuery>() {
        *request.uri_mut() = Uri::from(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_control_api_begins_with_its_name() {
        for path in ["/_mock", "/_mock/", "/_mock/health"] {
            assert!(is_control_path(path), "{path}");
        }
        assert!(is_short_control_call("/_mock/requests"));
        assert!(is_short_control_call("/realms/blue/_mock/scenarios/a/release"));
        assert!(!is_short_control_call("/realms/blue/_mock/events"));
        for path in ["/", "/_mockery", "/api/_mock/x", "/x/_mock"] {
            assert!(!is_control_path(path), "{path}");
        }
    }

    #[test]
    fn a_realm_stands_in_the_path_before_or_after_the_well_known_part() {
        assert_eq!(split_realm("/realms/a/x/y"), Some(("a", "/x/y")));
        assert_eq!(split_realm("/realms/a"), Some(("a", "/")));
        assert_eq!(
            split_realm("/.well-known/oauth-authorization-server/realms/a"),
            Some(("a", WELL_KNOWN[0]))
        );
        assert_eq!(split_realm("/oauth2/v3/token"), None);
        assert_eq!(split_realm("/.well-known/oauth-authorization-server"), None);
    }
}
