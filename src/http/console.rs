//! `GET /` and the files of the console: the page on which people watch and control the server.
//!
//! The files are in `console/` and part of the program. The page uses the control API only, so
//! without that, `/` is a list of the endpoints.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::app::{App, Control};
use super::context::RequestContext;
use super::realm_lookup::REALMS;
use super::{pages, response};

/// The page loads its own files and calls its own server. Only the template library can make markup
/// from text, which it does with the constant templates of the views.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types lit-html";

/// A file of the console, as the build script has prepared it.
struct File {
    /// The path within the folder `console`.
    name: &'static str,
    text: &'static str,
    /// The text, compressed with gzip.
    compressed: &'static [u8],
    /// A tag that changes with the text. It is weak, because it stands for both forms.
    tag: &'static str,
}

static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// The name of the page itself, which is at `/` only.
const PAGE: &str = "index.html";

/// Returns the routes of the files.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/console/{*name}", get(file))
}

/// `GET /`: the console, or the list of the endpoints if there is no control API.
pub(super) async fn index(context: RequestContext, headers: HeaderMap) -> Response {
    if matches!(context.app.options.control, Control::Off) {
        return pages::endpoints();
    }

    let Some(page) = FILES.iter().find(|file| file.name == PAGE) else {
        return response::not_found(&Method::GET);
    };
    let mut response = send(page, &headers);
    pages::put_page_headers(&mut response, POLICY);
    response
}

/// Returns the name of a realm whose path has no slash at the end.
pub(super) fn without_slash(path: &str) -> Option<&str> {
    path.strip_prefix(REALMS).filter(|name| !name.contains('/'))
}

/// Redirects `/realms/NAME` to `/realms/NAME/`, since the URLs in the page are relative.
pub(super) fn redirect_to_slash(name: &str) -> Response {
    Redirect::permanent(&format!("{name}/")).into_response()
}

async fn file(Path(name): Path<String>, method: Method, headers: HeaderMap) -> Response {
    match FILES.iter().find(|file| file.name == name && name != PAGE) {
        Some(file) => send(file, &headers),
        None => response::not_found(&method),
    }
}

/// Makes the response with a file, or without it for a browser that has it already.
fn send(file: &'static File, request: &HeaderMap) -> Response {
    let has_file = pages::list_items(request, header::IF_NONE_MATCH).any(|tag| tag == file.tag);
    let is_compressed = accepts_gzip(request);

    let (status, body) = if has_file {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else if is_compressed {
        (StatusCode::OK, Body::from(file.compressed))
    } else {
        (StatusCode::OK, Body::from(file.text))
    };
    let mut response = response::text(status, content_type(file.name), body);

    let headers = response.headers_mut();
    if is_compressed && !has_file {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    for (name, value) in [
        (header::ETAG, file.tag),
        (header::VARY, "accept-encoding"),
        // The browser asks each time, since another version of the server may have the same URL.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a client accepts gzip (RFC 9110, section 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    pages::list_items(headers, header::ACCEPT_ENCODING).any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight.unwrap_or(1.0) > 0.0
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest;

    use super::*;

    #[test]
    fn the_template_library_is_the_published_one() {
        let library = FILES.iter().find(|file| file.name == "vendor/lit-html.js").unwrap();
        let hash = digest::digest(&digest::SHA256, library.text.as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let documented = include_str!("../../console/vendor/README.md");
        assert!(documented.contains(&hash), "{hash}");
    }

    #[test]
    fn the_page_and_its_files_are_small() {
        let size: usize = FILES.iter().map(|file| file.text.len()).sum();
        assert!(size < 120_000, "{size}");
    }

    #[test]
    fn gzip_is_accepted_by_name_unless_its_weight_is_zero() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("x-gzip, identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(accepts_gzip(&headers), expected, "{accepted}");
        }
    }
}
