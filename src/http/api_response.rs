//! Responses of the API, with the headers that the vendor's have (source K).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Builder;

use super::response;

/// The media type of every response of the API, unless its own headers say otherwise.
const CONTENT_TYPE: &str = "application/hal+json";
/// A UUID of the server's. Integrations find a response in their logs by it.
const CORRELATION_ID: &str = "v-c-correlation-id";

/// Makes a response with a JSON body.
pub(super) fn json(status: u16, body: &Value) -> Response {
    with_body(status, body.to_string())
}

/// Makes a response with any body.
pub(super) fn with_body(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    complete(response::text(status, CONTENT_TYPE, Body::from(body)))
}

/// Makes the response for a path of the API that does not exist.
pub(super) fn not_found() -> Response {
    json(404, &json!({ "message": "The requested resource does not exist" }))
}

/// Makes the response for a path of the API that takes other methods.
pub(super) fn wrong_method(allowed: &str) -> Response {
    let body = json!({ "message": format!("This path supports only: {allowed}.") });
    let mut response = json(405, &body);
    response::put_header(&mut response, header::ALLOW, allowed);
    response
}

/// Sets the headers of the API on a response that was made elsewhere.
pub(super) fn complete(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    let cache_control = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    headers.insert(header::CACHE_CONTROL, cache_control);

    let id = Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    response::put_header(&mut response, CORRELATION_ID, &id);
    response
}
