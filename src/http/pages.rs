//! The consent page and the page of an error, from compiled templates that escape everything.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::response;
use crate::fixture::{Client, Merchant};
use crate::flow::authorize::{AuthorizeError, RedirectMismatch, RequestedGrant, ValidatedClient};
use crate::flow::consent::check_may_grant;
use crate::oauth::Form;
use crate::realm::Registry;
use crate::scenario::Endpoint;
use crate::units::printable;

/// The look of the console, and what these pages add.
const STYLE: &str =
    concat!(include_str!("../../console/base.css"), include_str!("../../templates/style.css"));
/// Shows at once whether the chosen merchant can allow access. Without scripts, Switch does.
const CONSENT_SCRIPT: &str = include_str!("../../templates/consent.js");
/// A closed padlock, so that browsers do not request `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Cpath d='M4 7V5a4 4 0 0 1 8 0v2' fill='none' stroke='%23b58900' stroke-width='2'/%3E\
%3Crect x='2' y='7' width='12' height='8' rx='2' fill='%230b5cad'/%3E%3C/svg%3E";

/// The parameters that the consent page's form sets itself. It repeats every other one of the
/// request.
const OWN_PARAMS: [&str; 3] = ["mock_merchant", "mock_decision", "mock_consent"];

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    client: &'a Client,
    redirect_host: &'a str,
    scopes: &'a [String],
    merchants: &'a [Merchant],
    merchant: Option<&'a Merchant>,
    /// Why Allow is disabled.
    obstacle: Option<String>,
    repeated: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    code: &'a str,
    status: u16,
    description: &'a str,
    mismatch: Option<RedirectMismatch>,
}

#[derive(Template)]
#[template(path = "index.html")]
struct EndpointsPage;

/// Makes the consent page, on which the merchant allows or denies access.
pub(super) fn consent(
    registry: &Registry,
    validated: &ValidatedClient,
    requested: &RequestedGrant,
    merchant: Option<&Merchant>,
    params: &Form<'_>,
) -> Response {
    let redirect: Option<Uri> = validated.redirect_url.parse().ok();
    let redirect_host =
        redirect.as_ref().and_then(Uri::authority).map_or("", |authority| authority.as_str());
    let obstacle = match merchant {
        None => Some("The fixtures have no merchant who can grant access.".to_owned()),
        Some(merchant) => obstacle_of(merchant),
    };

    let page = ConsentPage {
        client: &validated.client.config,
        redirect_host,
        scopes: &requested.scopes,
        merchants: &registry.fixtures.merchants,
        merchant,
        obstacle,
        repeated: params.iter().filter(|(name, _)| !OWN_PARAMS.contains(name)).collect(),
    };
    // Browsers apply the form's policy to the whole chain of redirects, so it must admit the
    // partner's origin and wherever the partner redirects to. The redirect URL itself is registered.
    html(StatusCode::OK, &page, "'self' http: https:")
}

/// Returns why a merchant cannot allow access.
fn obstacle_of(merchant: &Merchant) -> Option<String> {
    check_may_grant(merchant).err().map(|error| error.description.into_owned())
}

/// Makes the response for an error that cannot be reported to the partner: a page, or JSON for a
/// client that asks for it.
pub(super) fn error(registry: &Registry, headers: &HeaderMap, error: AuthorizeError) -> Response {
    let AuthorizeError { code, description, mismatch } =
        error.in_dialect(registry.settings.dialect);
    let description = registry.description(&code, None, &description);
    let status = registry.status(Endpoint::Authorize, &code, None);
    tracing::info!(status, error = %code, "authorize: {}", printable(&description));

    if accepts_json(headers) {
        return response::error(&code, status, &description);
    }

    let page = ErrorPage { code: code.as_str(), status, description: &description, mismatch };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = html(status, &page, "'none'");
    response::tag_error(&mut response, &code, None, &description);
    response
}

/// Whether a client accepts JSON, and no page as well, as browsers do.
fn accepts_json(headers: &HeaderMap) -> bool {
    let media_types: Vec<&str> = list_items(headers, header::ACCEPT)
        .filter(|media_range| !media_range.replace(' ', "").ends_with(";q=0"))
        .map(|media_range| media_range.split(';').next().unwrap_or_default().trim())
        .collect();

    includes(&media_types, "application/json") && !includes(&media_types, "text/html")
}

fn includes(media_types: &[&str], media_type: &str) -> bool {
    media_types.iter().any(|accepted| accepted.eq_ignore_ascii_case(media_type))
}

/// Returns the items of a header that is a list.
pub(super) fn list_items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Makes the list of the endpoints.
pub(super) fn endpoints() -> Response {
    html(StatusCode::OK, &EndpointsPage, "'none'")
}

fn hash(text: &str) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// Renders a page that may do nothing but show itself and send its forms to the given sources.
fn html(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    /// The hashes by which the policy admits the style and the script.
    static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
    static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| hash(CONSENT_SCRIPT));

    let text = page.render().unwrap_or_else(|_| "The page could not be rendered.".to_owned());
    let mut response = response::text(status, "text/html; charset=utf-8", text);

    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'",
        *STYLE_HASH, *SCRIPT_HASH
    );
    put_page_headers(&mut response, &policy);
    response
}

/// Sets the headers of a page: its policy, and what keeps other pages away from it.
pub(super) fn put_page_headers(response: &mut Response, policy: &str) {
    response::put_header(response, header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}
