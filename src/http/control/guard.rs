//! Access to the control API: programs on this machine have it, web pages of other sites do not.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::http::app::{App, Control};
use crate::http::context::RequestContext;
use crate::http::host::{direct_host, without_port};
use crate::oauth::Secret;
use crate::units::{canonical_host, ip_address};

pub(super) async fn guard(context: RequestContext, request: Request, next: Next) -> Response {
    if is_cross_site(&context, request.headers()) {
        let text = "The control API rejects requests from web pages of other sites.";
        return Problem::new(StatusCode::FORBIDDEN, text).into_response();
    }
    // A name of another site can be made to resolve to this machine (DNS rebinding). Only browsers on
    // this machine reach a loopback listener with one; other containers reach the other listeners by
    // whatever alias they have.
    let is_suspect =
        context.listener().ip().to_canonical().is_loopback() || is_from_browser(request.headers());
    if is_suspect && has_foreign_host(&context, &request) {
        let text = "The Host header does not name this server. The control API rejects other names \
                    that resolve to this machine; --control-host NAME accepts one.";
        return Problem::new(StatusCode::FORBIDDEN, text).into_response();
    }
    if let Control::Token(token) = &context.app.options.control
        && !has_token(&request, token)
    {
        return unauthorized();
    }

    next.run(request).await
}

fn unauthorized() -> Response {
    let text = "The control API requires the bearer token of --control-token.";
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"control\"")];
    (challenge, Problem::new(StatusCode::UNAUTHORIZED, text)).into_response()
}

fn has_token(request: &Request, token: &Secret) -> bool {
    let header = request.headers().get(header::AUTHORIZATION);
    let credentials = header.and_then(|value| value.to_str().ok()?.split_once(' '));
    credentials.is_some_and(|(scheme, credentials)| {
        scheme.eq_ignore_ascii_case("bearer") && token.matches(credentials)
    })
}

/// Returns whether a page of another site sent the request. Only browsers send these headers.
fn is_cross_site(context: &RequestContext, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }

    text(header::ORIGIN.as_str()).is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        let public = public_authority(&context.app);
        host.is_none() || (host != context.host.as_deref() && host != public.as_deref())
    })
}

/// Returns whether a browser sent the request.
fn is_from_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    headers.contains_key(header::ORIGIN)
        || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"))
        || agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Returns whether a request names a host that is not this server, as the request of a page whose own
/// name was made to resolve here does. Forwarded headers do not count, because the page could send
/// them, too.
fn has_foreign_host(context: &RequestContext, request: &Request) -> bool {
    let app = &context.app;
    if request.uri().authority().is_none() && !request.headers().contains_key(header::HOST) {
        return false;
    }

    let host = direct_host(request).unwrap_or("unreadable");
    if public_authority(app).as_deref() == Some(host) {
        return false;
    }

    let host = canonical_host(without_port(host).trim_matches(['[', ']']));
    let is_own = match ip_address(&host) {
        Some(address) => address.is_loopback() || context.connection.local_ip == Some(address),
        None => host == "localhost" || host.ends_with(".localhost"),
    };
    let is_named = app.options.control_hosts.contains(&host)
        || app.tls.as_ref().is_some_and(|tls| tls.is_own_host(&host))
        || matches!(app.realms.by_host(&host), Ok(Some(_)));
    !is_own && !is_named
}

/// Returns the host and port of `--public-url`.
fn public_authority(app: &App) -> Option<String> {
    let url = app.options.public_url.as_ref()?.parse::<Uri>().ok()?;
    url.authority().map(ToString::to_string)
}
