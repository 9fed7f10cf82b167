//! Row 21: what a client sees when a handler panics.

use std::any::Any;

use axum::response::Response;

use super::answer;
use crate::oauth::ErrorCode;

/// `server_error`. What the panic said goes to the log (by the panic hook, with its place), not to
/// the client.
pub(super) fn answer(_: Box<dyn Any + Send + 'static>) -> Response {
    let code = ErrorCode::ServerError;
    tracing::error!("a handler panicked; the request was answered with server_error");
    answer::error(&code, code.default_status(), "The server failed; its log says where.")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    #[tokio::test]
    async fn a_panic_is_a_server_error_that_says_nothing_of_the_inside() {
        async fn panics() {
            panic!("secret");
        }
        let router =
            Router::new().route("/", get(panics)).layer(CatchPanicLayer::custom(super::answer));
        let Ok(response) = router.oneshot(Request::new(Body::empty())).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.starts_with(r#"{"error":"server_error","error_description":"#), "{body}");
        assert!(!body.contains("secret"));
    }
}
