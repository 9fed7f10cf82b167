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

/// Finds the realm of a request, and removes the realm's part from the path.
///
/// # Errors
///
/// The name of a realm that does not exist.
pub(super) fn find_realm(
    realms: &RealmMap,
    port_realm: Option<&Arc<Realm>>,
    host: Option<&str>,
    request: &mut Request,
) -> Result<(Arc<Realm>, FoundBy), String> {
    let in_path =
        split_realm(request.uri().path()).map(|(name, rest)| (name.to_owned(), rest.to_owned()));

    if let Some(realm) = port_realm {
        // The realm's own path works at its own port, too, and no other realm's does.
        match in_path {
            Some((name, rest)) if name == realm.name() => rewrite_path(request, &rest),
            Some((name, _)) => return Err(name),
            None => {}
        }
        return Ok((Arc::clone(realm), FoundBy::Port));
    }

    if let Some((name, rest)) = in_path {
        let realm = realms.get(&name).ok_or(name)?;
        rewrite_path(request, &rest);
        return Ok((realm, FoundBy::Path));
    }

    match realms.by_host(without_port(host.unwrap_or_default()))? {
        Some(realm) => Ok((realm, FoundBy::Host)),
        None => Ok((Arc::clone(realms.default_realm()), FoundBy::Default)),
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
