//! The consent page and the page of an error, from compiled templates that escape everything.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::response;
use crate::fixture::Merchant;
use crate::flow::consent::{AuthorizeError, RequestedGrant, ValidatedClient, may_grant};
use crate::oauth::Form;
use crate::oauth::scope::describe;
use crate::realm::Registry;
use crate::scenario::Endpoint;

const STYLE: &str = include_str!("../../templates/style.css");

/// What the page itself says; every other parameter of the request is sent again with its form.
const OWN: [&str; 3] = ["mock_merchant", "mock_decision", "mock_consent"];

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    style: &'static str,
    partner: &'a str,
    client_id: &'a str,
    redirect_host: &'a str,
    permissions: Vec<Permission<'a>>,
    merchants: Vec<Choice<'a>>,
    /// Why Allow cannot be clicked.
    obstacle: Option<String>,
    kept: Vec<(&'a str, &'a str)>,
}

struct Permission<'a> {
    scope: &'a str,
    words: &'static str,
}

struct Choice<'a> {
    id: &'a str,
    name: &'a str,
    selected: bool,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    style: &'static str,
    code: &'a str,
    status: u16,
    description: &'a str,
}

/// The page on which a person allows or denies.
pub(super) fn consent(
    registry: &Registry,
    validated: &ValidatedClient,
    ask: &RequestedGrant,
    merchant: Option<&Merchant>,
    parameters: &Form<'_>,
) -> Response {
    let client = &validated.client.config;
    let obstacle = match merchant {
        None => Some("There is no merchant in the fixtures who could grant.".to_owned()),
        Some(merchant) => may_grant(merchant).err().map(|error| error.description.into_owned()),
    };
    let redirect: Option<Uri> = validated.redirect_url.parse().ok();
    let authority = redirect.as_ref().and_then(Uri::authority);
    let redirect_host = authority.map_or("", |authority| authority.as_str());
    let page = ConsentPage {
        style: STYLE,
        partner: client.display_name(),
        client_id: &client.id,
        redirect_host,
        permissions: ask
            .scopes
            .iter()
            .map(|scope| Permission { scope, words: describe(scope) })
            .collect(),
        merchants: registry
            .merchants()
            .iter()
            .map(|one| Choice {
                id: &one.id,
                name: one.display_name(),
                selected: merchant.is_some_and(|merchant| merchant.id == one.id),
            })
            .collect(),
        obstacle,
        kept: parameters.iter().filter(|(name, _)| !OWN.contains(name)).collect(),
    };
    // Browsers hold the form to this policy along the whole chain of redirects, so it must admit
    // the partner's origin and wherever the partner sends the merchant on to. The redirect URL
    // itself is one that was registered.
    html(StatusCode::OK, &page, "'self' http: https:")
}

/// An error that cannot be told to the partner: a page, or JSON for a client that asks for it.
pub(super) fn error(registry: &Registry, headers: &HeaderMap, error: &AuthorizeError) -> Response {
    let AuthorizeError { code, description } = error;
    let description = registry.description(code, None, description);
    let status = registry.status(Endpoint::Authorize, code, None);
    tracing::info!(status, error = %code, "authorize: {description}");
    if wants_json(headers) {
        return response::error(code, status, &description);
    }
    let page = ErrorPage { style: STYLE, code: code.as_str(), status, description: &description };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = html(status, &page, "'none'");
    response::tag_error(&mut response, code, None);
    response
}

/// Whether a client asks for JSON, and not for a page as well, as browsers do.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds: Vec<&str> = accepted
        .flat_map(|value| value.split(','))
        .filter(|kind| !kind.replace(' ', "").ends_with(";q=0"))
        .map(|kind| kind.split(';').next().unwrap_or_default().trim())
        .collect();
    let has = |wanted: &str| kinds.iter().any(|kind| kind.eq_ignore_ascii_case(wanted));
    has("application/json") && !has("text/html")
}

/// A page that may do nothing but show itself and send its forms to where it says.
fn html(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    /// The hash by which the policy knows the style.
    static STYLE_HASH: LazyLock<String> =
        LazyLock::new(|| STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes())));
    let text = page.render().unwrap_or_else(|_| "The page could not be made.".to_owned());
    let mut response = response::text(status, "text/html; charset=utf-8", Body::from(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action {form_action}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
