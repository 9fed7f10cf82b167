//! `GET /` and the files of the console: the page on which people watch and control the server.
//!
//! The files are in `console/` and part of the program. The page uses the control API only, so
//! without that, `/` is a list of the endpoints.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tower_http::compression::CompressionLayer;

use super::app::{App, Control};
use super::context::RequestContext;
use super::realm_lookup::REALMS;
use super::{pages, response};

const PAGE: &str = include_str!("../../console/index.html");

/// The page loads its own files and calls its own server. Only the template library can make markup
/// from text, which it does with the constant templates of the views.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types lit-html";

/// The files, by their names.
const FILES: [(&str, &str); 21] = [
    ("api.js", include_str!("../../console/api.js")),
    ("base.css", include_str!("../../console/base.css")),
    ("clients.js", include_str!("../../console/clients.js")),
    ("clock.js", include_str!("../../console/clock.js")),
    ("copy.js", include_str!("../../console/copy.js")),
    ("entry.js", include_str!("../../console/entry.js")),
    ("grants.js", include_str!("../../console/grants.js")),
    ("icon.svg", include_str!("../../console/icon.svg")),
    ("journal.js", include_str!("../../console/journal.js")),
    ("journal_store.js", include_str!("../../console/journal_store.js")),
    ("main.js", include_str!("../../console/main.js")),
    ("realms.js", include_str!("../../console/realms.js")),
    ("report.js", include_str!("../../console/report.js")),
    ("route.js", include_str!("../../console/route.js")),
    ("scenarios.js", include_str!("../../console/scenarios.js")),
    ("state.js", include_str!("../../console/state.js")),
    ("style.css", include_str!("../../console/style.css")),
    ("token_dialog.js", include_str!("../../console/token_dialog.js")),
    ("tokens.js", include_str!("../../console/tokens.js")),
    ("ui.js", include_str!("../../console/ui.js")),
    ("vendor/lit-html.js", include_str!("../../console/vendor/lit-html.js")),
];

/// Returns the routes of the files, which are compressed for clients that accept it.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/console/{*name}", get(file)).layer(CompressionLayer::new())
}

/// `GET /`: the console, or the list of the endpoints if there is no control API.
pub(super) async fn index(context: RequestContext, headers: HeaderMap) -> Response {
    static PAGE_TAG: LazyLock<HeaderValue> = LazyLock::new(|| entity_tag(PAGE));

    if matches!(context.app.options.control, Control::Off) {
        return pages::endpoints();
    }

    let mut response = cached("text/html; charset=utf-8", PAGE, &PAGE_TAG, &headers);
    pages::put_page_headers(response.headers_mut(), POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Returns the name of a realm whose path has no slash at the end.
pub(super) fn without_slash(path: &str) -> Option<&str> {
    path.strip_prefix(REALMS).filter(|name| !name.contains('/'))
}

/// Redirects `/realms/NAME` to `/realms/NAME/`, since the URLs in the page are relative.
pub(super) fn redirect_to_slash(name: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(location) = HeaderValue::from_str(&format!("{name}/")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

async fn file(Path(name): Path<String>, method: Method, headers: HeaderMap) -> Response {
    static TAGS: LazyLock<Vec<HeaderValue>> =
        LazyLock::new(|| FILES.iter().map(|(_, text)| entity_tag(text)).collect());

    match FILES.binary_search_by_key(&name.as_str(), |(name, _)| name) {
        Ok(index) => cached(content_type(&name), FILES[index].1, &TAGS[index], &headers),
        Err(_) => response::not_found(&method),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    }
}

/// Makes the response with a text, or without it for a browser that has it already.
fn cached(
    content_type: &'static str,
    text: &'static str,
    tag: &HeaderValue,
    headers: &HeaderMap,
) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));

    let mut response = if is_known {
        response::text(StatusCode::NOT_MODIFIED, content_type, Body::empty())
    } else {
        response::text(StatusCode::OK, content_type, text)
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.clone());
    // The browser asks each time, since another version of the server may have the same URL.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns a tag that changes with the text. It is weak, because it stands for all encodings.
fn entity_tag(text: &str) -> HeaderValue {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]);
    HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_sorted_by_name() {
        assert!(FILES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn the_template_library_is_the_published_one() {
        let (_, text) = FILES.last().unwrap();
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let documented = include_str!("../../console/vendor/README.md");
        assert!(documented.contains(&hash), "{hash}");
    }

    #[test]
    fn the_page_and_its_files_are_small() {
        let size = PAGE.len() + FILES.iter().map(|(_, text)| text.len()).sum::<usize>();
        assert!(size < 120_000, "{size}");
    }
}
