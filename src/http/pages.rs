//! The consent page and the page of an error, from compiled templates that escape everything.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::response;
use crate::fixture::Merchant;
use crate::flow::authorize::{AuthorizeError, RequestedGrant, ValidatedClient};
use crate::flow::consent::check_may_grant;
use crate::oauth::Form;
use crate::realm::Registry;
use crate::scenario::Endpoint;
use crate::units::printable;

const STYLE: &str = include_str!("../../templates/style.css");

/// The parameters that the consent page's form sets itself. It repeats every other one of the
/// request.
const OWN_PARAMS: [&str; 3] = ["mock_merchant", "mock_decision", "mock_consent"];

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    style: &'static str,
    partner: &'a str,
    client_id: &'a str,
    redirect_host: &'a str,
    permissions: Vec<Permission<'a>>,
    merchants: Vec<Choice<'a>>,
    /// Why Allow is disabled.
    obstacle: Option<String>,
    repeated: Vec<(&'a str, &'a str)>,
}

struct Permission<'a> {
    scope: &'a str,
    /// The scope as people read it.
    name: String,
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

#[derive(Template)]
#[template(path = "index.html")]
struct EndpointsPage {
    style: &'static str,
}

/// Makes the consent page, on which the merchant allows or denies access.
pub(super) fn consent(
    registry: &Registry,
    validated: &ValidatedClient,
    requested: &RequestedGrant,
    merchant: Option<&Merchant>,
    params: &Form<'_>,
) -> Response {
    let client = &validated.client.config;
    let redirect: Option<Uri> = validated.redirect_url.parse().ok();
    let redirect_host =
        redirect.as_ref().and_then(Uri::authority).map_or("", |authority| authority.as_str());
    let obstacle = match merchant {
        None => Some("The fixtures have no merchant who can grant access.".to_owned()),
        Some(merchant) => {
            check_may_grant(merchant).err().map(|error| error.description.into_owned())
        }
    };

    let permissions = requested
        .scopes
        .iter()
        .map(|scope| Permission { scope, name: scope.replace('_', " ") })
        .collect();
    let merchants = registry
        .fixtures
        .merchants
        .iter()
        .map(|choice| Choice {
            id: &choice.id,
            name: choice.display_name(),
            selected: merchant.is_some_and(|merchant| merchant.id == choice.id),
        })
        .collect();

    let page = ConsentPage {
        style: STYLE,
        partner: client.display_name(),
        client_id: &client.id,
        redirect_host,
        permissions,
        merchants,
        obstacle,
        repeated: params.iter().filter(|(name, _)| !OWN_PARAMS.contains(name)).collect(),
    };
    // Browsers apply the form's policy to the whole chain of redirects, so it must admit the
    // partner's origin and wherever the partner redirects to. The redirect URL itself is registered.
    html(StatusCode::OK, &page, "'self' http: https:")
}

/// Makes the response for an error that cannot be reported to the partner: a page, or JSON for a
/// client that asks for it.
pub(super) fn error(registry: &Registry, headers: &HeaderMap, error: AuthorizeError) -> Response {
    let AuthorizeError { code, description } = error.in_dialect(registry.settings.dialect);
    let description = registry.description(&code, None, &description);
    let status = registry.status(Endpoint::Authorize, &code, None);
    tracing::info!(status, error = %code, "authorize: {}", printable(&description));

    if accepts_json(headers) {
        return response::error(&code, status, &description);
    }

    let page = ErrorPage { style: STYLE, code: code.as_str(), status, description: &description };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = html(status, &page, "'none'");
    response::tag_error(&mut response, &code, None, &description);
    response
}

/// Whether a client accepts JSON, and no page as well, as browsers do.
fn accepts_json(headers: &HeaderMap) -> bool {
    let media_types: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|media_range| !media_range.replace(' ', "").ends_with(";q=0"))
        .map(|media_range| media_range.split(';').next().unwrap_or_default().trim())
        .collect();

    includes(&media_types, "application/json") && !includes(&media_types, "text/html")
}

fn includes(media_types: &[&str], media_type: &str) -> bool {
    media_types.iter().any(|accepted| accepted.eq_ignore_ascii_case(media_type))
}

/// Makes the list of the endpoints.
pub(super) fn endpoints() -> Response {
    html(StatusCode::OK, &EndpointsPage { style: STYLE }, "'none'")
}

/// Renders a page that may do nothing but show itself and send its forms to the given sources.
fn html(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    /// The hash by which the policy admits the style.
    static STYLE_HASH: LazyLock<String> =
        LazyLock::new(|| STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes())));

    let text = page.render().unwrap_or_else(|_| "The page could not be rendered.".to_owned());
    let mut response = response::text(status, "text/html; charset=utf-8", text);
    let headers = response.headers_mut();

    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action {form_action}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    );
    put_page_headers(headers, &policy);
    response
}

/// Sets the headers of a page: its policy, and what keeps other pages away from it.
pub(super) fn put_page_headers(headers: &mut HeaderMap, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
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
}
