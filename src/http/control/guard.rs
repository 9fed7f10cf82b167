//! Who may use the control API: whoever is on this machine, and no page in its browser.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::http::context::RequestContext;
use crate::http::host::{direct_host, without_port};
use crate::http::{App, Control};
use crate::oauth::Secret;

pub(super) async fn guard(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    request: Request,
    next: Next,
) -> Response {
    if is_cross_site(&app, &context, request.headers()) {
        let text = "The control API does not answer pages of other sites.";
        return Problem::new(StatusCode::FORBIDDEN, text).into_response();
    }
    if context.is_local() && is_foreign(&app, &request) {
        let text = "The Host header names a host that is not this server's; a name that merely \
                    resolves to it does not reach the control API.";
        return Problem::new(StatusCode::FORBIDDEN, text).into_response();
    }
    if let Control::Token(token) = &app.options.control
        && !brings(&request, token)
    {
        let text = "The control API demands its bearer token.";
        let mut response = Problem::new(StatusCode::UNAUTHORIZED, text).into_response();
        let challenge = HeaderValue::from_static("Bearer realm=\"control\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        return response;
    }
    next.run(request).await
}

fn brings(request: &Request, token: &Secret) -> bool {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    sent.and_then(|sent| sent.split_once(' '))
        .is_some_and(|(scheme, sent)| scheme.eq_ignore_ascii_case("bearer") && token.matches(sent))
}

/// Browsers say where a request comes from; other clients do not.
fn is_cross_site(app: &App, context: &RequestContext, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    text(header::ORIGIN.as_str()).is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        let public = public_authority(app);
        host.is_none() || (host != context.host() && host != public.as_deref())
    })
}

/// On a loopback listener the host can only be this machine, under a name that means it. Anything
/// else is a page that had its own name point here (DNS rebinding). What a proxy forwards does not
/// count: such a page could say so, too.
fn is_foreign(app: &App, request: &Request) -> bool {
    if request.uri().authority().is_none() && !request.headers().contains_key(header::HOST) {
        return false;
    }
    let host = direct_host(request).unwrap_or("unreadable");
    if public_authority(app).as_deref() == Some(host) {
        return false;
    }
    let host = without_port(host).trim_matches(['[', ']']).to_ascii_lowercase();
    let own_address = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let own_name = host == "localhost" || host.ends_with(".localhost");
    let own_name = own_name || app.tls.as_ref().is_some_and(|tls| tls.is_own_host(&host));
    !own_address && !own_name && !matches!(app.realms.by_host(&host), Ok(Some(_)))
}

/// The host and port of `--public-url`.
fn public_authority(app: &App) -> Option<String> {
    let url = app.options.public_url.as_ref()?.parse::<Uri>().ok()?;
    url.authority().map(ToString::to_string)
}
